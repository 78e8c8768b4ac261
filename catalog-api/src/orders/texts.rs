//! Texts to the recipient of an order, promised in the transaction that makes them true. Without a
//! provider, or for a number that is no mobile, nothing is promised: it could never be kept.

use crate::provider::sms::{Message, is_mobile};
use crate::state::App;
use crate::store::order_state::Locked;
use crate::store::sms_outbox;
use sqlx::MySqlConnection;

/// The order was paid.
pub async fn paid(app: &App, db: &mut MySqlConnection, order: &Locked) -> sqlx::Result<()> {
    promise(app, db, order, Message::paid(&order.mobile, &order.order_sn)).await
}

/// The order is on its way.
pub async fn shipped(
    app: &App,
    db: &mut MySqlConnection,
    order: &Locked,
    channel: &str,
    number: &str,
) -> sqlx::Result<()> {
    promise(app, db, order, Message::shipped(&order.mobile, channel, number)).await
}

/// The order's money is back.
pub async fn refunded(app: &App, db: &mut MySqlConnection, order: &Locked) -> sqlx::Result<()> {
    promise(app, db, order, Message::refunded(&order.mobile, &order.order_sn)).await
}

async fn promise(app: &App, db: &mut MySqlConnection, order: &Locked, message: Message) -> sqlx::Result<()> {
    if app.sms.is_none() || !is_mobile(&order.mobile) {
        return Ok(());
    }
    sms_outbox::promise(db, &message, "order", order.id).await
}
