//! What shoppers say about goods and topics.

use crate::envelope::{Answer, Envelope, Page, Reply};
use crate::error::{Fault, Refusal};
use crate::extract::{Caller, Entity, Query};
use crate::routes::admin::comment::Comment;
use crate::routes::entity_id::texts;
use crate::state::App;
use crate::store::collect;
use crate::store::comment::{self, AuthoredRow, CONTENT_CHARS_MAX, NewComment, ON_TOPIC, PICTURES_MAX};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A comment as everybody sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicComment {
    id: u64,
    add_time: String,
    content: String,
    /// The shop's answer, or empty.
    admin_content: String,
    pic_list: Vec<String>,
    star: u8,
    user_info: Author,
}

/// Who wrote a comment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    nick_name: String,
    avatar_url: String,
}

/// How many comments there are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommentCounts {
    all_count: i64,
    has_pic_count: i64,
}

/// What posting a comment sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct CommentForm {
    /// 0 on goods, 1 on a topic
    r#type: u8,
    value_id: u64,
    content: String,
    /// 0 to 5
    star: u8,
    has_picture: Option<bool>,
    pic_urls: Option<Vec<String>>,
}

/// Comment on goods or a topic. Failures: 401, 402, 501.
#[utoipa::path(post, path = "/wx/comment/post", tag = "shop: comments", request_body = CommentForm,
    responses((status = 200, body = Envelope<Comment>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn post(State(app): State<Arc<App>>, caller: Caller, body: Entity) -> Answer<Comment> {
    let (kind, value, star) = (body.int("type")?, body.int("valueId")?, body.int("star")?);
    let content = body.text("content")?;
    let (has_picture, pic_urls) = (body.flag("hasPicture")?, body.links("picUrls")?);
    let shopper = caller.shopper()?;
    let content = content.filter(|content| !content.trim().is_empty());
    let content = content.ok_or_else(|| Refusal::missing("content"))?;
    let kind = kind.ok_or_else(|| Refusal::missing("type"))?;
    let value = value.ok_or_else(|| Refusal::missing("valueId"))?;
    let star = star.ok_or_else(|| Refusal::missing("star"))?;
    if content.chars().count() > CONTENT_CHARS_MAX {
        return Err(Refusal::wrong_because("content", "is too long").into());
    }
    let star = u8::try_from(star).ok().filter(|star| *star <= 5).ok_or_else(|| Refusal::wrong("star"))?;
    let kind = known_kind(kind)?;
    let pic_urls = pic_urls.filter(|_| has_picture == Some(true)).unwrap_or_default();
    if pic_urls.len() > PICTURES_MAX {
        return Err(Refusal::wrong_because("picUrls", "are too many").into());
    }
    let value_id = u64::try_from(value).unwrap_or(0);
    if !collect::target_exists(&app.db, kind, value_id).await? {
        return Err(Refusal::wrong("valueId").into());
    }
    let mut db = app.db.acquire().await?;
    let new =
        NewComment { kind, value_id, user_id: shopper.id, content: &content, star, pic_urls: &pic_urls };
    let id = comment::insert(&mut db, &new).await?;
    let row = comment::find(&mut db, id).await?.ok_or(Fault::Broken("a comment just made is gone"))?;
    Ok(Reply::data(Comment::show(row, app.zone)))
}

/// 0 or 1.
pub fn known_kind(kind: i64) -> Result<u8, Refusal> {
    u8::try_from(kind).ok().filter(|kind| *kind <= ON_TOPIC).ok_or_else(|| Refusal::wrong("type"))
}

/// How many comments goods or a topic have. Failures: 402.
#[utoipa::path(get, path = "/wx/comment/count", tag = "shop: comments",
    params(("type" = i64, Query), ("valueId" = i64, Query)),
    responses((status = 200, body = Envelope<CommentCounts>)))]
pub async fn count(State(app): State<Arc<App>>, query: Query) -> Answer<CommentCounts> {
    let kind = known_kind(query.required_int("type")?)?;
    let counts = comment::counts(&app.db, kind, query.required_id("valueId")?).await?;
    Ok(Reply::data(CommentCounts { all_count: counts.whole, has_pic_count: counts.with_picture }))
}

/// Comments on goods or a topic, newest first; `showType` 0 all, 1 with pictures. Failures: 402.
#[utoipa::path(get, path = "/wx/comment/list", tag = "shop: comments",
    params(("type" = i64, Query), ("valueId" = i64, Query), ("showType" = i64, Query),
        ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query)),
    responses((status = 200, body = Envelope<Page<PublicComment>>)))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<PublicComment>> {
    let kind = known_kind(query.required_int("type")?)?;
    let value = query.required_id("valueId")?;
    let with_picture = match query.required_int("showType")? {
        0 => false,
        1 => true,
        _ => return Err(Refusal::wrong("showType").into()),
    };
    let listing = query.listing()?;
    let counts = comment::counts(&app.db, kind, value).await?;
    let rows = listing.rows(if with_picture { counts.with_picture } else { counts.whole })?;
    let found = comment::page(&app.db, kind, value, with_picture, (rows.offset, rows.count)).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| shown(&app, row)).collect())))
}

fn shown(app: &App, row: AuthoredRow) -> PublicComment {
    PublicComment {
        id: row.id,
        add_time: app.zone.show(row.added_at),
        content: row.content,
        admin_content: row.reply,
        pic_list: texts(&row.pic_urls),
        star: row.star,
        user_info: Author { nick_name: row.nickname, avatar_url: row.avatar },
    }
}
