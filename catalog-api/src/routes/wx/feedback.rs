//! What a shopper tells the shop.

use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::Refusal;
use crate::extract::{Caller, Entity};
use crate::provider::sms::is_mobile;
use crate::state::App;
use crate::store::comment::{CONTENT_CHARS_MAX, PICTURES_MAX};
use crate::store::feedback::{self, NewFeedback};
use axum::extract::State;
use std::sync::Arc;
use utoipa::ToSchema;

/// Characters of the category at most.
const TYPE_CHARS_MAX: usize = 63;

/// What telling the shop sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct FeedbackForm {
    content: String,
    /// A category in the client's words.
    feed_type: String,
    mobile: String,
    has_picture: Option<bool>,
    pic_urls: Option<Vec<String>>,
}

/// Tell the shop something. Failures: 401, 402, 501.
#[utoipa::path(post, path = "/wx/feedback/submit", tag = "shop: feedback", request_body = FeedbackForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn submit(State(app): State<Arc<App>>, caller: Caller, body: Entity) -> Answer<Nothing> {
    let there = |name: &str| -> Result<Option<String>, Refusal> {
        Ok(body.text(name)?.filter(|text| !text.trim().is_empty()))
    };
    let (content, feed_type, mobile) = (there("content")?, there("feedType")?, there("mobile")?);
    let (has_picture, pic_urls) = (body.flag("hasPicture")?, body.links("picUrls")?);
    let shopper = caller.shopper()?;
    let content = content.ok_or_else(|| Refusal::missing("content"))?;
    let feed_type = feed_type.ok_or_else(|| Refusal::missing("feedType"))?;
    // The reference answers 401 for a number that is none, too.
    let mobile = mobile.filter(|mobile| is_mobile(mobile)).ok_or_else(|| Refusal::missing("mobile"))?;
    for (name, text, chars_max) in
        [("content", &content, CONTENT_CHARS_MAX), ("feedType", &feed_type, TYPE_CHARS_MAX)]
    {
        if text.chars().count() > chars_max {
            return Err(Refusal::wrong_because(name, "is too long").into());
        }
    }
    let pic_urls = pic_urls.filter(|_| has_picture == Some(true)).unwrap_or_default();
    if pic_urls.len() > PICTURES_MAX {
        return Err(Refusal::wrong_because("picUrls", "are too many").into());
    }
    let new = NewFeedback {
        user_id: shopper.id,
        mobile: &mobile,
        feed_type: &feed_type,
        content: &content,
        pic_urls: &pic_urls,
    };
    feedback::insert(&app.db, &new).await?;
    Ok(Reply::done())
}
