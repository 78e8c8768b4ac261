//! Flash sales: `/admin/seckill/*`. Reading shows sales of every kind; changing is for goods and
//! tickets, coupons having calls and permissions of their own.

use super::sale::{self, Sale, SaleEdit, SaleForm, SaleId};
use crate::access::Staff;
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::Refusal;
use crate::extract::{Entity, Query};
use crate::sales::{self, Board, Scope};
use crate::state::App;
use crate::store::books::Books;
use crate::store::resource::Resource;
use axum::extract::State;
use contract::ledger::SaleKind;
use std::sync::Arc;

/// Flash sales. Failures: 402.
#[utoipa::path(get, path = "/admin/seckill/list", tag = "staff: flash sales",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("name" = Option<String>, Query), ("kind" = Option<String>, Query),
        ("state" = Option<String>, Query), ("goodsId" = Option<i64>, Query), ("start" = Option<String>, Query),
        ("end" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Sale>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Sale>> {
    let filter = sale::filter(&query, app.zone)?;
    Ok(Reply::data(sales::list(&app, Scope::All, filter, query.listing()?).await?))
}

/// One sale. Failures: 402 unknown.
#[utoipa::path(get, path = "/admin/seckill/read", tag = "staff: flash sales", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Sale>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Sale> {
    Ok(Reply::data(sales::read(&app, Scope::All, query.required_id("id")?).await?))
}

/// Arm a sale: its units leave the own stock of what it sells. Failures: 401, 402, 680.
#[utoipa::path(post, path = "/admin/seckill/create", tag = "staff: flash sales", request_body = SaleForm,
    responses((status = 200, body = Envelope<Sale>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Sale> {
    let draft = sale::draft(&body, app.zone)?;
    let resource = resource(&body)?;
    sales::create(&app, resource, draft).await
}

fn resource(body: &Entity) -> Result<Resource, Refusal> {
    let kind = body.text("kind")?.filter(|kind| !kind.is_empty());
    match kind.as_deref().map(SaleKind::from_name) {
        None | Some(Some(SaleKind::Goods)) => {
            Ok(Resource::Sku { goods: body.required_id("goodsId")?, sku: body.required_id("productId")? })
        }
        Some(Some(SaleKind::Ticket)) => Ok(Resource::Ticket(body.required_id("ticketTypeId")?)),
        Some(Some(SaleKind::Coupon)) => {
            Err(Refusal::wrong_because("kind", "coupons are put on sale with /admin/coupon-seckill/create"))
        }
        Some(None) => Err(Refusal::wrong("kind")),
    }
}

/// Change a sale. Failures: 401, 402, 504 version is old, 680, 681 not changeable now, 682.
#[utoipa::path(post, path = "/admin/seckill/update", tag = "staff: flash sales", request_body = SaleEdit,
    responses((status = 200, body = Envelope<Sale>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, staff: Staff, body: Entity) -> Answer<Sale> {
    let (id, version) = (body.required_id("id")?, body.required_id("version")?);
    sales::update(&app, Scope::GoodsAndTickets, id, version, sale::edit(&body, app.zone)?, &staff.username)
        .await
}

/// Delete a sale without orders that is not open. Failures: 401, 402, 683.
#[utoipa::path(post, path = "/admin/seckill/delete", tag = "staff: flash sales", request_body = SaleId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Nothing> {
    sales::delete(&app, Scope::GoodsAndTickets, body.required_id("id")?).await
}

/// Start a sale now. Failures: 401, 402, 683 ended.
#[utoipa::path(post, path = "/admin/seckill/force-start", tag = "staff: flash sales", request_body = SaleId,
    responses((status = 200, body = Envelope<Sale>)), security(("staff" = []), ("bearer" = [])))]
pub async fn force_start(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Sale> {
    sales::force_start(&app, Scope::GoodsAndTickets, body.required_id("id")?).await
}

/// Close a sale now. Failures: 401, 402, 683 not open.
#[utoipa::path(post, path = "/admin/seckill/close", tag = "staff: flash sales", request_body = SaleId,
    responses((status = 200, body = Envelope<Sale>)), security(("staff" = []), ("bearer" = [])))]
pub async fn close(State(app): State<Arc<App>>, _staff: Staff, body: Entity) -> Answer<Sale> {
    sales::close(&app, Scope::GoodsAndTickets, body.required_id("id")?).await
}

/// The books of a sale. Failures: 402 unknown.
#[utoipa::path(get, path = "/admin/seckill/books", tag = "staff: flash sales", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Books>)), security(("staff" = []), ("bearer" = [])))]
pub async fn books(State(app): State<Arc<App>>, query: Query) -> Answer<Books> {
    Ok(Reply::data(sales::books(&app, Scope::All, query.required_id("id")?).await?))
}

/// What the engines say of themselves and of a sale: their metrics as Prometheus gets them, their last
/// count of the books. An engine that does not answer is named with the reason. Failures: 402 unknown.
#[utoipa::path(get, path = "/admin/seckill/board", tag = "staff: flash sales", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Board>)), security(("staff" = []), ("bearer" = [])))]
pub async fn board(State(app): State<Arc<App>>, query: Query) -> Answer<Board> {
    Ok(Reply::data(sales::board(&app, Scope::All, query.required_id("id")?).await?))
}
