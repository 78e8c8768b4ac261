//! Who is calling, decided before and asked for after the input was looked at: a call of `/wx` with
//! wrong input answers 402 even when nobody is logged in.

use super::Shopper;
use crate::error::Failure;
use crate::state::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::sync::Arc;

/// A shopper, or why there is none.
#[derive(Debug)]
pub struct Caller(Result<Shopper, Failure>);

impl Caller {
    /// The shopper; 501 when nobody is logged in.
    pub fn shopper(self) -> Result<Shopper, Failure> {
        self.0
    }
}

impl Caller {
    /// The shopper, if one is logged in. A call that anybody may make does not fail because sessions
    /// cannot be looked up; it is answered as to a stranger.
    pub fn known(self) -> Option<Shopper> {
        if let Err(Failure::Fault(fault)) = &self.0 {
            tracing::warn!(fault = crate::envelope::chain(fault), "a shopper was taken for a stranger");
        }
        self.0.ok()
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(Shopper::from_request_parts(parts, app).await))
    }
}
