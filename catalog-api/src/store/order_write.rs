//! Writing orders, beside the transitions of `order_state`.

use sqlx::{MySqlConnection, QueryBuilder};

/// An order to be written down, unpaid.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct NewOrder<'a> {
    pub user_id: u64,
    /// What it sells: 0 goods, 1 coupon, 2 ticket, 3 booking.
    pub kind: u8,
    pub consignee: &'a str,
    pub mobile: &'a str,
    pub address: &'a str,
    pub message: &'a str,
    /// Goods total after what the group takes off.
    pub goods_minor: i64,
    pub freight_minor: i64,
    pub coupon_minor: i64,
    /// What the group takes off each unit.
    pub groupon_minor: i64,
    /// What is to be paid.
    pub actual_minor: i64,
    /// How long there is to pay.
    pub pay_within_s: u32,
}

/// A line of an order to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct NewLine<'a> {
    pub goods_id: u64,
    pub goods_name: &'a str,
    pub goods_sn: &'a str,
    pub sku_id: u64,
    pub quantity: i32,
    pub price_minor: i64,
    /// A JSON array of text.
    pub specifications: &'a str,
    pub pic_url: &'a str,
}

/// Inserts an order; nothing when the number is taken.
pub async fn insert(
    db: &mut MySqlConnection,
    order_sn: &str,
    order: &NewOrder<'_>,
) -> sqlx::Result<Option<u64>> {
    let inserted = sqlx::query(
        "insert into orders (user_id, order_sn, kind, status, consignee, mobile, address, message, goods_minor, \
         freight_minor, coupon_minor, groupon_minor, order_minor, actual_minor, pay_by) \
         values (?, ?, ?, 101, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, date_add(now(3), interval ? second))",
    )
    .bind(order.user_id)
    .bind(order_sn)
    .bind(order.kind)
    .bind(order.consignee)
    .bind(order.mobile)
    .bind(order.address)
    .bind(order.message)
    .bind(order.goods_minor)
    .bind(order.freight_minor)
    .bind(order.coupon_minor)
    .bind(order.groupon_minor)
    .bind(order.actual_minor)
    .bind(order.actual_minor)
    .bind(order.pay_within_s)
    .execute(db)
    .await;
    match inserted {
        Ok(done) => Ok(Some(done.last_insert_id())),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Inserts the lines of an order.
pub async fn insert_lines(db: &mut MySqlConnection, order: u64, lines: &[NewLine<'_>]) -> sqlx::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new(
        "insert into order_goods (order_id, goods_id, goods_name, goods_sn, sku_id, quantity, price_minor, \
         specifications, pic_url) ",
    );
    query.push_values(lines, |mut row, line| {
        row.push_bind(order)
            .push_bind(line.goods_id)
            .push_bind(line.goods_name)
            .push_bind(line.goods_sn)
            .push_bind(line.sku_id)
            .push_bind(line.quantity)
            .push_bind(line.price_minor)
            .push_bind(line.specifications)
            .push_bind(line.pic_url);
    });
    query.build().execute(db).await?;
    Ok(())
}

/// Hides an order from its owner and from staff.
pub async fn delete(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update orders set deleted = true where id = ?").bind(order).execute(db).await?;
    Ok(())
}

/// Hides the lines of an order.
pub async fn delete_lines(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update order_goods set deleted = true where order_id = ?").bind(order).execute(db).await?;
    Ok(())
}

/// The state of the order's after-sale, repeated on the order.
pub async fn set_aftersale_status(db: &mut MySqlConnection, order: u64, status: u8) -> sqlx::Result<()> {
    sqlx::query("update orders set aftersale_status = ? where id = ?")
        .bind(status)
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// A line was reviewed with this comment; false when it was before, or its time is over.
pub async fn line_reviewed(db: &mut MySqlConnection, line: u64, comment: u64) -> sqlx::Result<bool> {
    let done = sqlx::query("update order_goods set comment_id = ? where id = ? and comment_id = 0")
        .bind(comment)
        .bind(line)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// One line less waits for a review.
pub async fn one_review_less(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update orders set comments = comments - 1 where id = ? and comments > 0")
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// Nothing of the order can be reviewed any more; what was reviewed stays so.
pub async fn end_reviews(db: &mut MySqlConnection, order: u64) -> sqlx::Result<()> {
    sqlx::query("update orders set comments = 0 where id = ?").bind(order).execute(&mut *db).await?;
    sqlx::query("update order_goods set comment_id = -1 where order_id = ? and comment_id = 0")
        .bind(order)
        .execute(db)
        .await?;
    Ok(())
}

/// What staff change of an order.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct Edited<'a> {
    pub consignee: &'a str,
    pub mobile: &'a str,
    pub address: &'a str,
    pub message: &'a str,
    pub actual_minor: i64,
}

/// Changes an order that is still in this state and was last changed in this second, shown as
/// `yyyy-MM-dd HH:mm:ss` in UTC; false when it is not. The time of change moves to another second, so
/// that two edits are told apart by what people see.
pub async fn edit(
    db: &mut MySqlConnection,
    order: u64,
    status: u16,
    updated_at: &str,
    edited: &Edited<'_>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update orders set consignee = ?, mobile = ?, address = ?, message = ?, actual_minor = ?, \
         order_minor = actual_minor + integral_minor, \
         updated_at = greatest(now(3), date_add(updated_at, interval 1 second)) \
         where id = ? and status = ? and deleted = false \
         and date_format(updated_at, '%Y-%m-%d %H:%i:%s') = ?",
    )
    .bind(edited.consignee)
    .bind(edited.mobile)
    .bind(edited.address)
    .bind(edited.message)
    .bind(edited.actual_minor)
    .bind(order)
    .bind(status)
    .bind(updated_at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
