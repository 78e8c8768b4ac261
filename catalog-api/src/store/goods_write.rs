//! Changes of goods and of what belongs to them; the goods editor holds the transactions.

use super::goods::Goods;
use super::goods_part::Sku;
use sqlx::{MySqlConnection, QueryBuilder};

/// Whether goods on sale have this name; other goods than these.
pub async fn name_is_on_sale(db: &mut MySqlConnection, name: &str, but: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists(select 1 from goods where name = ? and on_sale = true and deleted = false and id <> ?)",
    )
    .bind(name)
    .bind(but)
    .fetch_one(db)
    .await
}

/// Adds goods; the retail price is the lowest of its SKUs.
pub async fn insert(db: &mut MySqlConnection, goods: &Goods, retail_price_minor: i64) -> sqlx::Result<u64> {
    let done = sqlx::query(
        "insert into goods (goods_sn, name, category_id, brand_id, gallery, keywords, brief, on_sale, sort_order, \
         pic_url, is_new, is_hot, unit, counter_price_minor, detail, retail_price_minor) \
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&goods.goods_sn)
    .bind(&goods.name)
    .bind(goods.category_id)
    .bind(goods.brand_id)
    .bind(&goods.gallery)
    .bind(&goods.keywords)
    .bind(&goods.brief)
    .bind(goods.on_sale)
    .bind(goods.sort_order)
    .bind(&goods.pic_url)
    .bind(goods.is_new)
    .bind(goods.is_hot)
    .bind(&goods.unit)
    .bind(goods.counter_price_minor)
    .bind(&goods.detail)
    .bind(retail_price_minor)
    .execute(db)
    .await?;
    Ok(done.last_insert_id())
}

/// Writes goods, one version on.
pub async fn update(
    db: &mut MySqlConnection,
    id: u64,
    goods: &Goods,
    retail_price_minor: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "update goods set goods_sn = ?, name = ?, category_id = ?, brand_id = ?, gallery = ?, keywords = ?, \
         brief = ?, on_sale = ?, sort_order = ?, pic_url = ?, is_new = ?, is_hot = ?, unit = ?, \
         counter_price_minor = ?, detail = ?, retail_price_minor = ?, version = version + 1, \
         updated_at = now(3) where id = ?",
    )
    .bind(&goods.goods_sn)
    .bind(&goods.name)
    .bind(goods.category_id)
    .bind(goods.brand_id)
    .bind(&goods.gallery)
    .bind(&goods.keywords)
    .bind(&goods.brief)
    .bind(goods.on_sale)
    .bind(goods.sort_order)
    .bind(&goods.pic_url)
    .bind(goods.is_new)
    .bind(goods.is_hot)
    .bind(&goods.unit)
    .bind(goods.counter_price_minor)
    .bind(&goods.detail)
    .bind(retail_price_minor)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// Adds SKUs; there is at least one.
pub async fn insert_skus(db: &mut MySqlConnection, goods: u64, skus: &[Sku]) -> sqlx::Result<()> {
    let mut query =
        QueryBuilder::new("insert into sku (goods_id, specifications, price_minor, stock, pic_url) ");
    query.push_values(skus, |mut row, sku| {
        row.push_bind(goods).push_bind(&sku.specifications).push_bind(sku.price_minor);
        row.push_bind(sku.stock).push_bind(&sku.pic_url);
    });
    query.build().execute(db).await?;
    Ok(())
}

/// Writes a SKU. Its stock is moved, not set, so that units which are sold meanwhile stay sold; the check
/// on the column refuses to go below nothing, so the caller looks first.
pub async fn update_sku(db: &mut MySqlConnection, id: u64, sku: &Sku, stock_delta: i64) -> sqlx::Result<()> {
    sqlx::query(
        "update sku set specifications = ?, price_minor = ?, pic_url = ?, stock = stock + ?, \
         updated_at = now(3) where id = ?",
    )
    .bind(&sku.specifications)
    .bind(sku.price_minor)
    .bind(&sku.pic_url)
    .bind(stock_delta)
    .bind(id)
    .execute(db)
    .await?;
    Ok(())
}

/// A new specification: name, value, picture.
pub type NewSpecification = (String, String, String);

/// Adds specifications.
pub async fn insert_specifications(
    db: &mut MySqlConnection,
    goods: u64,
    specifications: &[NewSpecification],
) -> sqlx::Result<()> {
    if specifications.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("insert into goods_specification (goods_id, name, value, pic_url) ");
    query.push_values(specifications, |mut row, (name, value, pic_url)| {
        row.push_bind(goods).push_bind(name).push_bind(value).push_bind(pic_url);
    });
    query.build().execute(db).await?;
    Ok(())
}

/// Gives a specification of these goods a picture; false when it is not theirs.
pub async fn set_specification_picture(
    db: &mut MySqlConnection,
    goods: u64,
    id: u64,
    pic_url: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update goods_specification set pic_url = ?, updated_at = now(3) \
         where id = ? and goods_id = ? and deleted = false",
    )
    .bind(pic_url)
    .bind(id)
    .bind(goods)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds attributes: name and value.
pub async fn insert_attributes(
    db: &mut MySqlConnection,
    goods: u64,
    attributes: &[(String, String)],
) -> sqlx::Result<()> {
    if attributes.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("insert into goods_attribute (goods_id, name, value) ");
    query.push_values(attributes, |mut row, (name, value)| {
        row.push_bind(goods).push_bind(name).push_bind(value);
    });
    query.build().execute(db).await?;
    Ok(())
}

/// Writes an attribute of these goods; false when it is not theirs.
pub async fn update_attribute(
    db: &mut MySqlConnection,
    goods: u64,
    id: u64,
    name: &str,
    value: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update goods_attribute set name = ?, value = ?, updated_at = now(3) \
         where id = ? and goods_id = ? and deleted = false",
    )
    .bind(name)
    .bind(value)
    .bind(id)
    .bind(goods)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes an attribute of these goods away.
pub async fn delete_attribute(db: &mut MySqlConnection, goods: u64, id: u64) -> sqlx::Result<()> {
    sqlx::query("update goods_attribute set deleted = true where id = ? and goods_id = ?")
        .bind(id)
        .bind(goods)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes goods away.
pub async fn delete(db: &mut MySqlConnection, id: u64) -> sqlx::Result<()> {
    sqlx::query("update goods set deleted = true, version = version + 1 where id = ?")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes the SKUs of goods away.
pub async fn delete_skus(db: &mut MySqlConnection, goods: u64) -> sqlx::Result<()> {
    sqlx::query("update sku set deleted = true where goods_id = ?").bind(goods).execute(db).await?;
    Ok(())
}

/// Takes the specifications of goods away.
pub async fn delete_specifications(db: &mut MySqlConnection, goods: u64) -> sqlx::Result<()> {
    sqlx::query("update goods_specification set deleted = true where goods_id = ?")
        .bind(goods)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes the attributes of goods away.
pub async fn delete_attributes(db: &mut MySqlConnection, goods: u64) -> sqlx::Result<()> {
    sqlx::query("update goods_attribute set deleted = true where goods_id = ?")
        .bind(goods)
        .execute(db)
        .await?;
    Ok(())
}
