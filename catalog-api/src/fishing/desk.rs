//! What staff do with sessions. The session's row is locked first, then its kinds of tickets, so that
//! nobody buys between the look and the change.

use super::input::{Edit, TypeEdit, Whole};
use crate::audit;
use crate::error::{Failure, Fault, Refusal, TICKETS_LIVE, TICKETS_SOLD, UPDATE_FAILED};
use crate::state::App;
use crate::store::fishing::{self, Session, SessionRow, TypeRow};
use crate::store::retrying;
use serde_json::{Value, json};
use sqlx::MySqlConnection;

/// Tickets one shopper may hold when nobody says how many.
const PER_USER_LIMIT: i64 = 1;

/// A new session.
pub async fn create(app: &App, edit: &Edit) -> Result<u64, Failure> {
    let whole = edit.new_session()?;
    let mut tx = app.db.begin().await?;
    let id = fishing::insert(&mut tx, &columns(&whole)).await?;
    for ticket_type in edit.ticket_types.iter().flatten() {
        add_type(&mut tx, id, ticket_type).await?;
    }
    let after = shown(&mut tx, id).await?;
    audit::record(&mut tx, &json!({ "after": after })).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes a session, and its kinds of tickets where they are sent.
pub async fn update(app: &App, id: u64, edit: &Edit) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let row = fishing::lock(&mut tx, id).await?.ok_or(UPDATE_FAILED)?;
        fishing::lock_types(&mut tx, id).await?;
        let before = shown(&mut tx, id).await?;
        fishing::update(&mut tx, id, &columns(&edit.on(&row)?)).await?;
        if let Some(types) = &edit.ticket_types {
            change_types(&mut tx, id, types).await?;
        }
        let after = shown(&mut tx, id).await?;
        audit::record(&mut tx, &json!({ "before": before, "after": after })).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Takes a session away that nobody holds a ticket of; one that is not there is gone already.
pub async fn delete(app: &App, id: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        if fishing::lock(&mut tx, id).await?.is_none() {
            return Ok(());
        }
        fishing::lock_types(&mut tx, id).await?;
        let before = shown(&mut tx, id).await?;
        for ticket_type in fishing::types(&mut *tx, &[id]).await? {
            if fishing::is_in_use(&mut tx, ticket_type.id).await? {
                return Err(TICKETS_LIVE.into());
            }
        }
        fishing::delete(&mut tx, id).await?;
        audit::record(&mut tx, &json!({ "before": before })).await?;
        Ok(tx.commit().await?)
    })
    .await
}

fn columns(whole: &Whole) -> Session<'_> {
    Session {
        name: &whole.name,
        place: &whole.place,
        pic_url: &whole.pic_url,
        held_on: whole.date,
        starts_at: whole.starts_at,
        ends_at: whole.ends_at,
        is_on: whole.is_on,
    }
}

/// Kinds with a known id are changed, those without an id are added, those not named are removed.
async fn change_types(db: &mut MySqlConnection, session: u64, edits: &[TypeEdit]) -> Result<(), Failure> {
    let known = fishing::types(&mut *db, &[session]).await?;
    for edit in edits {
        match edit.id {
            None => add_type(db, session, edit).await?,
            Some(id) => {
                let row = known.iter().find(|row| row.id == id);
                let row = row.ok_or_else(|| Refusal::wrong_because("ticketTypes", "has an unknown id"))?;
                change_type(db, row, edit).await?;
            }
        }
    }
    for row in &known {
        if edits.iter().any(|edit| edit.id == Some(row.id)) {
            continue;
        }
        if fishing::is_in_use(db, row.id).await? {
            return Err(TICKETS_LIVE.into());
        }
        fishing::delete_type(db, row.id).await?;
    }
    Ok(())
}

async fn add_type(db: &mut MySqlConnection, session: u64, edit: &TypeEdit) -> Result<(), Failure> {
    let name = edit.name.as_deref().ok_or_else(|| Refusal::missing("name of a ticket type"))?;
    let price = edit.price_minor.ok_or_else(|| Refusal::missing("price"))?;
    let units = edit.units.ok_or_else(|| Refusal::missing("stock"))?;
    let limit = edit.per_user_limit.unwrap_or(PER_USER_LIMIT);
    fishing::insert_type(db, session, name, price, units, limit).await?;
    Ok(())
}

async fn change_type(db: &mut MySqlConnection, row: &TypeRow, edit: &TypeEdit) -> Result<(), Failure> {
    let name = edit.name.as_deref().unwrap_or(&row.name);
    let price = edit.price_minor.unwrap_or(row.price_minor);
    let limit = edit.per_user_limit.unwrap_or(row.per_user_limit.into());
    // The difference, so that what is sold or held by a flash sale does not have to be known exactly.
    let delta = edit.units.map_or(0, |units| units - row.units);
    if fishing::update_type(db, row.id, name, price, delta, limit).await? {
        Ok(())
    } else {
        Err(TICKETS_SOLD.into())
    }
}

/// What the operation log keeps of a session.
async fn shown(db: &mut MySqlConnection, id: u64) -> Result<Value, Failure> {
    let row: SessionRow =
        fishing::lock(&mut *db, id).await?.ok_or(Fault::Broken("a locked session is gone"))?;
    let types = fishing::types(&mut *db, &[id]).await?;
    let types: Vec<Value> = types
        .iter()
        .map(|row| {
            json!({
                "id": row.id, "name": row.name, "price_minor": row.price_minor, "units": row.units,
                "remaining": row.remaining, "per_user_limit": row.per_user_limit,
            })
        })
        .collect();
    Ok(json!({
        "id": row.id, "name": row.name, "place": row.place, "held_on": row.held_on.to_string(),
        "starts_at": row.starts_at.to_string(), "ends_at": row.ends_at.to_string(), "is_on": row.is_on,
        "ticket_types": types,
    }))
}
