//! Files in a store with the S3 interface: a small one of our own on loopback, which checks signatures
//! as the interface's documentation describes them.

use crate::files::png;
use crate::harness::{Call, World};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const ACCESS_KEY: &str = "LOOPBACKKEY";
const SECRET_KEY: &str = "loopback-secret";
const REGION: &str = "test-1";

#[derive(Default)]
struct Bucket {
    objects: Mutex<HashMap<String, Bytes>>,
    refused: Mutex<Vec<String>>,
}

async fn bucket() -> (String, Arc<Bucket>) {
    let bucket = Arc::new(Bucket::default());
    let router = Router::new().fallback(answer).with_state(Arc::clone(&bucket));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let service = hyper_util::service::TowerToHyperService::new(router);
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let io = hyper_util::rt::TokioIo::new(stream);
                hyper::server::conn::http1::Builder::new().serve_connection(io, service).await.ok();
            });
        }
    });
    (format!("http://{address}"), bucket)
}

async fn answer(
    State(bucket): State<Arc<Bucket>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(why) = check(&method, &uri, &headers, &body) {
        bucket.refused.lock().unwrap().push(why);
        return StatusCode::FORBIDDEN.into_response();
    }
    let path = uri.path().to_owned();
    let mut objects = bucket.objects.lock().unwrap();
    let stamp = [("etag", "\"1\""), ("last-modified", "Tue, 11 Nov 2025 12:00:00 GMT")];
    match method {
        Method::PUT => {
            objects.insert(path, body);
            (stamp, StatusCode::OK).into_response()
        }
        Method::GET => match objects.get(&path) {
            Some(object) => (stamp, object.clone()).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Method::DELETE => {
            objects.remove(&path);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    catalog_api::random::hex(bytes)
}

/// Signature version 4: what is signed is made again from the request, and signed with the key that
/// belongs to the day, the region and the service.
fn check(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authorization = text("authorization");
    let rest = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("no signature")?;
    let mut parts = HashMap::new();
    for part in rest.split(", ") {
        let (name, value) = part.split_once('=').ok_or("a malformed signature")?;
        parts.insert(name.trim(), value);
    }
    let part = |name: &str| parts.get(name).copied().unwrap_or_default();
    let (date, hash) = (text("x-amz-date"), text("x-amz-content-sha256"));
    let day = date.get(..8).ok_or("no date")?;
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    if part("Credential") != format!("{ACCESS_KEY}/{scope}") {
        return Err(format!("another credential: {}", part("Credential")));
    }
    if hash != hex(&Sha256::digest(body)) {
        return Err("another body than was signed".into());
    }
    let signed = part("SignedHeaders");
    for needed in ["host", "x-amz-content-sha256", "x-amz-date"] {
        if !signed.split(';').any(|name| name == needed) {
            return Err(format!("{needed} is not signed"));
        }
    }
    let lines: String = signed.split(';').map(|name| format!("{name}:{}\n", text(name).trim())).collect();
    let query = uri.query().unwrap_or_default();
    let canonical = format!("{method}\n{}\n{query}\n{lines}\n{signed}\n{hash}", uri.path());
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for step in [day, REGION, "s3", "aws4_request"] {
        key = hmac(&key, step);
    }
    if hex(&hmac(&key, &to_sign)) == part("Signature") { Ok(()) } else { Err("another signature".into()) }
}

fn settings<'a>(endpoint: &'a str, secret: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("MALL_CATALOG__STORAGE__KIND", "s3"),
        ("MALL_CATALOG__STORAGE__S3_ENDPOINT", endpoint),
        ("MALL_CATALOG__STORAGE__S3_REGION", REGION),
        ("MALL_CATALOG__STORAGE__S3_BUCKET", "pictures"),
        ("MALL_CATALOG__STORAGE__S3_ACCESS_KEY", ACCESS_KEY),
        ("MALL_CATALOG__STORAGE__S3_SECRET_KEY", secret),
    ]
}

#[tokio::test]
async fn files_are_kept_in_a_bucket_by_signed_calls() {
    let (endpoint, bucket) = bucket().await;
    let world = World::with(&settings(&endpoint, SECRET_KEY)).await;
    let staff = world.staff_token("root").await;
    let kept = world.ok(Call::file("/wx/storage/upload", "a.png", &png(12))).await;
    let key = kept["key"].as_str().unwrap();
    let path = format!("/pictures/{key}");
    let stored = bucket.objects.lock().unwrap().get(&path).cloned().expect("the object is in the bucket");
    let given = world.call(Call::get(&format!("/wx/storage/fetch/{key}"))).await;
    assert_eq!((given.status, &given.bytes), (200, &stored));

    // The row outlives the object; then there is nothing to give.
    bucket.objects.lock().unwrap().remove(&path);
    assert_eq!(world.call(Call::get(&format!("/wx/storage/fetch/{key}"))).await.status, 404);
    bucket.objects.lock().unwrap().insert(path.clone(), stored);
    world.ok(Call::post("/admin/storage/delete", serde_json::json!({ "key": key })).staff(&staff)).await;
    assert!(bucket.objects.lock().unwrap().is_empty());
    assert_eq!(*bucket.refused.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_bucket_that_refuses_leaves_no_row() {
    let (endpoint, bucket) = bucket().await;
    let world = World::with(&settings(&endpoint, "not the secret")).await;
    assert_eq!(world.call(Call::file("/wx/storage/upload", "a.png", &png(12))).await.errno(), 502);
    assert_eq!(bucket.refused.lock().unwrap().first().map(String::as_str), Some("another signature"));
    let rows: i64 = sqlx::query_scalar("select count(*) from storage").fetch_one(&world.db).await.unwrap();
    assert_eq!(rows, 0);
}
