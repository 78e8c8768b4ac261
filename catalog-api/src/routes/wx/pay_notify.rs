//! The payment provider's call-back. Its answer is not an envelope: the provider repeats its call until
//! it is told SUCCESS.

use crate::extract::Body;
use crate::payments::{self, Applied};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// What the provider is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeAnswer {
    /// SUCCESS or FAIL.
    code: &'static str,
    /// Why it failed.
    message: &'static str,
}

/// Signed call-back of the payment provider; applying one twice is applying it once.
#[utoipa::path(post, path = "/wx/order/pay-notify", tag = "payment provider", request_body = String,
    responses((status = 200, body = NoticeAnswer), (status = 401, body = NoticeAnswer, description = "signature"),
        (status = 404, body = NoticeAnswer, description = "no such order"), (status = 500, body = NoticeAnswer)))]
pub async fn pay_notify(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(body): Body,
) -> (StatusCode, Json<NoticeAnswer>) {
    let fail = |status, message| (status, Json(NoticeAnswer { code: "FAIL", message }));
    let notice = app.pay.as_ref().and_then(|pay| Some((pay.name(), pay.read_notice(&headers, &body)?)));
    let Some((provider, notice)) = notice else {
        return fail(StatusCode::UNAUTHORIZED, "signature, time or content");
    };
    match payments::apply(&app, provider, &notice).await {
        Ok(Applied::Paid | Applied::Refunding | Applied::Again) => {
            (StatusCode::OK, Json(NoticeAnswer { code: "SUCCESS", message: "" }))
        }
        Ok(Applied::Unknown) => fail(StatusCode::NOT_FOUND, "no such order"),
        Err(failure) => {
            tracing::error!(?failure, "a payment notice could not be applied");
            fail(StatusCode::INTERNAL_SERVER_ERROR, "try again")
        }
    }
}
