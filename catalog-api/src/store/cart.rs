//! Carts, as they are read. `cart_write` changes them. The owner stands in every statement.

use crate::pricing::Line;
use chrono::NaiveDateTime;
use sqlx::{Executor, FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `cart`.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct CartRow {
    pub id: u64,
    pub user_id: u64,
    pub goods_id: u64,
    pub goods_sn: String,
    pub goods_name: String,
    pub sku_id: u64,
    pub price_minor: i64,
    pub quantity: i32,
    /// A JSON array of text.
    pub specifications: String,
    pub checked: bool,
    pub pic_url: String,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl CartRow {
    /// As the price calculation wants it.
    pub fn line(&self, category_id: u64) -> Line {
        Line { goods_id: self.goods_id, category_id, price_minor: self.price_minor, quantity: self.quantity }
    }
}

/// What the shelf says of a SKU that lies in a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Shelf {
    /// The SKU.
    pub sku_id: u64,
    /// Category of its goods.
    pub category_id: u64,
    /// Whether it can be bought at all.
    pub on_shelf: bool,
    /// Units there are.
    pub stock: i32,
}

/// What is copied into a cart row.
#[derive(Clone, Debug, FromRow)]
pub struct Copied {
    /// Number of the goods.
    pub goods_sn: String,
    /// Name of the goods.
    pub goods_name: String,
    /// Whether the goods can be bought.
    pub on_shelf: bool,
    /// The SKU's copy; nothing when the SKU is not one of these goods.
    pub sku_id: Option<u64>,
    /// Price of the SKU.
    pub price_minor: Option<i64>,
    /// Units there are.
    pub stock: Option<i32>,
    /// A JSON array of text.
    pub specifications: Option<String>,
    /// Picture of the SKU or of the goods.
    pub pic_url: String,
}

macro_rules! select_cart {
    ($tail:literal) => {
        concat!(
            "select id, user_id, goods_id, goods_sn, goods_name, sku_id, price_minor, quantity, \
             cast(specifications as char) as specifications, checked, pic_url, added_at, updated_at from cart ",
            $tail
        )
    };
}

/// The whole cart of a shopper.
pub async fn list(db: &MySqlPool, user: u64) -> sqlx::Result<Vec<CartRow>> {
    sqlx::query_as(select_cart!("where user_id = ? order by id")).bind(user).fetch_all(db).await
}

/// One row of a shopper.
pub async fn find(db: &MySqlPool, user: u64, id: u64) -> sqlx::Result<Option<CartRow>> {
    sqlx::query_as(select_cart!("where user_id = ? and id = ?")).bind(user).bind(id).fetch_optional(db).await
}

/// The rows of a shopper that are checked.
pub async fn checked(db: &MySqlPool, user: u64) -> sqlx::Result<Vec<CartRow>> {
    sqlx::query_as(select_cart!("where user_id = ? and checked = true order by id"))
        .bind(user)
        .fetch_all(db)
        .await
}

/// The same, locked until the transaction ends, so that a second order finds them gone.
pub async fn lock_checked(db: &mut MySqlConnection, user: u64) -> sqlx::Result<Vec<CartRow>> {
    sqlx::query_as(select_cart!("where user_id = ? and checked = true order by id for update"))
        .bind(user)
        .fetch_all(db)
        .await
}

/// One row of a shopper, locked.
pub async fn lock_one(db: &mut MySqlConnection, user: u64, id: u64) -> sqlx::Result<Vec<CartRow>> {
    sqlx::query_as(select_cart!("where user_id = ? and id = ? for update"))
        .bind(user)
        .bind(id)
        .fetch_all(db)
        .await
}

/// What the shelf says of some SKUs; one that is unknown is left out.
pub async fn shelf<'c>(db: impl Executor<'c, Database = MySql>, skus: &[u64]) -> sqlx::Result<Vec<Shelf>> {
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new(
        "select s.id as sku_id, g.category_id, s.stock, \
         g.on_sale and not g.deleted and not s.deleted as on_shelf \
         from sku s join goods g on g.id = s.goods_id where s.id in (",
    );
    let mut ids = query.separated(", ");
    for sku in skus {
        ids.push_bind(sku);
    }
    query.push(")");
    query.build_query_as().fetch_all(db).await
}

/// What is copied into a cart row of some goods and one of their SKUs; nothing for unknown goods.
pub async fn copied(db: &MySqlPool, goods: u64, sku: u64) -> sqlx::Result<Option<Copied>> {
    sqlx::query_as(
        "select g.goods_sn, g.name as goods_name, g.on_sale as on_shelf, s.id as sku_id, s.price_minor, s.stock, \
         cast(s.specifications as char) as specifications, \
         if(coalesce(s.pic_url, '') = '', g.pic_url, s.pic_url) as pic_url \
         from goods g left join sku s on s.goods_id = g.id and s.id = ? and s.deleted = false \
         where g.id = ? and g.deleted = false",
    )
    .bind(sku)
    .bind(goods)
    .fetch_optional(db)
    .await
}

/// The id of a shopper's row of a SKU.
pub async fn row_of(db: &MySqlPool, user: u64, sku: u64) -> sqlx::Result<Option<u64>> {
    sqlx::query_scalar("select id from cart where user_id = ? and sku_id = ?")
        .bind(user)
        .bind(sku)
        .fetch_optional(db)
        .await
}

/// Rows in a shopper's cart.
pub async fn rows(db: &MySqlPool, user: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from cart where user_id = ?").bind(user).fetch_one(db).await
}

/// Units in a shopper's cart.
pub async fn units(db: &MySqlPool, user: u64) -> sqlx::Result<i64> {
    sqlx::query_scalar("select cast(coalesce(sum(quantity), 0) as signed) from cart where user_id = ?")
        .bind(user)
        .fetch_one(db)
        .await
}
