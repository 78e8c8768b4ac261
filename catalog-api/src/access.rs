//! The one layer around every staff call: log-in, permission, operation log, in that order. A call
//! that is refused here never reaches its handler, whatever its body says.
//!
//! The log holds every call of a known account and every log-in. Calls of nobody are refused and not
//! written: otherwise anybody could fill the table.

use crate::envelope::Outcome;
use crate::error::{Failure, LOGIN_REQUIRED, NO_PERMISSION};
use crate::extract::ClientAddress;
use crate::metrics::Counter;
use crate::permission::{Need, allows};
use crate::session::Session;
use crate::state::App;
use crate::store::admin;
use crate::store::operation_log::{self, Operation};
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
    let address = ClientAddress::of(app, &request);
    let action = format!("{} {}", request.method(), request.uri().path());
    let (response, actor) = match admit(&gate, request.headers()).await {
        Ok(staff) => {
            let actor = staff.as_ref().map(|staff| staff.username.clone());
            if let Some(staff) = staff {
                request.extensions_mut().insert(staff);
            }
            (next.run(request).await, actor)
        }
        Err((failure, actor)) => (failure.into_response(), actor),
    };
    app.metrics.count(Counter::StaffCalls);
    if actor.is_some() || gate.kind == Kind::Login {
        let outcome = response.extensions().get::<Outcome>().cloned();
        write_down(&gate, actor.as_deref(), address, &action, outcome).await;
    }
    response
}

/// Who is calling, or why they may not, with the name if it is known.
async fn admit(gate: &Gate, headers: &HeaderMap) -> Result<Option<Staff>, (Failure, Option<String>)> {
    if gate.need == Need::Open {
        return Ok(None);
    }
    let staff = identify(&gate.app, headers).await.map_err(|failure| (failure, None))?;
    let staff = staff.ok_or((LOGIN_REQUIRED.into(), None))?;
    match gate.need {
        Need::Permission(needed) if !allows(&staff.permissions, needed) => {
            Err((NO_PERMISSION.into(), Some(staff.username)))
        }
        Need::Open | Need::Login | Need::Permission(_) => Ok(Some(staff)),
    }
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Staff>, Failure> {
    let found = app.sessions.find(&app.redis, headers, Audience::Staff).await?;
    let Some(session) = found else { return Ok(None) };
    // Read every time: an account that is gone and a permission that was taken away count at once.
    let account = admin::name_and_avatar(&app.db, session.user).await?;
    let Some((username, avatar)) = account else { return Ok(None) };
    let permissions = admin::permissions(&app.db, session.user).await?;
    Ok(Some(Staff { id: session.user, username, avatar, permissions, session }))
}

async fn write_down(
    gate: &Gate,
    actor: Option<&str>,
    address: ClientAddress,
    action: &str,
    outcome: Option<Outcome>,
) {
    let outcome = outcome.as_ref();
    let errno = outcome.map_or(0, |outcome| outcome.errno);
    let errmsg = outcome.map_or("", |outcome| &outcome.errmsg);
    let result: String = if errno == 0 { String::new() } else { format!("{errno} {errmsg}") };
    let result: String = result.chars().take(255).collect();
    let changes = outcome.and_then(|outcome| outcome.changes.as_ref()).map(ToString::to_string);
    let action: String = action.chars().take(127).collect();
    let actor = outcome.and_then(|outcome| outcome.actor.as_deref()).or(actor);
    let actor: String = actor.unwrap_or("anonymous").chars().take(63).collect();
    let operation = Operation {
        actor: &actor,
        ip: &address.0.to_string(),
        kind: u8::from(gate.kind != Kind::Ordinary),
        action: &action,
        succeeded: errno == 0,
        result: &result,
        changes: changes.as_deref(),
    };
    // The call has happened; its answer does not change because the log could not be written.
    if let Err(error) = operation_log::insert(&gate.app.db, &operation).await {
        gate.app.metrics.count(Counter::UnloggedOperations);
        tracing::error!(
            actor,
            action,
            errno,
            error = crate::envelope::chain(&error),
            "an operation could not be logged"
        );
    }
}
