//! An entity with a page of rich text in it, such as goods or a topic: the same as [`Entity`] within a
//! larger bound. Only staff calls take it.

use super::{Body, Entity};
use crate::error::Refusal;
use crate::state::App;
use axum::extract::{FromRequest, Request};
use std::sync::Arc;

/// Bytes of such a body at most: a page of [`crate::rich_text::BYTES_MAX`], escaped, and the rows of the
/// goods editor.
pub const PAGE_BODY_BYTES_MAX: usize = 1024 * 1024;
const _: () = assert!(crate::rich_text::BYTES_MAX * 2 < PAGE_BODY_BYTES_MAX);

/// The members.
#[derive(Clone, Debug)]
pub struct PageEntity(pub Entity);

impl FromRequest<Arc<App>> for PageEntity {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let body = Body::read_within(app, request.into_body(), PAGE_BODY_BYTES_MAX).await?;
        Ok(Self(Entity::parse(&body.0)?))
    }
}
