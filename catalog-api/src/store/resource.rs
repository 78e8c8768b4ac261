//! The own stock of what a sale sells: units a sale holds have been taken out here, by a guarded update.

use contract::ledger::SaleKind;
use sqlx::{FromRow, MySqlConnection};

/// What a sale sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A SKU of some goods.
    Sku {
        /// Goods.
        goods: u64,
        /// SKU.
        sku: u64,
    },
    /// A coupon of flash-sale type.
    Coupon(u64),
    /// A ticket type.
    Ticket(u64),
}

impl Resource {
    /// The kind of sale it makes.
    pub fn kind(self) -> SaleKind {
        match self {
            Self::Sku { .. } => SaleKind::Goods,
            Self::Coupon(_) => SaleKind::Coupon,
            Self::Ticket(_) => SaleKind::Ticket,
        }
    }
}

/// Whether a SKU can be put on sale.
#[derive(Debug, FromRow)]
pub struct SkuState {
    /// Whose it is.
    pub goods_id: u64,
    /// Whether the goods are on the shelf.
    pub on_shelf: bool,
    /// Picture of the SKU or of the goods.
    pub pic_url: String,
}

/// Reads a SKU.
pub async fn sku(db: &mut MySqlConnection, sku: u64) -> sqlx::Result<Option<SkuState>> {
    sqlx::query_as(
        "select s.goods_id, g.on_sale and not g.deleted as on_shelf, \
         if(s.pic_url = '', g.pic_url, s.pic_url) as pic_url \
         from sku s join goods g on g.id = s.goods_id where s.id = ? and s.deleted = false",
    )
    .bind(sku)
    .fetch_optional(db)
    .await
}

/// Whether a coupon is of flash-sale type, usable and not expired; nothing when it is unknown.
pub async fn coupon_fits(db: &mut MySqlConnection, coupon: u64) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar(
        "select kind = 3 and status = 0 and not (time_kind = 1 and coalesce(ends_at <= now(3), false)) \
         from coupon where id = ? and deleted = false",
    )
    .bind(coupon)
    .fetch_optional(db)
    .await
}

/// Whether a ticket type's session is on and not past; nothing when it is unknown.
pub async fn ticket_fits(db: &mut MySqlConnection, ticket_type: u64) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar(
        "select f.is_on and not f.deleted and f.held_on >= curdate() \
         from ticket_type t join fishing_session f on f.id = t.fishing_session_id \
         where t.id = ? and t.deleted = false",
    )
    .bind(ticket_type)
    .fetch_optional(db)
    .await
}

/// Takes units out of the resource's own stock; false when there are not that many.
pub async fn take(db: &mut MySqlConnection, resource: Resource, units: i64) -> sqlx::Result<bool> {
    let (statement, id) = match resource {
        Resource::Sku { sku, .. } => {
            ("update sku set stock = stock - ? where id = ? and deleted = false and stock >= ?", sku)
        }
        Resource::Coupon(id) => {
            ("update coupon set stock = stock - ? where id = ? and deleted = false and stock >= ?", id)
        }
        Resource::Ticket(id) => {
            ("update ticket_type set stock = stock - ? where id = ? and deleted = false and stock >= ?", id)
        }
    };
    let done = sqlx::query(statement).bind(units).bind(id).bind(units).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Gives units back to the resource's own stock, whatever became of it.
pub async fn give_back(db: &mut MySqlConnection, resource: Resource, units: i64) -> sqlx::Result<()> {
    let (statement, id) = match resource {
        Resource::Sku { sku, .. } => ("update sku set stock = stock + ? where id = ?", sku),
        Resource::Coupon(id) => ("update coupon set stock = stock + ? where id = ?", id),
        Resource::Ticket(id) => ("update ticket_type set stock = stock + ? where id = ?", id),
    };
    sqlx::query(statement).bind(units).bind(id).execute(db).await?;
    Ok(())
}
