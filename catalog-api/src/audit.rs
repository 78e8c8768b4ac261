//! The operation log, for the time of one call: who is calling from where and what for, so that a
//! transaction can hold its own row of the log, and so that every call leaves exactly one.
//!
//! [`crate::access`] writes down calls of staff, [`sensitive`] those calls of shoppers that are routed
//! so. A change that is committed with its row ([`record`]) is not written down again afterwards.

use crate::envelope::{Outcome, chain};
use crate::extract::ClientAddress;
use crate::metrics::Counter;
use crate::state::App;
use crate::store::operation_log::{self, Operation};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use sqlx::MySqlConnection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

tokio::task_local! {
    static CALL: Arc<Call>;
}

/// A call that is being answered.
#[derive(Debug)]
pub struct Call {
    actor: OnceLock<String>,
    ip: String,
    action: String,
    kind: u8,
    recorded: AtomicBool,
}

/// Kinds of a row, as the stock front end shows them.
pub mod kind {
    /// Nothing of the others.
    pub const GENERAL: u8 = 0;
    /// Accounts, roles, log-in, log-out.
    pub const SECURITY: u8 = 1;
    /// Orders and returns.
    pub const ORDER: u8 = 2;
    /// Calls of shoppers.
    pub const SHOPPER: u8 = 3;

    /// The kind of a call.
    pub(super) fn of(is_change: bool, path: &str) -> u8 {
        let among = |heads: &[&str]| heads.iter().any(|head| path.starts_with(head));
        match path {
            _ if path.starts_with("/wx/") => SHOPPER,
            _ if !is_change => GENERAL,
            _ if among(&["/admin/auth/", "/admin/admin/", "/admin/role/", "/admin/profile/password"]) => {
                SECURITY
            }
            _ if among(&["/admin/order/", "/admin/aftersale/"]) => ORDER,
            _ => GENERAL,
        }
    }
}

impl Call {
    /// Of a request.
    pub fn of(app: &App, request: &Request) -> Arc<Self> {
        let path = request.uri().path();
        Arc::new(Self {
            actor: OnceLock::new(),
            ip: ClientAddress::of(app, request).0.to_string(),
            action: cut(&format!("{} {path}", request.method()), 127),
            kind: kind::of(request.method() == Method::POST, path),
            recorded: AtomicBool::new(false),
        })
    }

    /// Runs the work of the call, which may [`record`] in it.
    pub async fn during<F: Future>(self: &Arc<Self>, work: F) -> F::Output {
        CALL.scope(Arc::clone(self), work).await
    }

    /// Says who is calling; the first word counts.
    pub fn by(&self, actor: String) {
        self.actor.get_or_init(|| cut(&actor, 63));
    }

    /// Writes the call down, if it is one that is. Calls of nobody are, where `anonymous` is set, unless
    /// they were not even well formed: otherwise anybody could fill the table for nothing.
    pub async fn close(&self, app: &App, outcome: Option<Outcome>, anonymous: bool) {
        let outcome = outcome.as_ref();
        let errno = outcome.map_or(0, |outcome| outcome.errno);
        if errno == 0 && self.recorded.load(Ordering::Relaxed) {
            return;
        }
        if let Some(actor) = outcome.and_then(|outcome| outcome.actor.clone()) {
            self.by(actor);
        }
        let malformed = matches!(errno, 401 | 402 | 501 | 503);
        if self.actor.get().is_none() && (!anonymous || malformed) {
            return;
        }
        let result = outcome.filter(|_| errno != 0).map(|outcome| format!("{errno} {}", outcome.errmsg));
        let changes = outcome.and_then(|outcome| outcome.changes.as_ref()).map(ToString::to_string);
        let result = cut(&result.unwrap_or_default(), 255);
        let operation = self.operation(errno == 0, &result, changes.as_deref());
        // The call has happened; its answer does not change because the log could not be written.
        if let Err(error) = operation_log::insert(&app.db, &operation).await {
            app.metrics.count(Counter::UnloggedOperations);
            tracing::error!(
                actor = operation.actor,
                action = operation.action,
                errno,
                error = chain(&error),
                "an operation could not be logged"
            );
        }
    }

    fn operation<'a>(&'a self, succeeded: bool, result: &'a str, changes: Option<&'a str>) -> Operation<'a> {
        Operation {
            actor: self.actor.get().map_or("anonymous", String::as_str),
            ip: &self.ip,
            kind: self.kind,
            action: &self.action,
            succeeded,
            result,
            changes,
        }
    }
}

/// Says who is calling, where only an extractor knows.
pub fn by(actor: impl FnOnce() -> String) {
    // Calls that are not written down have no scope, and nobody asks who makes them.
    CALL.try_with(|call| call.by(actor())).ok();
}

/// Writes the call down as a success that changed this, in the transaction of the change, so that there
/// is neither one without the other. Outside of a call, such as in a timer, it does nothing.
pub async fn record(db: &mut MySqlConnection, changes: &Value) -> sqlx::Result<()> {
    let Ok(call) = CALL.try_with(Arc::clone) else { return Ok(()) };
    let changes = changes.to_string();
    operation_log::insert(&mut *db, &call.operation(true, "", Some(&changes))).await?;
    // When the transaction ends otherwise the answer is no success, and the call is written down as such.
    call.recorded.store(true, Ordering::Relaxed);
    Ok(())
}

/// The layer around a shopper's call that is written down; `anonymous` where nobody need be logged in.
pub async fn sensitive(
    State((app, anonymous)): State<(Arc<App>, bool)>,
    request: Request,
    next: Next,
) -> Response {
    let call = Call::of(&app, &request);
    let response = call.during(next.run(request)).await;
    let outcome = response.extensions().get::<Outcome>().cloned();
    call.close(&app, outcome, anonymous).await;
    response
}

/// What a column holds of a text.
fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_the_path_and_reading_is_general() {
        for (is_change, path, expected) in [
            (true, "/admin/auth/login", kind::SECURITY),
            (true, "/admin/admin/create", kind::SECURITY),
            (true, "/admin/role/permissions", kind::SECURITY),
            (false, "/admin/role/permissions", kind::GENERAL),
            (true, "/admin/profile/password", kind::SECURITY),
            (true, "/admin/profile/catnotice", kind::GENERAL),
            (true, "/admin/order/ship", kind::ORDER),
            (true, "/admin/aftersale/refund", kind::ORDER),
            (false, "/admin/order/list", kind::GENERAL),
            (true, "/admin/goods/update", kind::GENERAL),
            (true, "/wx/order/submit", kind::SHOPPER),
        ] {
            assert_eq!(kind::of(is_change, path), expected, "{path}");
        }
    }
}
