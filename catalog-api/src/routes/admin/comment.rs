//! Reviews, for staff. Answering one is a call about its order.

use crate::envelope::{Answer, Envelope, Nothing, Page, Reply, Zone};
use crate::extract::{Entity, Query};
use crate::routes::entity_id::{EntityId, id, texts};
use crate::state::App;
use crate::store::comment::{self, CommentRow, Filter};
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// A comment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    id: u64,
    value_id: u64,
    /// 0 on goods, 1 on a topic
    r#type: u8,
    content: String,
    /// The shop's answer, or empty.
    admin_content: String,
    user_id: u64,
    has_picture: bool,
    pic_urls: Vec<String>,
    star: u8,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Comment {
    /// Of a row.
    pub fn show(row: CommentRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            value_id: row.value_id,
            r#type: row.kind,
            content: row.content,
            admin_content: row.reply,
            user_id: row.user_id,
            has_picture: row.has_picture,
            pic_urls: texts(&row.pic_urls),
            star: row.star,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
        }
    }
}

/// Comments; `valueId` narrows to reviews of those goods. Failures: 402.
#[utoipa::path(get, path = "/admin/comment/list", tag = "staff: comments",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("userId" = Option<i64>, Query), ("valueId" = Option<i64>, Query),
        ("replied" = Option<bool>, Query)),
    responses((status = 200, body = Envelope<Page<Comment>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Comment>> {
    let listing = query.listing()?;
    let filter = Filter {
        user_id: query.id("userId")?,
        goods_id: query.id("valueId")?,
        replied: query.flag("replied")?,
    };
    let rows = listing.rows(comment::count(&app.db, filter).await?)?;
    let found = comment::list(&app.db, filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Comment::show(row, app.zone)).collect())))
}

/// Take a comment away. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/comment/delete", tag = "staff: comments", request_body = EntityId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    let id = id(&body)?;
    let deleted = comment::delete(&app.db, id).await?;
    Ok(Reply::done().changing(json!({ "comment": id, "deleted": deleted })))
}
