//! Questions about goods, for staff.

use crate::audit;
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply, Zone};
use crate::error::{Fault, Refusal};
use crate::extract::{Entity, Query};
use crate::routes::entity_id::{EntityId, id};
use crate::state::App;
use crate::store::question::{self, Filter, QuestionRow};
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// Characters of a question at most.
pub const QUESTION_CHARS_MAX: usize = 200;
/// Characters of an answer at most.
const ANSWER_CHARS_MAX: usize = 1023;

/// A question about goods.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Qa {
    id: u64,
    goods_id: u64,
    user_id: u64,
    nickname: String,
    question: String,
    answer: Option<String>,
    answered_time: Option<String>,
    hidden: bool,
    add_time: String,
}

impl Qa {
    /// Of a row.
    pub fn show(row: QuestionRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            goods_id: row.goods_id,
            user_id: row.user_id,
            nickname: row.nickname,
            question: row.question,
            answer: row.answered_at.is_some().then_some(row.answer),
            answered_time: row.answered_at.map(|at| zone.show(at)),
            hidden: row.hidden,
            add_time: zone.show(row.added_at),
        }
    }
}

/// What answering sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct AnswerForm {
    id: u64,
    answer: String,
}

/// What hiding sends; `hidden` false shows the question again.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct HideForm {
    id: u64,
    hidden: Option<bool>,
}

/// Questions. Failures: 402.
#[utoipa::path(get, path = "/admin/qa/list", tag = "staff: questions",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("goodsId" = Option<i64>, Query),
        ("answered" = Option<bool>, Query), ("question" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Qa>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Qa>> {
    let listing = query.listing()?;
    let filter = Filter {
        goods_id: query.id("goodsId")?,
        answered: query.flag("answered")?,
        question: query.text_within("question", QUESTION_CHARS_MAX)?.map(str::to_owned),
        shown_only: false,
    };
    let rows = listing.rows(question::count(&app.db, &filter).await?)?;
    let found = question::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Qa::show(row, app.zone)).collect())))
}

/// Answer a question, or change the answer. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/qa/answer", tag = "staff: questions", request_body = AnswerForm,
    responses((status = 200, body = Envelope<Qa>)), security(("staff" = []), ("bearer" = [])))]
pub async fn answer(State(app): State<Arc<App>>, body: Entity) -> Answer<Qa> {
    let id = id(&body)?;
    let answer = body.required_text_within("answer", ANSWER_CHARS_MAX)?;
    let mut tx = app.db.begin().await?;
    let before = question::find(&mut tx, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
    if !question::answer(&mut tx, id, &answer).await? {
        return Err(Refusal::wrong("id").into());
    }
    audit::record(&mut tx, &json!({ "question": id, "before": before.answer, "after": answer })).await?;
    let after = question::find(&mut tx, id).await?;
    tx.commit().await?;
    let after = after.ok_or(Fault::Broken("a question just answered is gone"))?;
    Ok(Reply::data(Qa::show(after, app.zone)))
}

/// Hide a question from shoppers. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/qa/hide", tag = "staff: questions", request_body = HideForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn hide(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    let id = id(&body)?;
    let hidden = body.flag("hidden")?.unwrap_or(true);
    if !question::hide(&app.db, id, hidden).await? {
        return Err(Refusal::wrong("id").into());
    }
    Ok(Reply::done().changing(json!({ "question": id, "hidden": hidden })))
}

/// Take a question away. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/qa/delete", tag = "staff: questions", request_body = EntityId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    let id = id(&body)?;
    let deleted = question::delete(&app.db, id).await?;
    Ok(Reply::done().changing(json!({ "question": id, "deleted": deleted })))
}
