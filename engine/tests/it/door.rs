//! What the door refuses: no I/O behind it, no panic, and an answer that says why.

use crate::harness::{Mall, Spec, Stores, free_address};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Sends bytes and reads until the server closes or an answer is complete.
async fn raw(mall: &Mall, bytes: &[u8]) -> (u16, Value) {
    exchange(connect(mall).await, bytes).await
}

async fn connect(mall: &Mall) -> TcpStream {
    let address = mall.engine().url.strip_prefix("http://").expect("a url");
    TcpStream::connect(address).await.expect("a connection")
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> (u16, Value) {
    stream.write_all(bytes).await.expect("written");
    let mut answer = Vec::new();
    let read = async {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            answer.extend_from_slice(&chunk[..read]);
            if complete(&answer) {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("an answer in time");
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn complete(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|n| n.parse().ok());
    length.is_none_or(|length: usize| body.len() >= length)
}

async fn refused(mall: &Mall, bytes: impl AsRef<[u8]>, status: u16, code: &str) {
    let (got, body) = raw(mall, bytes.as_ref()).await;
    assert_eq!(
        (got, body["code"].as_str().unwrap_or("")),
        (status, code),
        "{}",
        String::from_utf8_lossy(bytes.as_ref())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_without_a_single_meaning_are_refused() {
    let mall = Mall::start().await;
    let post = "POST /seckill/v1/sales/1/orders HTTP/1.1\r\n";
    refused(
        &mall,
        format!("{post}host: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        411,
        "length_required",
    )
    .await;
    // hyper hides a length that follows a coding, so any coding is refused.
    refused(
        &mall,
        format!("{post}host: a\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n"),
        411,
        "length_required",
    )
    .await;
    refused(
        &mall,
        format!("{post}host: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        411,
        "length_required",
    )
    .await;
    refused(&mall, format!("{post}content-length: 0\r\n\r\n"), 400, "bad_request").await;
    refused(&mall, format!("{post}host: a\r\nhost: b\r\ncontent-length: 0\r\n\r\n"), 400, "bad_request")
        .await;
    refused(
        &mall,
        format!("{post}host: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"),
        400,
        "bad_request",
    )
    .await;
    refused(&mall, format!("{post}host: a\r\ncontent-length: -1\r\n\r\n"), 400, "bad_request").await;
    refused(&mall, format!("{post}host : a\r\n\r\n"), 400, "bad_request").await;
    refused(&mall, "nonsense\r\n\r\n", 400, "bad_request").await;
    refused(&mall, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "bad_request").await;
    let wide = "x".repeat(17_000);
    refused(
        &mall,
        format!("GET /seckill/v1/sales HTTP/1.1\r\nhost: a\r\nx: {wide}\r\n\r\n"),
        431,
        "headers_too_large",
    )
    .await;
    let many = "x: y\r\n".repeat(80);
    refused(
        &mall,
        format!("GET /seckill/v1/sales HTTP/1.1\r\nhost: a\r\n{many}\r\n"),
        431,
        "headers_too_large",
    )
    .await;
    let long = "x".repeat(5000);
    refused(&mall, format!("GET /seckill/v1/{long} HTTP/1.1\r\nhost: a\r\n\r\n"), 414, "uri_too_long").await;
    refused(&mall, "GET /elsewhere HTTP/1.1\r\nhost: a\r\n\r\n", 404, "not_found").await;
    refused(&mall, "DELETE /seckill/v1/sales/1 HTTP/1.1\r\nhost: a\r\n\r\n", 405, "method_not_allowed").await;
    refused(&mall, "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n", 404, "not_found").await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_and_their_members_named() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec::default()).await;
    let buyer = mall.buyer().await;
    let order = |body: &str| {
        format!(
            "POST /seckill/v1/sales/{sale}/orders HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            buyer.session,
            body.len()
        )
    };
    for quantity in ["0", "-1", "9223372036854775808", "1.5", "\"1\""] {
        let (status, body) =
            raw(&mall, order(&format!("{{\"token\":\"t\",\"quantity\":{quantity}}}")).as_bytes()).await;
        assert_eq!(
            (status, body["code"].as_str(), body["field"].as_str()),
            (400, Some("bad_field"), Some("quantity"))
        );
    }
    let (status, body) = raw(&mall, order("{\"token\":\"t\",\"quantity\":1,\"price\":1}").as_bytes()).await;
    assert_eq!((status, body["field"].as_str()), (400, Some("price")));
    refused(&mall, order("{"), 400, "bad_request").await;
    refused(&mall, order(&"x".repeat(4097)), 413, "body_too_large").await;
    let unknown = order("{\"token\":\"t\",\"quantity\":1}").replace(&format!("sales/{sale}"), "sales/999999");
    refused(&mall, unknown, 404, "not_found").await;
    refused(
        &mall,
        "POST /seckill/v1/sales/-1/token HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
        404,
        "not_found",
    )
    .await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_and_bodies_are_ended() {
    let mall = Mall::start().await;
    let began = Instant::now();
    let head = refused(&mall, "GET /seckill/v1/sales HTTP/1.1\r\nhost", 408, "request_timeout");
    let silent = refused(&mall, "", 408, "request_timeout");
    let body = refused(
        &mall,
        "POST /seckill/v1/sales/1/orders HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n{",
        408,
        "request_timeout",
    );
    tokio::join!(head, silent, body);
    assert!((4..9).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_sales_is_tagged_and_filtered() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 7, ..Spec::default() }).await;
    let get = async |path: &str, head: &[(&str, &str)]| {
        mall.call(hyper::Method::GET, &format!("{}{path}", mall.engine().url), head, None)
            .await
            .expect("an answer")
    };
    let one = get(&format!("/seckill/v1/sales/{sale}"), &[]).await;
    assert_eq!(one.body["remaining"], 7);
    assert!(one.body["server_time"].is_string());
    crate::harness::eventually("it is open", 5, async || {
        let list = get("/seckill/v1/sales?kind=goods&state=open", &[]).await;
        if list.body["sales"][0]["id"] == sale.0 { Ok(()) } else { Err(list.body.to_string()) }
    })
    .await;
    let list = get("/seckill/v1/sales", &[]).await;
    let tag = list.head["etag"].to_str().expect("text").to_owned();
    assert_eq!(list.head["cache-control"], "public, max-age=1");
    assert_eq!(get("/seckill/v1/sales", &[("if-none-match", &tag)]).await.status, 304);
    assert_eq!(get("/seckill/v1/sales?kind=coupon", &[]).await.body["sales"], serde_json::json!([]));
    let wrong = get("/seckill/v1/sales?state=shut", &[]).await;
    assert_eq!((wrong.status, wrong.body["field"].as_str()), (400, Some("state")));
    assert_eq!(get("/seckill/v1/sales/999999", &[]).await.status, 404);
    mall.finish().await;
}

#[test]
fn wrong_configuration_refuses_to_start_and_names_the_key() {
    let start = |settings: &[(&str, &str)]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_engine"));
        for name in ["DATABASE_URL", "REDIS_URL", "KAFKA_BROKERS"] {
            command.env_remove(name);
        }
        let output = command.envs(settings.iter().copied()).output().expect("the engine runs");
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(start(&[("MALL_ENGINE__HTTP__LISTEN_ON", "x")]).contains("listen_on"));
    assert!(start(&[("MALL_ENGINE__PROFILE", "production")]).contains("session.secret"));
    assert!(start(&[("MALL_ENGINE__ADMISSION__BATCH_MAX", "0")]).contains("admission.batch_max"));
    let taken = std::net::TcpListener::bind(free_address()).expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    assert!(start(&[("MALL_ENGINE__HTTP__LISTEN", &address)]).contains("http.listen"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_the_door_speaks_tls_and_nothing_else() {
    let folder = std::env::temp_dir().join(format!("engine-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = rcgen::generate_simple_self_signed(["mall.example".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let settings = [
        ("MALL_ENGINE__HTTP__TLS_CERTIFICATE", certificate.to_str().unwrap()),
        ("MALL_ENGINE__HTTP__TLS_KEY", key.to_str().unwrap()),
        ("MALL_ENGINE__HTTP__READ_WITHIN_MS", "1000"),
    ];
    let mut mall = Mall::prepare(Stores::shared(), &settings).await;
    mall.start_engine("all").await;

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(client));
    let stream = tls.connect("mall.example".try_into().unwrap(), connect(&mall).await).await.unwrap();
    let ask = b"GET /seckill/v1/sales HTTP/1.1\r\nhost: mall.example\r\n\r\n";
    let (status, body) = exchange(stream, ask).await;
    assert_eq!(status, 200, "{body}");

    // Nothing is said in the clear, and nobody holds a place without a word.
    assert_eq!(raw(&mall, ask).await, (0, Value::Null));
    let since = Instant::now();
    assert_eq!(exchange(connect(&mall).await, b"").await, (0, Value::Null));
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());

    // A key of another certificate is refused at the start, and named.
    let other = rcgen::KeyPair::generate().unwrap();
    std::fs::write(&key, other.serialize_pem()).unwrap();
    let mut again = mall.command();
    again.arg("all").env("MALL_ENGINE__HTTP__LISTEN", free_address());
    let output = again.env("MALL_ENGINE__HTTP__PRIVATE_LISTEN", free_address()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("http.tls_key"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}
