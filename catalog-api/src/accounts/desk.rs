//! What staff do to a shopper's account: change it, ban it, delete it with what it says of a person.
//!
//! Orders keep the name and address they were sent to: they are the shop's books.

use crate::audit;
use crate::error::{Failure, MOBILE_TAKEN, UNFINISHED_ORDERS};
use crate::random::hex_128;
use crate::state::App;
use crate::store::shopper_desk::{self, Edit, ShopperRow};
use crate::store::violates;
use contract::session::Audience;
use serde_json::{Value, json};

/// Changes an account; how many rows that were. A ban and another level end the account's sessions, which
/// carry the level.
pub async fn edit(app: &App, id: u64, edit: &Edit) -> Result<u64, Failure> {
    let mut tx = app.db.begin().await?;
    let Some(before) = shopper_desk::lock(&mut tx, id).await? else { return Ok(0) };
    let rows = shopper_desk::edit(&mut tx, id, edit).await;
    let rows = rows.map_err(|error| match violates(&error, "shopper_live_mobile") {
        true => Failure::from(MOBILE_TAKEN),
        false => error.into(),
    })?;
    let after = shopper_desk::lock(&mut tx, id).await?;
    let changes = json!({ "before": shown(&before), "after": after.as_ref().map(shown) });
    audit::record(&mut tx, &changes).await?;
    tx.commit().await?;
    let banned = edit.status.is_some_and(|status| status != 0 && status != before.status);
    let moved = edit.level.is_some_and(|level| level != before.level);
    if banned || moved {
        app.sessions.end_all(&app.redis, Audience::Shop, id).await?;
    }
    Ok(rows)
}

fn shown(row: &ShopperRow) -> Value {
    json!({
        "id": row.id, "nickname": row.nickname, "mobile": row.mobile, "gender": row.gender,
        "userLevel": row.level, "status": row.status,
    })
}

/// Deletes an account; one that is not there is deleted already. 689 while it has unfinished orders.
pub async fn delete(app: &App, id: u64) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    let Some(before) = shopper_desk::lock(&mut tx, id).await? else { return Ok(()) };
    if shopper_desk::has_unfinished_orders(&mut tx, id).await? {
        return Err(UNFINISHED_ORDERS.into());
    }
    let new_name = format!("deleted-{id}-{}", hex_128());
    shopper_desk::forget(&mut tx, id, &new_name[..new_name.len().min(63)]).await?;
    shopper_desk::forget_addresses(&mut tx, id).await?;
    shopper_desk::forget_feedback(&mut tx, id).await?;
    shopper_desk::forget_searches(&mut tx, id).await?;
    shopper_desk::forget_footprints(&mut tx, id).await?;
    // What the log says of a deleted person is the number and nothing else.
    audit::record(&mut tx, &json!({ "deleted": before.id })).await?;
    tx.commit().await?;
    app.sessions.end_all(&app.redis, Audience::Shop, id).await
}
