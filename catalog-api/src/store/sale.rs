//! Sales as they stand in the ledger. `sale_write` changes them.
//!
//! A sale with a pending `sale_delete` task counts as deleted here.

use super::resource::Resource;
use crate::error::Fault;
use crate::extract::listing::{Listing, Rows};
use chrono::NaiveDateTime;
use contract::ledger::{SaleKind, SaleState};
use sqlx::{FromRow, MySql, MySqlConnection, MySqlPool, QueryBuilder};

/// A row of `flash_sale`, with what its orders hold.
#[derive(Clone, Debug, FromRow)]
#[expect(missing_docs, reason = "the columns, explained in the migration")]
pub struct SaleRow {
    pub id: u64,
    pub name: String,
    pub kind: u8,
    pub goods_id: Option<u64>,
    pub sku_id: Option<u64>,
    pub coupon_id: Option<u64>,
    pub ticket_type_id: Option<u64>,
    pub pic_url: String,
    pub price_minor: i64,
    pub starts_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
    pub pay_within_s: u32,
    pub per_order_max: u32,
    pub per_user_max: u32,
    pub cooldown_s: u32,
    pub token_multiplier: u32,
    pub min_user_level: u8,
    pub state: u8,
    pub version: u32,
    pub put_on_sale: i64,
    pub free: i64,
    pub generation: u32,
    pub added_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// Units in unpaid and paid orders.
    pub sold: i64,
    /// Units in paid orders.
    pub paid: i64,
    /// Whether the window has begun, by the ledger's clock.
    pub has_begun: bool,
    /// Whether the window is over, by the ledger's clock.
    pub is_over: bool,
}

impl SaleRow {
    /// The state; an unknown number was written by nobody we know.
    pub fn state(&self) -> Result<SaleState, Fault> {
        SaleState::from_code(self.state).ok_or(Fault::Broken("a sale's state is unknown"))
    }

    /// The kind.
    pub fn kind(&self) -> Result<SaleKind, Fault> {
        SaleKind::from_code(self.kind).ok_or(Fault::Broken("a sale's kind is unknown"))
    }

    /// What it sells.
    pub fn resource(&self) -> Result<Resource, Fault> {
        let missing = Fault::Broken("a sale's resource is missing");
        match (self.kind()?, self.goods_id, self.sku_id, self.coupon_id, self.ticket_type_id) {
            (SaleKind::Goods, Some(goods), Some(sku), _, _) => Ok(Resource::Sku { goods, sku }),
            (SaleKind::Coupon, _, _, Some(coupon), _) => Ok(Resource::Coupon(coupon)),
            (SaleKind::Ticket, _, _, _, Some(ticket)) => Ok(Resource::Ticket(ticket)),
            _ => Err(missing),
        }
    }
}

macro_rules! select_sale {
    ($tail:literal) => {
        concat!(
            "select id, name, kind, goods_id, sku_id, coupon_id, ticket_type_id, pic_url, price_minor, \
             starts_at, ends_at, pay_within_s, per_order_max, per_user_max, cooldown_s, token_multiplier, \
             min_user_level, state, version, put_on_sale, free, generation, added_at, updated_at, \
             cast(coalesce((select sum(o.units) from flash_order o where o.sale_id = flash_sale.id \
             and o.state in (0, 1)), 0) as signed) as sold, \
             cast(coalesce((select sum(o.units) from flash_order o where o.sale_id = flash_sale.id \
             and o.state = 1), 0) as signed) as paid, \
             starts_at <= now(3) as has_begun, ends_at <= now(3) as is_over from flash_sale ",
            $tail
        )
    };
}

/// A sale that is not deleted.
pub async fn find(db: &MySqlPool, id: u64) -> sqlx::Result<Option<SaleRow>> {
    sqlx::query_as(select_sale!(
        "where id = ? and deleted = false and not exists (select 1 from due_task t \
         where t.kind = 'sale_delete' and t.subject_id = flash_sale.id)"
    ))
    .bind(id)
    .fetch_optional(db)
    .await
}

/// The same, inside a transaction, which has locked the row.
pub async fn find_locked(db: &mut MySqlConnection, id: u64) -> sqlx::Result<Option<SaleRow>> {
    sqlx::query_as(select_sale!(
        "where id = ? and deleted = false and not exists (select 1 from due_task t \
         where t.kind = 'sale_delete' and t.subject_id = flash_sale.id)"
    ))
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Locks the row of a sale against changes of its terms, state and units; false when there is none.
pub async fn lock(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    let locked: Option<u64> = sqlx::query_scalar("select id from flash_sale where id = ? for update")
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(locked.is_some())
}

/// What a list of sales may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Contained in the name, letter case ignored.
    pub name: Option<String>,
    /// Kind.
    pub kind: Option<SaleKind>,
    /// State.
    pub state: Option<SaleState>,
    /// Goods.
    pub goods_id: Option<u64>,
    /// The window ends at or after this.
    pub start: Option<NaiveDateTime>,
    /// The window begins at or before this.
    pub end: Option<NaiveDateTime>,
}

fn narrowed(select: &'static str, filter: &Filter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(select);
    query.push(
        "where deleted = false and not exists (select 1 from due_task t \
         where t.kind = 'sale_delete' and t.subject_id = flash_sale.id)",
    );
    if let Some(name) = &filter.name {
        query.push(" and name like ").push_bind(super::anywhere(name)).push(" escape '!'");
    }
    if let Some(kind) = filter.kind {
        query.push(" and kind = ").push_bind(kind.code());
    }
    if let Some(state) = filter.state {
        query.push(" and state = ").push_bind(state.code());
    }
    if let Some(goods) = filter.goods_id {
        query.push(" and goods_id = ").push_bind(goods);
    }
    if let Some(start) = filter.start {
        query.push(" and ends_at >= ").push_bind(start);
    }
    if let Some(end) = filter.end {
        query.push(" and starts_at <= ").push_bind(end);
    }
    query
}

/// How many sales match.
pub async fn count(db: &MySqlPool, filter: &Filter) -> sqlx::Result<i64> {
    narrowed("select count(*) from flash_sale ", filter).build_query_scalar().fetch_one(db).await
}

/// Some of the sales that match.
pub async fn list(
    db: &MySqlPool,
    filter: &Filter,
    listing: Listing,
    rows: Rows,
) -> sqlx::Result<Vec<SaleRow>> {
    let mut query = narrowed(select_sale!(""), filter);
    query.push(listing.order_by());
    query.push(" limit ").push_bind(rows.count).push(" offset ").push_bind(rows.offset);
    query.build_query_as().fetch_all(db).await
}

/// Whether a sale has a row for any order, whatever became of it.
pub async fn has_orders(db: &mut MySqlConnection, id: u64) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists(select 1 from flash_order where sale_id = ?)")
        .bind(id)
        .fetch_one(db)
        .await
}

/// The newest sale of a name.
pub async fn newest_of_name(db: &MySqlPool, name: &str) -> sqlx::Result<Option<u64>> {
    sqlx::query_scalar(
        "select id from flash_sale where name = ? and deleted = false order by id desc limit 1",
    )
    .bind(name)
    .fetch_optional(db)
    .await
}
