//! The process: what it refuses to start with, what it says of itself, how it ends, and what its
//! listener does with bad connections.

use crate::harness::{Call, World, binary, config, free_port, stores};
use catalog_api::state::App;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "it refuses to start");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn secrets_that_are_none_refuse_to_start_and_are_named() {
    let production = || {
        let mut command = binary();
        command.env("MALL_CATALOG__PROFILE", "production").env("MALL_CATALOG__PAY__PROVIDER", "none");
        command
    };
    let secret = "0f6e1c9d2b8a4735f1e0c9b8a7968574";
    for (command, key) in [
        (&mut production(), "session.secret"),
        (production().env("MALL_CATALOG__SESSION__SECRET", "short"), "session.secret"),
        (
            production()
                .env("MALL_CATALOG__SESSION__SECRET", secret)
                .env("MALL_CATALOG__PAY__PROVIDER", "local"),
            "pay.",
        ),
        (
            production()
                .env("MALL_CATALOG__SESSION__SECRET", secret)
                .env("MALL_CATALOG__CAPTCHA__FIXED_ANSWER", "test"),
            "captcha.fixed_answer",
        ),
        (binary().env("MALL_CATALOG__SESSION__SECRIT", "x"), "secrit"),
        (binary().env("MALL_CATALOG__SESSION__LIFE_S", "1"), "session.life_s"),
    ] {
        let said = refusal(command);
        assert!(said.contains(key), "{said} should name {key}");
    }
    assert!(refusal(binary().args(["--config", "/nonexistent/file"])).contains("does not exist"));
    let seeding = refusal(production().env("MALL_CATALOG__SESSION__SECRET", secret).arg("seed"));
    assert!(seeding.contains("dev profile only"), "{seeding}");
}

#[test]
fn printed_settings_hold_no_secret() {
    let output = binary()
        .env("DATABASE_URL", "mysql://mall:hush@db/mall")
        .env("MALL_CATALOG__SESSION__SECRET", "hush-hush-hush-hush-hush-hush-hush")
        .arg("--print-config")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !printed.contains("hush"), "{printed}");
    let settings: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(settings["database"]["url"], "mysql://mall:***@db/mall");
}

#[tokio::test]
async fn readiness_names_what_is_missing() {
    let (public, private) = (free_port(), free_port());
    let nowhere = free_port();
    let _process = crate::harness::Process(
        binary()
            .env("DATABASE_URL", format!("mysql://root@{nowhere}/mall"))
            .env("REDIS_URL", format!("redis://{nowhere}"))
            .env("MALL_CATALOG__HTTP__LISTEN", public.to_string())
            .env("MALL_CATALOG__HTTP__PRIVATE_LISTEN", private.to_string())
            .env("MALL_CATALOG__LOG__FILTER", "off")
            .spawn()
            .unwrap(),
    );
    let since = Instant::now();
    let answer = loop {
        match Call::get("/readyz").send(private).await {
            Some(answer) => break answer,
            None => assert!(since.elapsed() < Duration::from_secs(10)),
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    };
    assert_eq!(answer.status, 503);
    let said: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(said["missing"], json!(["database", "redis"]));
    assert_eq!(Call::get("/livez").send(private).await.unwrap().status, 200);
    // What cannot be checked is refused, in an envelope.
    let info = Call::get("/wx/auth/info").shop("").send(public).await.unwrap();
    assert_eq!(info.errno(), 501);
    let form = json!({ "username": "a", "password": "b" });
    let login = Call::post("/wx/auth/login", form).send(public).await.unwrap();
    assert_eq!(login.errno(), 502);
    assert!(!login.text.contains("127.0.0.1"), "no detail of ours: {}", login.text);
}

#[tokio::test]
async fn an_unmigrated_database_is_not_ready() {
    let world = World::new().await;
    assert_eq!(Call::get("/readyz").send(world.private).await.unwrap().status, 200);
    sqlx::query("drop table _sqlx_migrations").execute(&world.db).await.unwrap();
    let answer = Call::get("/readyz").send(world.private).await.unwrap();
    assert_eq!((answer.status, answer.text.contains("[\"migrations\"]")), (503, true), "{}", answer.text);
}

#[tokio::test]
async fn sigterm_finishes_what_is_in_hand_and_ends() {
    let mut world = World::new().await;
    // A log-in that waits for its turn because of earlier failures is in hand when the signal comes.
    let form = |password: &str| json!({ "username": "root", "password": password });
    for _ in 0..3 {
        world.call(Call::post("/wx/auth/login", form("wrong"))).await;
    }
    let public = world.public;
    let in_hand = tokio::spawn(async move {
        Call::post("/wx/auth/login", json!({ "username": "root", "password": "x" })).send(public).await
    });
    let mut redis = world.redis.clone();
    world
        .until("the log-in is in hand", async || {
            let mut redis = redis.clone();
            let pattern = format!("{}:tries:shop:account:*", world.prefix);
            let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.unwrap();
            let count: i64 = redis::cmd("GET").arg(&keys[0]).query_async(&mut redis).await.unwrap();
            count == 4
        })
        .await;
    redis::cmd("PING").query_async::<String>(&mut redis).await.unwrap();
    let pid = i32::try_from(world.process.0.id()).unwrap();
    assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success());
    let answer = in_hand.await.unwrap().expect("it is answered");
    assert_eq!(answer.errno(), 700);
    let since = Instant::now();
    let status = loop {
        if let Some(status) = world.process.0.try_wait().unwrap() {
            break status;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "it ends");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(status.success());
    assert!(Call::get("/wx/auth/info").send(world.public).await.is_none(), "nobody listens");
}

/// Sends bytes and reads until the other side closes.
fn exchange(to: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn requests_two_readers_could_understand_differently_are_refused() {
    let world = World::with(&[("MALL_CATALOG__HTTP__HEADER_READ_TIMEOUT_MS", "500")]).await;
    let public = world.public;
    let answers = tokio::task::spawn_blocking(move || {
        let many: String = (0..70).map(|number| format!("x-{number}: y\r\n")).collect();
        [
            "GET /wx/auth/info HTTP/1.1\r\n\r\n".to_owned(),
            "GET /wx/auth/info HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n".to_owned(),
            "POST /wx/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                .to_owned(),
            format!("GET /wx/auth/info?{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(13_000)),
            format!("GET /wx/auth/info HTTP/1.1\r\nhost: a\r\n{many}\r\n"),
            format!("GET /wx/auth/info HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(20_000)),
            // Never finished: the connection is closed.
            "GET /wx/auth/info HTTP/1.1\r\nhost: a\r\n".to_owned(),
        ]
        .map(|request| exchange(public, request.as_bytes()))
    })
    .await
    .unwrap();
    for (answer, status) in answers.iter().zip(["400", "400", "411", "414", "431", "431"]) {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "one answer: {answer}");
    }
    assert!(!answers[6].contains("errno"), "{}", answers[6]);
    assert_eq!(world.call(Call::get("/wx/auth/info")).await.errno(), 501);
    let nothing = world.call(Call::get("/nothing/here")).await;
    assert_eq!(nothing.status, 404);
}

#[test]
fn an_unknown_argument_is_explained() {
    assert!(refusal(binary().arg("fly").stdout(Stdio::null())).contains("usage:"));
    assert!(refusal(binary().args(["serve", "--fresh-sales"])).contains("belongs to seed"));
}

#[test]
fn an_account_number_in_the_environment_is_a_text() {
    let output =
        binary().arg("--print-config").env("MALL_CATALOG__SMS__APP_ID", "0019000109").output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && shown.contains("0019000109"), "{shown}");
}

#[tokio::test]
async fn a_connection_sees_what_it_waited_for_and_lets_go_of_its_rows_when_it_is_silent() {
    let world = World::new().await;
    let app = App::new(config(&world)).unwrap();
    let (isolation, silence_s): (String, i64) =
        sqlx::query_as("select @@session.tx_isolation, cast(@@session.idle_transaction_timeout as signed)")
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(isolation, "READ-COMMITTED");
    assert!((6..=30).contains(&silence_s), "longer than a call to a provider, and not for ever: {silence_s}");
}

#[tokio::test]
async fn with_a_certificate_the_listener_speaks_tls_and_nothing_else() {
    let folder = stores().folder();
    let made = rcgen::generate_simple_self_signed(["mall.example".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let settings = [
        ("MALL_CATALOG__HTTP__TLS_CERTIFICATE", certificate.to_str().unwrap()),
        ("MALL_CATALOG__HTTP__TLS_KEY", key.to_str().unwrap()),
        ("MALL_CATALOG__PAY__PROVIDER", "none"),
    ];
    let world = World::with(&settings).await;

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(world.public).await.unwrap();
    let tls = TlsConnector::from(Arc::new(client));
    let stream = tls.connect("mall.example".try_into().unwrap(), stream).await.unwrap();
    let answer = Call::get("/wx/brand/list").send_over(stream, "mall.example").await.unwrap();
    assert_eq!(answer.errno(), 0);
    assert!(Call::get("/wx/brand/list").send(world.public).await.is_none(), "nothing is said in the clear");
    world.finish().await;

    let said = refusal(binary().envs(settings).env("MALL_CATALOG__PAY__PROVIDER", "local").arg("serve"));
    assert!(said.contains("http.tls_certificate"), "{said}");
}
