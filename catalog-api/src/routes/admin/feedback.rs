//! What shoppers told the shop, and replying by text message.

use crate::audit;
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::{Fault, REPLIED_ALREADY, Refusal};
use crate::extract::{Entity, Query};
use crate::provider::sms::Message;
use crate::routes::entity_id::{id, texts};
use crate::state::App;
use crate::store::feedback::{self, FeedbackRow, Filter, SMS_SUBJECT};
use crate::store::sms_outbox::{self, State as Sending};
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// Characters of a reply at most.
const REPLY_CHARS_MAX: usize = 200;

/// Feedback.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    id: u64,
    user_id: u64,
    username: String,
    mobile: String,
    feed_type: String,
    content: String,
    status: u8,
    has_picture: bool,
    pic_urls: Vec<String>,
    replied: bool,
    reply_content: Option<String>,
    reply_time: Option<String>,
    /// What became of the text message: queued, sent or failed.
    #[schema(value_type = Option<String>)]
    state: Option<Sending>,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// What replying sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct FeedbackReplyForm {
    id: u64,
    /// 1 to 200 characters
    content: String,
}

/// Feedback. Failures: 402.
#[utoipa::path(get, path = "/admin/feedback/list", tag = "staff: feedback",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("userId" = Option<i64>, Query), ("username" = Option<String>, Query),
        ("replied" = Option<bool>, Query)),
    responses((status = 200, body = Envelope<Page<Feedback>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Feedback>> {
    let listing = query.listing()?;
    let filter = Filter {
        user_id: query.id("userId")?,
        username: query.text_within("username", 63)?.map(str::to_owned),
        replied: query.flag("replied")?,
    };
    let rows = listing.rows(feedback::count(&app.db, &filter).await?)?;
    let found = feedback::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| shown(&app, row)).collect())))
}

fn shown(app: &App, row: FeedbackRow) -> Feedback {
    let replied = row.replied_at.is_some();
    Feedback {
        id: row.id,
        user_id: row.user_id,
        username: row.username,
        mobile: row.mobile,
        feed_type: row.feed_type,
        content: row.content,
        status: row.status,
        has_picture: row.has_picture,
        pic_urls: texts(&row.pic_urls),
        replied,
        reply_content: replied.then_some(row.reply),
        reply_time: row.replied_at.map(|at| app.zone.show(at)),
        state: row.sms_state.and_then(Sending::from_code),
        add_time: app.zone.show(row.added_at),
        update_time: app.zone.show(row.updated_at),
        deleted: false,
    }
}

/// Reply by text message, once. The text is promised in the transaction of the reply. Failures: 401,
/// 402, 690 replied already.
#[utoipa::path(post, path = "/admin/feedback/reply", tag = "staff: feedback", request_body = FeedbackReplyForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn reply(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    let id = id(&body)?;
    let content = body.required_text_within("content", REPLY_CHARS_MAX)?;
    crate::store::retrying(|| async {
        let mut tx = app.db.begin().await?;
        let (mobile, replied) = feedback::lock(&mut tx, id).await?.ok_or_else(|| Refusal::wrong("id"))?;
        if replied {
            return Err(REPLIED_ALREADY.into());
        }
        feedback::reply(&mut tx, id, &content).await?;
        let message = Message::feedback_reply(&mobile, &content);
        sms_outbox::promise(&mut tx, &message, SMS_SUBJECT, id).await?;
        audit::record(&mut tx, &json!({ "feedback": id, "reply": content })).await?;
        Ok(tx.commit().await.map_err(Fault::from)?)
    })
    .await?;
    Ok(Reply::done())
}
