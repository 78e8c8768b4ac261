//! Changing a sale. Terms are versioned: whoever read an old version is refused. Units are not terms:
//! a change of them is a row the engine books, at the desk and in the ledger in the right order.

use super::input::{Edit, UNITS_MAX, terms_of};
use super::{Scope, in_scope, locked, logged};
use crate::audit;
use crate::envelope::{Answer, Reply};
use crate::error::{CHANGED_MEANWHILE, Failure, Refusal, TOO_LITTLE_FREE, TOO_LITTLE_STOCK};
use crate::routes::admin::sale::Sale;
use crate::state::App;
use crate::store::sale::SaleRow;
use crate::store::sale_write::Terms;
use crate::store::{resource, retrying, sale, sale_write};
use contract::ledger::SaleState;
use serde_json::json;
use sqlx::MySqlConnection;

/// Changes what differs from the sale as it is.
pub async fn update(
    app: &App,
    scope: Scope,
    id: u64,
    version: u64,
    edit: Edit,
    asked_by: &str,
) -> Answer<Sale> {
    let delta = edit.stock_delta.unwrap_or(0);
    if !(-UNITS_MAX..=UNITS_MAX).contains(&delta) {
        return Err(Refusal::wrong("stockDelta").into());
    }
    let after = retrying(|| async {
        let mut tx = app.db.begin().await?;
        let before = locked(&mut tx, scope, id).await?;
        if u64::from(before.version) != version {
            return Err(CHANGED_MEANWHILE.into());
        }
        let old = terms_of(&before);
        let edit = keep_shown_times(app, &before, edit.clone());
        let new = edit.applied_to(&old)?;
        if let Some(member) = first_forbidden(before.state()?, &old, &new, delta) {
            return Err(Refusal::not_changeable(member).into());
        }
        if new == old && delta == 0 {
            return Ok::<_, Failure>(before);
        }
        if delta != 0 {
            move_units(&mut tx, &before, delta, asked_by).await?;
        }
        if !sale_write::set_terms(&mut tx, id, before.version, &new).await? {
            return Err(CHANGED_MEANWHILE.into());
        }
        // Read under the lock: the answer and the log tell of this change, not of the next one.
        let after = in_scope(sale::find_locked(&mut tx, id).await?, scope)?;
        let changes = json!({ "before": logged(&before), "after": logged(&after), "stock_delta": delta });
        audit::record(&mut tx, &changes).await?;
        tx.commit().await?;
        Ok(after)
    })
    .await?;
    Ok(Reply::data(Sale::show(after, app.zone)?))
}

/// People see and post whole seconds; a time that shows the same was not edited.
fn keep_shown_times(app: &App, before: &SaleRow, edit: Edit) -> Edit {
    let same = |new: &chrono::NaiveDateTime, old| app.zone.show(*new) == app.zone.show(old);
    Edit {
        starts_at: edit.starts_at.filter(|new| !same(new, before.starts_at)),
        ends_at: edit.ends_at.filter(|new| !same(new, before.ends_at)),
        ..edit
    }
}

/// The first changed member that may not change in this state. While a sale is open, price, window and
/// units may; once it is closing, nothing.
fn first_forbidden(state: SaleState, old: &Terms, new: &Terms, delta: i64) -> Option<&'static str> {
    let open_may = [
        ("price", old.price_minor != new.price_minor),
        ("startTime", old.starts_at != new.starts_at),
        ("endTime", old.ends_at != new.ends_at),
        ("stockDelta", delta != 0),
    ];
    let armed_may = [
        ("name", old.name != new.name),
        ("picUrl", old.pic_url != new.pic_url),
        ("limitPerOrder", old.per_order_max != new.per_order_max),
        ("limitPerUser", old.per_user_max != new.per_user_max),
        ("cooldownSeconds", old.cooldown_s != new.cooldown_s),
        ("tokenMultiplier", old.token_multiplier != new.token_multiplier),
        ("minUserLevel", old.min_user_level != new.min_user_level),
        ("payWithinMinutes", old.pay_within_s != new.pay_within_s),
    ];
    let first = |members: &[(&'static str, bool)]| {
        members.iter().find(|(_, changed)| *changed).map(|(member, _)| *member)
    };
    match state {
        SaleState::Draft | SaleState::Armed => None,
        SaleState::Open | SaleState::Recovering => first(&armed_may),
        SaleState::Closing | SaleState::Drained | SaleState::Reconciled | SaleState::Archived => {
            first(&open_may).or_else(|| first(&armed_may))
        }
    }
}

async fn move_units(
    db: &mut MySqlConnection,
    before: &SaleRow,
    delta: i64,
    asked_by: &str,
) -> Result<(), Failure> {
    if delta > 0 {
        if !resource::take(db, before.resource()?, delta).await? {
            return Err(TOO_LITTLE_STOCK.into());
        }
    } else {
        let promised = sale_write::asked_decreases(db, before.id).await?;
        if before.free - promised < -delta {
            return Err(TOO_LITTLE_FREE.into());
        }
    }
    sale_write::ask_stock_change(db, before.id, delta, asked_by).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_change_depends_on_the_state() {
        let old = Terms {
            name: "tea".into(),
            pic_url: String::new(),
            price_minor: 990,
            starts_at: "2025-11-11T12:00:00".parse().unwrap(),
            ends_at: "2025-11-11T14:00:00".parse().unwrap(),
            pay_within_s: 600,
            per_order_max: 1,
            per_user_max: 1,
            cooldown_s: 0,
            token_multiplier: 5,
            min_user_level: 0,
        };
        let dearer = Terms { price_minor: 1000, ..old.clone() };
        let renamed = Terms { name: "green tea".into(), ..old.clone() };
        for &state in SaleState::ALL {
            assert_eq!(first_forbidden(state, &old, &old, 0), None);
        }
        assert_eq!(first_forbidden(SaleState::Armed, &old, &renamed, 5), None);
        assert_eq!(first_forbidden(SaleState::Open, &old, &dearer, -5), None);
        assert_eq!(first_forbidden(SaleState::Open, &old, &renamed, 0), Some("name"));
        assert_eq!(first_forbidden(SaleState::Closing, &old, &dearer, 0), Some("price"));
        assert_eq!(first_forbidden(SaleState::Reconciled, &old, &old, 1), Some("stockDelta"));
    }
}
