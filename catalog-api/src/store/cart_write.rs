//! Changing carts. Adding is a guarded update or an insert against the unique key of shopper and SKU,
//! so that simultaneous calls lose no unit and make no second row.

use super::cart::{CartRow, Copied};
use sqlx::{MySqlConnection, MySqlPool, QueryBuilder};

/// Units one row holds at most.
pub const QUANTITY_MAX: i64 = 32_767;

/// Adds units to a shopper's row of a SKU, up to a bound; false when there is no such row or no room.
pub async fn add_units(db: &MySqlPool, user: u64, sku: u64, units: i64, bound: i64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update cart set quantity = quantity + ? where user_id = ? and sku_id = ? and quantity + ? <= ?",
    )
    .bind(units)
    .bind(user)
    .bind(sku)
    .bind(units)
    .bind(bound)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets the units of a shopper's row of a SKU; false when there is none.
pub async fn set_units(db: &MySqlPool, user: u64, sku: u64, units: i64) -> sqlx::Result<bool> {
    let done = sqlx::query("update cart set quantity = ? where user_id = ? and sku_id = ?")
        .bind(units)
        .bind(user)
        .bind(sku)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A new row.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct NewRow<'a> {
    pub user: u64,
    pub goods: u64,
    pub sku: u64,
    pub price_minor: i64,
    pub specifications: &'a str,
    pub units: i64,
    pub copied: &'a Copied,
}

/// Writes a row; nothing when somebody else has written one of this shopper and SKU meanwhile.
pub async fn insert(db: &MySqlPool, row: NewRow<'_>) -> sqlx::Result<Option<u64>> {
    let inserted = sqlx::query(
        "insert into cart (user_id, goods_id, sku_id, goods_sn, goods_name, price_minor, quantity, \
         specifications, pic_url) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(row.user)
    .bind(row.goods)
    .bind(row.sku)
    .bind(&row.copied.goods_sn)
    .bind(&row.copied.goods_name)
    .bind(row.price_minor)
    .bind(row.units)
    .bind(row.specifications)
    .bind(&row.copied.pic_url)
    .execute(db)
    .await;
    match inserted {
        Ok(done) => Ok(Some(done.last_insert_id())),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Checks or unchecks a shopper's rows of some SKUs.
pub async fn check(db: &MySqlPool, user: u64, skus: &[u64], checked: bool) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new("update cart set checked = ");
    query.push_bind(checked).push(" where user_id = ").push_bind(user);
    within(&mut query, "sku_id", skus);
    query.build().execute(db).await?;
    Ok(())
}

/// Takes a shopper's rows of some SKUs out.
pub async fn delete_skus(db: &MySqlPool, user: u64, skus: &[u64]) -> sqlx::Result<()> {
    let mut query = QueryBuilder::new("delete from cart where user_id = ");
    query.push_bind(user);
    within(&mut query, "sku_id", skus);
    query.build().execute(db).await?;
    Ok(())
}

/// Takes some of a shopper's rows out; how many there were.
pub async fn delete_rows(db: &mut MySqlConnection, user: u64, ids: &[u64]) -> sqlx::Result<u64> {
    let mut query = QueryBuilder::new("delete from cart where user_id = ");
    query.push_bind(user);
    within(&mut query, "id", ids);
    Ok(query.build().execute(db).await?.rows_affected())
}

fn within(query: &mut QueryBuilder<sqlx::MySql>, column: &'static str, ids: &[u64]) {
    query.push(" and ").push(column).push(" in (");
    super::push_ids(query, ids);
    query.push(")");
}

/// Takes out a shopper's rows whose goods or SKU cannot be bought any more.
pub async fn delete_off_shelf(db: &MySqlPool, user: u64) -> sqlx::Result<()> {
    sqlx::query(
        "delete from cart where user_id = ? and not exists (select 1 from sku s join goods g on g.id = s.goods_id \
         where s.id = cart.sku_id and s.deleted = false and g.deleted = false and g.on_sale = true)",
    )
    .bind(user)
    .execute(db)
    .await?;
    Ok(())
}

/// Copies goods and SKUs anew into every cart that holds them; called where goods are edited.
pub async fn refresh(db: &mut MySqlConnection, goods: u64) -> sqlx::Result<()> {
    sqlx::query(
        "update cart join sku s on s.id = cart.sku_id join goods g on g.id = s.goods_id \
         set cart.goods_sn = g.goods_sn, cart.goods_name = g.name, cart.price_minor = s.price_minor, \
         cart.pic_url = if(s.pic_url = '', g.pic_url, s.pic_url) where cart.goods_id = ?",
    )
    .bind(goods)
    .execute(db)
    .await?;
    Ok(())
}

/// Writes down that an order took these rows, for whoever follows the carts.
pub async fn record_ordered(
    db: &mut MySqlConnection,
    user: u64,
    order: u64,
    rows: &[CartRow],
) -> sqlx::Result<()> {
    let line = |row: &CartRow| serde_json::json!({ "skuId": row.sku_id, "goodsId": row.goods_id, "quantity": row.quantity });
    let lines = serde_json::Value::from_iter(rows.iter().map(line)).to_string();
    sqlx::query("insert into cart_event (order_id, user_id, cart_lines) values (?, ?, ?)")
        .bind(order)
        .bind(user)
        .bind(lines)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes some events older than a month; whether there may be more.
pub async fn delete_old_events(db: &mut MySqlConnection, limit: u32) -> sqlx::Result<bool> {
    let done =
        sqlx::query("delete from cart_event where added_at < date_sub(now(3), interval 30 day) limit ?")
            .bind(limit)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == u64::from(limit))
}
