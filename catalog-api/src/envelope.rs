//! How an answer looks: HTTP 200, `{errno, errmsg, data}`, and no member whose value is null, at any
//! depth; one client tests for the presence of a member.

pub mod money;
pub mod ready;
pub mod time;

pub use money::Money;
pub use ready::Ready;
pub use time::Zone;

use crate::error::{Failure, INTERNAL, Refusal};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What a handler returns.
pub type Answer<T> = Result<Reply<T>, Failure>;

/// A success.
#[derive(Debug)]
pub struct Reply<T> {
    data: Option<T>,
    changes: Option<Value>,
    actor: Option<String>,
}

impl<T> Reply<T> {
    /// A success with data.
    pub fn data(data: T) -> Self {
        Self { data: Some(data), changes: None, actor: None }
    }

    /// The same, with what it changed, for the operation log.
    pub fn changing(self, changes: Value) -> Self {
        Self { changes: Some(changes), ..self }
    }

    /// The same, with who did it, where the operation log cannot know: at a log-in.
    pub fn by(self, actor: String) -> Self {
        Self { actor: Some(actor), ..self }
    }
}

impl Reply<Nothing> {
    /// A success without data.
    pub fn done() -> Self {
        Self { data: None, changes: None, actor: None }
    }
}

/// The data of an answer that has none.
#[derive(Debug, Serialize, ToSchema)]
pub struct Nothing {}

/// The answer as the API description knows it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes what render writes")]
pub struct Envelope<T> {
    /// 0 is success; the codes are listed in the mall's contract.
    errno: i32,
    /// Text for people.
    errmsg: String,
    /// The payload of a success, left out when there is none.
    data: Option<T>,
}

/// One page of a list, as all list calls answer it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows of this page.
    pub list: Vec<T>,
    /// All matching rows.
    pub total: i64,
    /// The page these rows are from.
    pub page: i64,
    /// Rows per page, as asked.
    pub limit: i64,
    /// Pages there are.
    pub pages: i64,
}

impl<T> Page<T> {
    /// All rows of a list that is not paged.
    pub fn whole(list: Vec<T>) -> Self {
        let rows = list.len() as i64;
        Self { list, total: rows, page: 1, limit: rows, pages: 1 }
    }
}

/// Kept beside a response for the operation log.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The code.
    pub errno: i32,
    /// The text.
    pub errmsg: String,
    /// What was changed.
    pub changes: Option<Value>,
    /// Who did it, where only the handler knows.
    pub actor: Option<String>,
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match self.data.map(serde_json::to_value).transpose() {
            Ok(data) => render(0, "success", data, self.changes, self.actor),
            Err(error) => {
                tracing::error!(error = %error, "an answer could not be written");
                INTERNAL.into_response()
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        render(self.errno, &self.errmsg, self.data, None, None)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::Fault(fault) => {
                // As a string field it is written quoted, so that no byte of a cause ends the line.
                tracing::error!(fault = chain(&fault), "request failed");
                INTERNAL.into_response()
            }
        }
    }
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let link = error.to_string();
        // Some libraries repeat their cause in their own text.
        if !text.ends_with(&link) {
            text.push_str(": ");
            text.push_str(&link);
        }
        cause = error.source();
    }
    text
}

fn render(
    errno: i32,
    errmsg: &str,
    data: Option<Value>,
    changes: Option<Value>,
    actor: Option<String>,
) -> Response {
    let mut body = serde_json::json!({ "errno": errno, "errmsg": errmsg });
    if let Some(mut data) = data.filter(|data| !data.is_null()) {
        leave_out_nulls(&mut data);
        body["data"] = data;
    }
    let mut response =
        (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response();
    response.extensions_mut().insert(Outcome { errno, errmsg: errmsg.to_owned(), changes, actor });
    response
}

/// Null members of objects go, null elements of arrays stay.
fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(leave_out_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn text(response: Response) -> String {
        assert_eq!(response.status(), StatusCode::OK);
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn null_members_are_left_out_at_any_depth_and_null_elements_stay() {
        let data = serde_json::json!({ "a": null, "b": [null, { "c": null, "d": 1 }], "e": "" });
        let body = text(Reply::data(data).into_response()).await;
        assert_eq!(body, r#"{"data":{"b":[null,{"d":1}],"e":""},"errmsg":"success","errno":0}"#);
    }

    #[tokio::test]
    async fn no_data_means_no_member() {
        assert_eq!(text(Reply::done().into_response()).await, r#"{"errmsg":"success","errno":0}"#);
        assert_eq!(text(Reply::data(None::<i32>).into_response()).await, r#"{"errmsg":"success","errno":0}"#);
        let refused = Refusal::missing("name").into_response();
        assert_eq!(text(refused).await, r#"{"errmsg":"name is missing","errno":401}"#);
    }
}
