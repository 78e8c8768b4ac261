//! Questions about goods.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::error::{Fault, Refusal, TOO_MANY_QUESTIONS};
use crate::extract::{Caller, Entity, Query};
use crate::routes::admin::qa::{QUESTION_CHARS_MAX, Qa};
use crate::state::App;
use crate::store::question::{self, Filter};
use crate::store::{collect, comment, retrying};
use axum::extract::State;
use std::sync::Arc;
use utoipa::ToSchema;

/// Questions one shopper may ask within an hour.
const PER_HOUR_MAX: i64 = 5;

/// What asking sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct QuestionForm {
    goods_id: u64,
    /// 1 to 200 characters
    question: String,
}

/// Ask about goods. Failures: 401, 402, 501, 790 more than five an hour.
#[utoipa::path(post, path = "/wx/qa/ask", tag = "shop: questions", request_body = QuestionForm,
    responses((status = 200, body = Envelope<Qa>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn ask(State(app): State<Arc<App>>, caller: Caller, body: Entity) -> Answer<Qa> {
    let (goods, text) = (body.int("goodsId")?, body.text("question")?);
    let shopper = caller.shopper()?;
    let goods = goods.ok_or_else(|| Refusal::missing("goodsId"))?;
    let text = text.filter(|text| !text.trim().is_empty()).ok_or_else(|| Refusal::missing("question"))?;
    if text.chars().count() > QUESTION_CHARS_MAX {
        return Err(Refusal::wrong_because("question", "has more than 200 characters").into());
    }
    let goods = u64::try_from(goods).unwrap_or(0);
    if !collect::target_exists(&app.db, comment::ON_GOODS, goods).await? {
        return Err(Refusal::wrong("goodsId").into());
    }
    let asked = retrying(|| async {
        let mut tx = app.db.begin().await?;
        // Without the lock, questions asked at the same time would not see each other.
        question::lock_author(&mut tx, shopper.id).await?;
        if question::asked_within_the_hour(&mut tx, shopper.id).await? >= PER_HOUR_MAX {
            return Err(TOO_MANY_QUESTIONS.into());
        }
        let id = question::insert(&mut tx, goods, shopper.id, &text).await?;
        let row = question::find(&mut tx, id).await?;
        tx.commit().await?;
        row.ok_or_else(|| Fault::Broken("a question just asked is gone").into())
    })
    .await?;
    Ok(Reply::data(Qa::show(asked, app.zone)))
}

/// Questions about goods, newest first, without those staff have hidden. Failures: 402.
#[utoipa::path(get, path = "/wx/qa/list", tag = "shop: questions",
    params(("goodsId" = i64, Query), ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<Qa>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Qa>> {
    let goods_id = Some(query.required_id("goodsId")?);
    let listing = query.listing()?;
    let filter = Filter { goods_id, shown_only: true, ..Filter::default() };
    let rows = listing.rows(question::count(&app.db, &filter).await?)?;
    let found = question::list(&app.db, &filter, listing, rows).await?;
    let shown = found.into_iter().map(|mut row| {
        row.nickname = masked(&row.nickname);
        Qa::show(row, app.zone)
    });
    Ok(Reply::data(rows.page(shown.collect())))
}

/// The first character of a name, so that people recognise themselves and nobody else does.
fn masked(name: &str) -> String {
    name.chars().take(1).chain("***".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_character_is_shown() {
        assert_eq!(
            (masked("林小姐"), masked("a"), masked("")),
            ("林***".into(), "a***".into(), "***".into())
        );
    }
}
