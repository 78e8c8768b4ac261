//! The one layer around every staff call: log-in, permission, operation log, in that order. A call
//! that is refused here never reaches its handler, whatever its body says.
//!
//! The log holds every call of a known account and every log-in. Calls of nobody are refused and not
//! written: otherwise anybody could fill the table. [`crate::audit`] writes it.

use crate::audit::Call;
use crate::envelope::Outcome;
use crate::error::{Failure, LOGIN_REQUIRED, NO_PERMISSION, PASSWORD_TO_CHANGE};
use crate::metrics::Counter;
use crate::permission::{Need, allows};
use crate::session::Session;
use crate::state::App;
use crate::store::admin;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::session::Audience;
use std::sync::Arc;

/// What the layer knows of the route it stands before.
#[derive(Clone)]
pub struct Gate {
    /// The state.
    pub app: Arc<App>,
    /// What the route needs.
    pub need: Need,
    /// Whether its calls are written down even when nobody is logged in.
    pub kind: Kind,
}

/// What sort of call it is, for the operation log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Log-in: written down although the caller is not known yet.
    Login,
    /// Log-out.
    Logout,
    /// Everything else.
    Ordinary,
}

/// A member of staff with a live session.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The account.
    pub id: u64,
    /// Its name.
    pub username: String,
    /// Its picture.
    pub avatar: String,
    /// Whether it has to change its password before anything else.
    pub must_change_password: bool,
    /// What it may do, as of now.
    pub permissions: Vec<String>,
    /// The session.
    pub session: Session,
}

impl<S: Sync> FromRequestParts<S> for Staff {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // Only the gate puts it there; a route without a gate answers like one without a log-in.
        parts.extensions.get::<Self>().cloned().ok_or(LOGIN_REQUIRED.into())
    }
}

/// The layer.
pub async fn gate(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let app = &gate.app;
    let call = Call::of(app, &request);
    let path = request.uri().path().to_owned();
    let response = match admit(&gate, &path, request.headers(), &call).await {
        Ok(staff) => {
            if let Some(staff) = staff {
                request.extensions_mut().insert(staff);
            }
            call.during(next.run(request)).await
        }
        Err(failure) => failure.into_response(),
    };
    app.metrics.count(Counter::StaffCalls);
    let outcome = response.extensions().get::<Outcome>().cloned();
    call.close(app, outcome, gate.kind == Kind::Login).await;
    response
}

/// What an account whose password everybody may know can do: look at itself, change it, leave.
const BEFORE_THE_PASSWORD_IS_CHANGED: [&str; 3] =
    ["/admin/auth/info", "/admin/auth/logout", "/admin/profile/password"];

/// Who is calling, or why they may not.
async fn admit(gate: &Gate, path: &str, headers: &HeaderMap, call: &Call) -> Result<Option<Staff>, Failure> {
    if gate.need == Need::Open {
        return Ok(None);
    }
    let staff = identify(&gate.app, headers).await?.ok_or(LOGIN_REQUIRED)?;
    call.by(staff.username.clone());
    if staff.must_change_password && !BEFORE_THE_PASSWORD_IS_CHANGED.contains(&path) {
        return Err(PASSWORD_TO_CHANGE.into());
    }
    match gate.need {
        Need::Permission(needed) if !allows(&staff.permissions, needed) => Err(NO_PERMISSION.into()),
        Need::Open | Need::Login | Need::Permission(_) => Ok(Some(staff)),
    }
}

/// The member of staff who is calling, if anybody is.
pub async fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Staff>, Failure> {
    let found = app.sessions.find(&app.redis, headers, Audience::Staff).await?;
    let Some(session) = found else { return Ok(None) };
    // Read every time: an account that is gone and a permission that was taken away count at once.
    let Some(account) = admin::account(&app.db, session.user).await? else { return Ok(None) };
    let permissions = admin::permissions(&app.db, session.user).await?;
    Ok(Some(Staff {
        id: session.user,
        username: account.username,
        avatar: account.avatar,
        must_change_password: account.must_change_password,
        permissions,
        session,
    }))
}
