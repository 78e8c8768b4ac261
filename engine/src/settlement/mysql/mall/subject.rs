//! What a sale sells, as its orders show it.

use crate::settlement::mysql::facts::LockedSale;
use crate::settlement::mysql::failure::Failure;
use contract::ledger::SaleKind;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Row as _, query};
use std::time::Duration;

/// What a sale sells.
#[derive(Debug, Default)]
pub(super) struct Subject {
    /// Goods, 0 for coupons and tickets.
    pub(super) goods_id: u64,
    /// SKU, 0 for coupons and tickets.
    pub(super) sku_id: u64,
    /// Coupon, 0 for others.
    pub(super) coupon_id: u64,
    /// Ticket type, 0 for others.
    pub(super) ticket_type_id: u64,
    /// Name on the order's line.
    pub(super) name: String,
    /// Article number.
    pub(super) sn: String,
    /// Specifications of the SKU, a JSON list.
    pub(super) specifications: String,
    /// Picture.
    pub(super) pic_url: String,
    /// From when to when a coupon granted now can be used.
    pub(super) valid: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
}

/// Reads it.
pub(super) async fn find(
    connection: &mut MySqlConnection,
    kind: SaleKind,
    sale: &LockedSale,
) -> Result<Subject, Failure> {
    let found = match kind {
        SaleKind::Goods => goods(connection, sale).await?,
        SaleKind::Coupon => coupon(connection, sale).await?,
        SaleKind::Ticket => ticket(connection, sale).await?,
    };
    found.ok_or(Failure::Broken("what the sale sells is not in the ledger"))
}

async fn goods(connection: &mut MySqlConnection, sale: &LockedSale) -> Result<Option<Subject>, Failure> {
    let row = query(
        "select g.id, g.name, g.goods_sn, cast(s.specifications as char) as specifications,
            if(s.pic_url = '', g.pic_url, s.pic_url) as pic_url
        from sku s join goods g on g.id = s.goods_id where s.id = ?",
    )
    .bind(sale.sku_id)
    .fetch_optional(connection)
    .await?;
    let read = |row: &MySqlRow| -> Result<Subject, Failure> {
        Ok(Subject {
            goods_id: row.try_get("id")?,
            sku_id: sale.sku_id,
            name: row.try_get("name")?,
            sn: row.try_get("goods_sn")?,
            specifications: row.try_get("specifications")?,
            pic_url: row.try_get("pic_url")?,
            ..Subject::default()
        })
    };
    row.as_ref().map(read).transpose()
}

async fn coupon(connection: &mut MySqlConnection, sale: &LockedSale) -> Result<Option<Subject>, Failure> {
    let row = query("select name, time_kind, days, starts_at, ends_at from coupon where id = ?")
        .bind(sale.coupon_id)
        .fetch_optional(connection)
        .await?;
    let read = |row: &MySqlRow| -> Result<Subject, Failure> {
        let days = Duration::from_secs(u64::from(row.try_get::<u16, _>("days")?) * 24 * 60 * 60);
        let valid = match row.try_get::<u8, _>("time_kind")? {
            0 => (Some(sale.now), Some(sale.now + days)),
            _ => (row.try_get("starts_at")?, row.try_get("ends_at")?),
        };
        Ok(Subject {
            coupon_id: sale.coupon_id,
            name: row.try_get("name")?,
            specifications: "[]".to_owned(),
            valid,
            ..Subject::default()
        })
    };
    row.as_ref().map(read).transpose()
}

async fn ticket(connection: &mut MySqlConnection, sale: &LockedSale) -> Result<Option<Subject>, Failure> {
    let row = query(
        "select concat(f.name, ' ', t.name) as name, f.pic_url
        from ticket_type t join fishing_session f on f.id = t.fishing_session_id where t.id = ?",
    )
    .bind(sale.ticket_type_id)
    .fetch_optional(connection)
    .await?;
    let read = |row: &MySqlRow| -> Result<Subject, Failure> {
        Ok(Subject {
            ticket_type_id: sale.ticket_type_id,
            name: row.try_get("name")?,
            specifications: "[]".to_owned(),
            pic_url: row.try_get("pic_url")?,
            ..Subject::default()
        })
    };
    row.as_ref().map(read).transpose()
}
