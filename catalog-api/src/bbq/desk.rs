//! What staff do with stands. The stand's row is taken whole, which waits for bookings under way.

use super::input::{Edit, SlotEdit, Whole};
use crate::audit;
use crate::calendar;
use crate::error::{BOOKINGS_LIVE, Failure, Fault, Refusal, UPDATE_FAILED};
use crate::state::App;
use crate::store::bbq::{self, Stand, booking};
use crate::store::retrying;
use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::MySqlConnection;

/// A new stand.
pub async fn create(app: &App, edit: &Edit) -> Result<u64, Failure> {
    let whole = edit.new_stand()?;
    let mut tx = app.db.begin().await?;
    let id = bbq::insert(&mut tx, &columns(&whole)).await?;
    for slot in edit.slots.iter().flatten() {
        bbq::insert_slot(&mut tx, id, slot.from, slot.to).await?;
    }
    let after = shown(&mut tx, id).await?;
    audit::record(&mut tx, &json!({ "after": after })).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes a stand, and its slots where they are sent.
pub async fn update(app: &App, id: u64, edit: &Edit) -> Result<(), Failure> {
    let today = calendar::now(app.zone).date();
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let row = bbq::lock(&mut tx, id).await?.ok_or(UPDATE_FAILED)?;
        let before = shown(&mut tx, id).await?;
        bbq::update(&mut tx, id, &columns(&edit.on(&row))).await?;
        if let Some(slots) = &edit.slots {
            change_slots(&mut tx, id, slots, today).await?;
        }
        let after = shown(&mut tx, id).await?;
        audit::record(&mut tx, &json!({ "before": before, "after": after })).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Takes a stand away that nobody has booked; one that is not there is gone already.
pub async fn delete(app: &App, id: u64) -> Result<(), Failure> {
    let today = calendar::now(app.zone).date();
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        if bbq::lock(&mut tx, id).await?.is_none() {
            return Ok(());
        }
        if !booking::slots_in_use(&mut tx, id, today).await?.is_empty() {
            return Err(BOOKINGS_LIVE.into());
        }
        let before = shown(&mut tx, id).await?;
        bbq::delete(&mut tx, id).await?;
        audit::record(&mut tx, &json!({ "before": before })).await?;
        Ok(tx.commit().await?)
    })
    .await
}

fn columns(whole: &Whole) -> Stand<'_> {
    Stand {
        name: &whole.name,
        pic_url: &whole.pic_url,
        capacity: whole.capacity,
        price_minor: whole.price_minor,
        is_on: whole.is_on,
    }
}

/// Slots with a known id are moved, those without an id are added, those not named are removed. A slot
/// somebody has booked stays as it is.
async fn change_slots(
    db: &mut MySqlConnection,
    stand: u64,
    edits: &[SlotEdit],
    today: NaiveDate,
) -> Result<(), Failure> {
    let known = bbq::slots(&mut *db, &[stand]).await?;
    let booked = booking::slots_in_use(db, stand, today).await?;
    for row in &known {
        let edit = edits.iter().find(|edit| edit.id == Some(row.id));
        let moved = edit.is_none_or(|edit| (edit.from, edit.to) != (row.starts_at, row.ends_at));
        if moved && booked.contains(&row.id) {
            return Err(BOOKINGS_LIVE.into());
        }
        match edit {
            None => bbq::delete_slot(db, row.id).await?,
            Some(edit) if moved => bbq::update_slot(db, row.id, edit.from, edit.to).await?,
            Some(_) => {}
        }
    }
    for edit in edits {
        match edit.id {
            None => bbq::insert_slot(db, stand, edit.from, edit.to).await?,
            Some(id) if known.iter().any(|row| row.id == id) => {}
            Some(_) => return Err(Refusal::wrong_because("slots", "has an unknown id").into()),
        }
    }
    Ok(())
}

/// What the operation log keeps of a stand.
async fn shown(db: &mut MySqlConnection, id: u64) -> Result<Value, Failure> {
    let row = bbq::lock(&mut *db, id).await?.ok_or(Fault::Broken("a locked stand is gone"))?;
    let slots = bbq::slots(&mut *db, &[id]).await?;
    let slots: Vec<Value> = slots
        .iter()
        .map(|slot| {
            json!({ "id": slot.id, "from": slot.starts_at.to_string(), "to": slot.ends_at.to_string() })
        })
        .collect();
    Ok(json!({
        "id": row.id, "name": row.name, "pic_url": row.pic_url, "capacity": row.capacity,
        "price_minor": row.price_minor, "is_on": row.is_on, "slots": slots,
    }))
}
