//! The shopper who is calling. Without a session that holds, the call is refused with 501.

use crate::audit;
use crate::error::{Failure, LOGIN_REQUIRED};
use crate::session::Session;
use crate::state::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use contract::session::Audience;
use std::sync::Arc;

/// A shopper with a live session.
#[derive(Clone, Debug)]
pub struct Shopper {
    /// The account.
    pub id: u64,
    /// The session.
    pub session: Session,
}

impl FromRequestParts<Arc<App>> for Shopper {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let session = app.sessions.find(&app.redis, &parts.headers, Audience::Shop).await?;
        let session = session.ok_or(LOGIN_REQUIRED)?;
        audit::by(|| format!("shopper {}", session.user));
        Ok(Self { id: session.user, session })
    }
}
