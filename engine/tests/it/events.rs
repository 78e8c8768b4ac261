//! Pushed answers: who hears what and when, and that those who listen cost nobody else anything.

use crate::harness::{Buyer, Mall, Spec, Stores, eventually};
use contract::ids::SaleId;
use hyper::Method;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A stream of events, read as it comes.
struct Listening {
    connection: TcpStream,
    text: String,
    read: usize,
}

impl Listening {
    async fn to(mall: &Mall, path: &str, buyer: Option<&Buyer>) -> Self {
        let address = mall.engine().url.strip_prefix("http://").expect("a url");
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        let session =
            buyer.map_or_else(String::new, |buyer| format!("authorization: Bearer {}\r\n", buyer.session));
        let request = format!("GET /seckill/v1/{path} HTTP/1.1\r\nhost: a\r\n{session}\r\n");
        connection.write_all(request.as_bytes()).await.expect("written");
        Self { connection, text: String::new(), read: 0 }
    }

    /// The next event; nothing when the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
        loop {
            if let Some((event, end)) = event_in(&self.text[self.read..]) {
                self.read += end;
                return Some(event);
            }
            if self.text[self.read..].ends_with("\r\n0\r\n\r\n") {
                return None;
            }
            let mut chunk = [0; 4096];
            let read = tokio::time::timeout_at(deadline, self.connection.read(&mut chunk)).await;
            match read.expect("an event or an end in time").expect("read") {
                0 => return None,
                bytes => self.text += std::str::from_utf8(&chunk[..bytes]).expect("text"),
            }
        }
    }
}

/// The first whole event of a text, and where it ends.
fn event_in(text: &str) -> Option<((String, Value), usize)> {
    let (_, from_name) = text.split_once("event: ")?;
    let (name, from_data) = from_name.split_once("\ndata: ")?;
    let (data, rest) = from_data.split_once("\n\n")?;
    Some(((name.to_owned(), serde_json::from_str(data).expect("JSON")), text.len() - rest.len()))
}

async fn metric(mall: &Mall, name: &str) -> i64 {
    let (_, _, text) = mall.text(&format!("{}/metrics", mall.engine().private_url)).await;
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).expect("the metric is there");
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_watches_a_sale_hears_what_changes() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 3, ..Spec::default() }).await;
    let mut watching = [
        Listening::to(&mall, &format!("sales/{sale}/events"), None).await,
        Listening::to(&mall, &format!("sales/{sale}/events"), None).await,
    ];
    for stream in &mut watching {
        let (name, state) = stream.next().await.expect("a first event");
        assert_eq!(name, "state");
        assert_eq!((state["stock"].as_u64(), state["remaining"].as_u64()), (Some(3), Some(3)));
        assert!(state["server_time_ms"].as_u64().is_some_and(|now| now > 1_600_000_000_000));
    }
    let buyer = mall.buyer().await;
    mall.buy(&buyer, sale).await.expect("an order");
    for stream in &mut watching {
        loop {
            let (_, state) = stream.next().await.expect("another event");
            if state["remaining"] == 2 {
                break;
            }
        }
    }
    drop(watching);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_change_may_be_kept_for_ever_and_the_rest_is_small() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec::default()).await;
    let at = |path: String| format!("{}/seckill/v1/sales/{sale}/{path}", mall.engine().url);
    let state = mall.call(Method::GET, &at("state".into()), &[], None).await.expect("a state");
    assert_eq!(state.head["cache-control"], "public, max-age=1");
    assert!(state.body.to_string().len() < 200, "{}", state.body);
    let tag = state.head["etag"].to_str().expect("a tag").to_owned();
    let again = mall
        .call(Method::GET, &at("state".into()), &[("if-none-match", &tag)], None)
        .await
        .expect("an answer");
    assert_eq!(again.status, 304);

    let name = state.body["terms"].as_str().expect("the name of the terms").to_owned();
    let terms = mall.call(Method::GET, &at(format!("terms/{name}")), &[], None).await.expect("terms");
    assert_eq!((terms.status, terms.body["price_minor"].as_u64()), (200, Some(990)));
    assert_eq!(terms.head["cache-control"], "public, max-age=31536000, immutable");
    for member in ["state", "remaining", "stock", "server_time_ms"] {
        assert!(terms.body[member].is_null(), "{member} changes");
    }
    // Other terms have another name, and the old one is nowhere.
    mall.run(&format!(
        "update flash_sale set price_minor = 880, version = version + 1 where id = {}",
        sale.0
    ))
    .await;
    let newer = eventually("the new terms are told of", 10, async || {
        let state = mall.call(Method::GET, &at("state".into()), &[], None).await?;
        let newer = state.body["terms"].as_str().expect("the name of the terms").to_owned();
        if newer == name { Err("not yet".to_owned()) } else { Ok(newer) }
    })
    .await;
    let gone = mall.call(Method::GET, &at(format!("terms/{name}")), &[], None).await.expect("an answer");
    assert_eq!((gone.status, gone.code()), (404, "not_found"));
    let terms = mall.call(Method::GET, &at(format!("terms/{newer}")), &[], None).await.expect("terms");
    assert_eq!(terms.body["price_minor"], 880);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_an_order_hears_of_its_settlement_and_nobody_else_does() {
    let mut mall = Mall::prepare(Stores::shared(), &[]).await;
    let settler = mall.another_engine("settle").await;
    mall.start_engine("serve").await;
    let sale = mall.sale(Spec::default()).await;
    let (buyer, stranger) = (mall.buyer().await, mall.buyer().await);
    settler.terminate();
    let sn = mall.buy(&buyer, sale).await.expect("an order");
    let path = format!("orders/{sn}/events");

    let url = format!("{}/seckill/v1/{path}", mall.engine().url);
    let nobody = mall.call(Method::GET, &url, &[], None).await.expect("an answer");
    assert_eq!((nobody.status, nobody.code()), (401, "unauthorized"));
    let head = [("authorization", &*format!("Bearer {}", stranger.session))];
    let foreign = mall.call(Method::GET, &url, &head, None).await.expect("an answer");
    assert_eq!((foreign.status, foreign.code()), (404, "not_found"));

    let mut first = Listening::to(&mall, &path, Some(&buyer)).await;
    let mut second = Listening::to(&mall, &path, Some(&buyer)).await;
    for stream in [&mut first, &mut second] {
        let (name, order) = stream.next().await.expect("where it stands");
        assert_eq!((name.as_str(), order["status"].as_str()), ("order", Some("queued")));
    }
    let settler = mall.another_engine("settle").await;
    for stream in [&mut first, &mut second] {
        let (_, order) = stream.next().await.expect("how it ended");
        assert_eq!((order["status"].as_str(), order["price_minor"].as_u64()), (Some("settled"), Some(990)));
        assert!(order["pay_by_ms"].as_u64().is_some(), "{order}");
        assert_eq!(stream.next().await, None, "there is nothing more to tell");
    }
    // Whoever comes later is told at once.
    let mut late = Listening::to(&mall, &path, Some(&buyer)).await;
    assert_eq!(late.next().await.expect("how it ended").1["status"], "settled");
    assert_eq!(late.next().await, None);
    mall.finish().await;
    drop(settler);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_has_a_room_of_its_own_and_keeps_no_buyer_out() {
    let mut mall = Mall::prepare(Stores::shared(), &[("MALL_ENGINE__HTTP__STREAMS_MAX", "1")]).await;
    mall.start_engine("all").await;
    let sale = mall.sale(Spec::default()).await;
    let mut only = Listening::to(&mall, &format!("sales/{sale}/events"), None).await;
    only.next().await.expect("a first event");
    let url = format!("{}/seckill/v1/sales/{sale}/events", mall.engine().url);
    let refused = mall.call(Method::GET, &url, &[], None).await.expect("an answer");
    assert_eq!((refused.status, refused.code()), (503, "unavailable"));
    assert_eq!(refused.head["retry-after"], "5");
    assert_eq!(metric(&mall, "engine_streams_refused_total").await, 1);
    let buyer = mall.buyer().await;
    mall.buy(&buyer, sale).await.expect("an order");
    // A place comes back with the end of its connection.
    drop(only);
    eventually("the place is free", 10, async || match metric(&mall, "engine_streams").await {
        0 => Ok(()),
        open => Err(open.to_string()),
    })
    .await;
    let mut next = Listening::to(&mall, &format!("sales/{sale}/events"), None).await;
    next.next().await.expect("a first event");
    drop(next);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_dropped() {
    let mall = Mall::start().await;
    let sale: SaleId = mall.sale(Spec::default()).await;
    let address = mall.engine().url.strip_prefix("http://").expect("a url");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET /seckill/v1/sales/{sale} HTTP/1.1\r\nhost: a\r\n\r\n").repeat(100);
    // Until nothing more fits into what lies between the two, and then until we are cut off.
    let asking = async { while connection.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(60), asking).await.expect("cut off");
    assert_eq!(metric(&mall, "engine_connections_unread_total").await, 1);
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_the_engine_and_do_not_hold_it_up() {
    let mut mall = Mall::start().await;
    let sale = mall.sale(Spec::default()).await;
    let mut watching = Listening::to(&mall, &format!("sales/{sale}/events"), None).await;
    watching.next().await.expect("a first event");
    let began = std::time::Instant::now();
    let engine = mall.engine.take().expect("an engine");
    let ending = tokio::task::spawn_blocking(move || engine.terminate());
    while watching.next().await.is_some() {}
    assert!(watching.text.ends_with("\r\n0\r\n\r\n"), "in order: {}", watching.text);
    assert!(ending.await.expect("no panic").success());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    mall.start_engine("all").await;
    mall.finish().await;
}
