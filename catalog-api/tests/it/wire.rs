//! What a network does to a request: it arrives in pieces, cut anywhere.

use crate::harness::World;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends a request in two pieces and reads the answer to its end.
async fn in_two(to: SocketAddr, request: &[u8], cut: usize) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    // Each piece is a segment of its own, and the second comes a little later.
    stream.set_nodelay(true).unwrap();
    let (head, tail) = request.split_at(cut);
    stream.write_all(head).await.unwrap();
    tokio::time::sleep(Duration::from_millis(3)).await;
    stream.write_all(tail).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_body_cut_anywhere_is_the_same_body() {
    let world = World::new().await;
    let lin = world.person("lin").await;
    let name = "林🐟字é";
    let body = json!({ "nickname": name }).to_string();
    let request = format!(
        "POST /wx/auth/profile HTTP/1.1\r\nhost: {}\r\nx-litemall-token: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        world.public,
        lin.token,
        body.len()
    )
    .into_bytes();
    let start = request.len() - body.len();
    // Every place within the body, those inside a character included, and some of the head.
    let cuts = (start..request.len()).chain((1..start).step_by(29));
    for cut in cuts {
        sqlx::query("update shopper set nickname = '' where id = ?")
            .bind(lin.id)
            .execute(&world.db)
            .await
            .unwrap();
        let answer = in_two(world.public, &request, cut).await;
        let envelope: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!(envelope["errno"], 0, "cut at {cut}: {answer}");
        let kept: String = sqlx::query_scalar("select nickname from shopper where id = ?")
            .bind(lin.id)
            .fetch_one(&world.db)
            .await
            .unwrap();
        assert_eq!(kept, name, "cut at {cut}");
    }
    world.finish().await;
}
