//! After-sales, for staff: `/admin/aftersale/*`.

use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::order::AFTERSALE_STATE;
use crate::error::{Failure, Refusal};
use crate::extract::{Entity, Loose, Query};
use crate::orders::aftersales::{self, Word};
use crate::routes::aftersale_entity::Aftersale;
use crate::state::App;
use crate::store::aftersale::{self, Filter};
use axum::extract::State;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// What calls about one after-sale send; clients post the whole row.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct StaffAftersaleId {
    id: u64,
}

/// What calls about several after-sales send.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct AftersaleIds {
    ids: Vec<u64>,
}

/// After-sales. Failures: 402.
#[utoipa::path(get, path = "/admin/aftersale/list", tag = "staff: after-sale",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("orderId" = Option<i64>, Query),
        ("aftersaleSn" = Option<String>, Query), ("status" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Aftersale>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Aftersale>> {
    let listing = query.listing()?;
    let filter = Filter {
        owner: None,
        order: query.id("orderId")?,
        number: query.text("aftersaleSn").map(str::to_owned),
        status: query.int("status")?,
    };
    let rows = listing.rows(aftersale::count(&app.db, &filter).await?)?;
    let found = aftersale::list(&app.db, &filter, listing, rows).await?;
    let list = found.into_iter().map(|row| Aftersale::show(row, app.zone)).collect();
    Ok(Reply::data(rows.page(list)))
}

/// Accept a request. Failures: 401, 402, 670 unknown or not waiting.
#[utoipa::path(post, path = "/admin/aftersale/recept", tag = "staff: after-sale",
    request_body = StaffAftersaleId, responses((status = 200, body = Envelope<Nothing>)),
    security(("staff" = []), ("bearer" = [])))]
pub async fn recept(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    let id = body.required_id("id")?;
    answer(&app, id, Word::Accept, AFTERSALE_STATE).await
}

/// Reject a request. Failures: 401, 402 unknown, 670 not waiting.
#[utoipa::path(post, path = "/admin/aftersale/reject", tag = "staff: after-sale",
    request_body = StaffAftersaleId, responses((status = 200, body = Envelope<Nothing>)),
    security(("staff" = []), ("bearer" = [])))]
pub async fn reject(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    let id = body.required_id("id")?;
    answer(&app, id, Word::Reject, Refusal::wrong("id")).await
}

async fn answer(app: &App, id: u64, word: Word, unknown: Refusal) -> Answer<Nothing> {
    match aftersales::answer(app, id, word).await? {
        Some(true) => Ok(Reply::done().changing(changed(id, 1, word))),
        Some(false) => Err(AFTERSALE_STATE.into()),
        None => Err(unknown.into()),
    }
}

fn changed(id: u64, from: u8, word: Word) -> serde_json::Value {
    json!({ "id": id, "before": { "status": from }, "after": { "status": word.status() } })
}

/// Accept those of several requests that wait. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/aftersale/batch-recept", tag = "staff: after-sale",
    request_body = AftersaleIds, responses((status = 200, body = Envelope<Nothing>)),
    security(("staff" = []), ("bearer" = [])))]
pub async fn batch_recept(State(app): State<Arc<App>>, body: Loose) -> Answer<Nothing> {
    batch(&app, &body, Word::Accept).await
}

/// Reject those of several requests that wait. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/aftersale/batch-reject", tag = "staff: after-sale",
    request_body = AftersaleIds, responses((status = 200, body = Envelope<Nothing>)),
    security(("staff" = []), ("bearer" = [])))]
pub async fn batch_reject(State(app): State<Arc<App>>, body: Loose) -> Answer<Nothing> {
    batch(&app, &body, Word::Reject).await
}

async fn batch(app: &App, body: &Loose, word: Word) -> Answer<Nothing> {
    let mut changes = Vec::new();
    for id in body.required_ids("ids")? {
        if aftersales::answer(app, id, word).await? == Some(true) {
            changes.push(changed(id, 1, word));
        }
    }
    Ok(Reply::done().changing(json!({ "requests": changes })))
}

/// Send the money of an accepted one back; goods return by the type that is stored. Failures: 401, 402
/// unknown, 670 not accepted, 621 the provider did not say yes.
#[utoipa::path(post, path = "/admin/aftersale/refund", tag = "staff: after-sale",
    request_body = StaffAftersaleId, responses((status = 200, body = Envelope<Nothing>)),
    security(("staff" = []), ("bearer" = [])))]
pub async fn refund(State(app): State<Arc<App>>, body: Entity) -> Result<Reply<Nothing>, Failure> {
    let id = body.required_id("id")?;
    let row = aftersales::refund(&app, id).await?;
    let changes = json!({
        "aftersaleSn": row.aftersale_sn, "orderId": row.order_id,
        "amount": crate::envelope::Money(row.amount_minor),
        "before": { "status": row.status }, "after": { "status": 3 },
    });
    Ok(Reply::done().changing(changes))
}
