//! Pictures shoppers upload, and giving out files. The mini-program uploads without a token, so nobody
//! need be logged in.

use crate::envelope::{Answer, Envelope, Reply};
use crate::error::Failure;
use crate::extract::{ClientAddress, Upload};
use crate::routes::admin::storage::{FileForm, Storage};
use crate::state::App;
use crate::uploads::{self, Given};
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use utoipa::ToSchema;

/// Nothing in a file may load or run anything, whatever a browser takes it for.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
/// A key never names another file.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The bytes of a picture.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes an answer that is no JSON")]
pub struct PictureFile(Vec<u8>);

/// Upload a picture of at most 5 MB. Failures: 401, 402.
#[utoipa::path(post, path = "/wx/storage/upload", tag = "shop: files",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Envelope<Storage>)))]
pub async fn upload(State(app): State<Arc<App>>, address: ClientAddress, upload: Upload) -> Answer<Storage> {
    let row = uploads::keep_from(&app, address, upload).await?;
    Ok(Reply::data(Storage::show(row, app.zone)))
}

/// A file. 404 where there is none, 400 for a key that climbs out of its folder.
#[utoipa::path(get, path = "/wx/storage/fetch/{*key}", tag = "shop: files",
    params(("*key" = String, Path)),
    responses((status = 200, content_type = "image/*", body = PictureFile), (status = 400), (status = 404)))]
pub async fn fetch(State(app): State<Arc<App>>, Path(key): Path<String>) -> Response {
    match find(&app, &key).await {
        Ok(given) => given_out(given).into_response(),
        Err(response) => response,
    }
}

/// The same to be kept as a file.
#[utoipa::path(get, path = "/wx/storage/download/{*key}", tag = "shop: files",
    params(("*key" = String, Path)),
    responses((status = 200, content_type = "image/*", body = PictureFile), (status = 400), (status = 404)))]
pub async fn download(State(app): State<Arc<App>>, Path(key): Path<String>) -> Response {
    match find(&app, &key).await {
        Ok(given) => {
            // A key that was found is letters, digits and a dot.
            let name = HeaderValue::from_str(&format!("attachment; filename=\"{key}\""));
            let name = name.unwrap_or(HeaderValue::from_static("attachment"));
            ([(header::CONTENT_DISPOSITION, name)], given_out(given)).into_response()
        }
        Err(response) => response,
    }
}

async fn find(app: &App, key: &str) -> Result<Given, Response> {
    if key.contains("../") || key.contains("..\\") {
        return Err(StatusCode::BAD_REQUEST.into_response());
    }
    match uploads::give(app, key).await {
        Ok(Some(given)) => Ok(given),
        Ok(None) => Err(StatusCode::NOT_FOUND.into_response()),
        Err(Failure::Refused(_)) => Err(StatusCode::NOT_FOUND.into_response()),
        // Logged as it becomes an answer; pictures are looked at by their status.
        Err(fault @ Failure::Fault(_)) => {
            let mut response = fault.into_response();
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            Err(response)
        }
    }
}

fn given_out(given: Given) -> impl IntoResponse {
    let kind = HeaderValue::from_str(&given.content_type);
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let fixed = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let headers = [
        (header::CONTENT_TYPE, kind),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::CONTENT_SECURITY_POLICY, POLICY),
        fixed(header::CACHE_CONTROL, FOR_EVER),
        fixed(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, given.bytes)
}
