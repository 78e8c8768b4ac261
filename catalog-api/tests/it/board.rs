//! What staff are told of the engines: what each says, as it says it, and which of them say nothing.

use crate::harness::{Call, World, free_port};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Somebody who answers everything with this, or never, and notes what was asked.
async fn somebody(answer: Option<String>) -> (SocketAddr, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind(free_port()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (note, asked) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let bytes = stream.read(&mut head).await.unwrap();
            // Nobody may be interested.
            let _ = note.try_send(String::from_utf8_lossy(&head[..bytes]).into_owned());
            if let Some(body) = &answer {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                // Who reads no further than a bound hangs up.
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
            held.push(stream);
        }
    });
    (address, asked)
}

#[tokio::test]
async fn every_engine_is_asked_within_bounds_and_one_that_is_away_is_named() {
    let figures = json!({ "at_ms": 7, "metrics": [{ "name": "engine_streams", "help": "Streams.",
        "type": "gauge", "samples": [{ "value": 3 }] }] });
    let (well, mut asked) = somebody(Some(figures.to_string())).await;
    let (silent, _silence) = somebody(None).await;
    let (endless, _noise) = somebody(Some("7".repeat(400_000))).await;
    let (confused, _words) = somebody(Some("engine_streams 3".into())).await;
    let away = free_port();
    let engines = json!([well, silent, endless, confused, away].map(|engine| engine.to_string()));
    let world = World::with(&[("MALL_CATALOG__BOARD__ENGINES", &engines.to_string())]).await;
    let root = world.staff_token("root").await;
    let goods = world.goods("tea", 30).await;
    let sale = world.sale(&root, world.sale_form(goods, 20)).await["id"].as_u64().unwrap();

    let began = Instant::now();
    let board = world.ok(Call::get(&format!("/admin/seckill/board?id={sale}")).staff(&root)).await;
    assert!(began.elapsed() < Duration::from_secs(5), "all are asked at once: {:?}", began.elapsed());
    let told = board["engines"].as_array().unwrap();
    let addresses: Vec<&Value> = told.iter().map(|engine| &engine["address"]).collect();
    assert_eq!(json!(addresses), engines, "in the order of the settings");
    assert_eq!(told[0]["reachable"], true);
    assert_eq!(told[0]["figures"], figures, "as it came");
    for engine in &told[1..] {
        assert_eq!(engine["reachable"], false, "{engine}");
        assert!(engine.get("figures").is_none(), "{engine}");
        assert!(!engine["problem"].as_str().unwrap().is_empty(), "{engine}");
    }
    assert_eq!(told[1]["problem"], "no answer within 1500 ms");
    let asked = asked.recv().await.unwrap();
    assert!(asked.starts_with(&format!("GET /metrics.json?sale={sale} HTTP/1.1\r\n")), "{asked}");

    // Nothing is asked about a sale that is not there, and nothing for who may not know.
    assert_eq!(world.call(Call::get("/admin/seckill/board?id=999999").staff(&root)).await.errno(), 402);
    assert_eq!(world.call(Call::get("/admin/seckill/board").staff(&root)).await.errno(), 402);
    world.staff("clerk", &["admin:seckill:list"]).await;
    let clerk = world.staff_token("clerk").await;
    let path = format!("/admin/seckill/board?id={sale}");
    assert_eq!(world.call(Call::get(&path).staff(&clerk)).await.errno(), 506);
    assert_eq!(world.call(Call::get(&path)).await.errno(), 501);
    world.finish().await;
}
