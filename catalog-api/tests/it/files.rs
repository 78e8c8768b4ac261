//! Pictures people upload, and giving them out again.

use crate::harness::{Answer, Call, World};
use axum::http::Method;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;

pub(crate) fn png(side: u32) -> Vec<u8> {
    let image = RgbImage::from_fn(side, side, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(image).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

fn path_of(url: &Value) -> String {
    let url = url.as_str().unwrap();
    let at = url.find("/wx/storage/fetch/").expect("the address is the mall's");
    url[at..].to_owned()
}

#[tokio::test]
async fn anybody_uploads_a_picture_and_gets_it_back_harmless() {
    let world = World::new().await;
    let mut file = png(40);
    file.extend_from_slice(b"<script>alert(1)</script>");
    // The rich-text editor's blob has no suffix; nobody is logged in.
    let answer =
        world.call(Call::file("/wx/storage/upload", "blob", &file).header("X-Litemall-Token", "")).await;
    let kept = answer.data();
    assert_eq!((&kept["type"], &kept["name"]), (&json!("image/png"), &json!("blob")));
    let key = kept["key"].as_str().unwrap();
    assert!(key.len() == 24 && key.ends_with(".png"), "{key}");
    assert!(kept["url"].as_str().unwrap().starts_with(&format!("http://{}/", world.public)), "{kept}");

    let fetch =
        async |suffix: &str| world.call(Call::get(&format!("{}{suffix}", path_of(&kept["url"])))).await;
    // Clients append what asks other stores for a thumbnail.
    let given = fetch("?imageView2/1/w/200").await;
    assert_eq!((given.status, given.bytes.len() as u64), (200, kept["size"].as_u64().unwrap()));
    assert_eq!(given.headers["content-type"], "image/png");
    assert_eq!(given.headers["x-content-type-options"], "nosniff");
    assert!(
        given.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'; sandbox")
    );
    assert!(!given.bytes.windows(8).any(|window| window == b"<script>"));
    assert_eq!(image::load_from_memory(&given.bytes).unwrap().width(), 40);
    let download = world.call(Call::get(&format!("/wx/storage/download/{key}"))).await;
    assert_eq!(download.headers["content-disposition"], format!("attachment; filename=\"{key}\""));
    assert_eq!(download.bytes, given.bytes);

    for (path, status) in [
        ("aaaaaaaaaaaaaaaaaaaa.png", 404),
        ("x", 404),
        ("%00", 404),
        ("%E4%BD%A0", 404),
        ("..%2f..%2fetc%2fpasswd", 400),
        ("%2e%2e/secret", 400),
        ("../../etc/passwd", 400),
    ] {
        let answer = world.call(Call::get(&format!("/wx/storage/fetch/{path}"))).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.text.contains("root:"), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let world = World::new().await;
    let upload = |name: &str, content: &[u8]| world.call(Call::file("/wx/storage/upload", name, content));
    for content in [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".as_slice(),
        b"<html><script>alert(1)</script></html>",
        b"GIF89a<script>alert(1)</script>",
        b"just text",
        &png(30)[..60],
    ] {
        let answer: Answer = upload("a.png", content).await;
        assert_eq!(answer.errno(), 402, "{}", String::from_utf8_lossy(content));
        assert!(answer.errmsg().starts_with("file"), "{}", answer.errmsg());
    }
    assert_eq!(upload("a.png", b"").await.errno(), 401);
    assert_eq!(upload("a.png", &vec![7; 5 * 1024 * 1024 + 1]).await.errno(), 402);
    let big = Call::file("/wx/storage/upload", "a.png", &vec![7; 8 * 1024 * 1024]);
    assert_eq!(world.call(big).await.errno(), 402);
    // No part of that name, no form at all.
    let other = b"--edge\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n--edge--\r\n".to_vec();
    let form = |body: Vec<u8>, kind: &str| {
        world.call(Call::raw(Method::POST, "/wx/storage/upload", body).header("content-type", kind))
    };
    assert_eq!(form(other, "multipart/form-data; boundary=edge").await.errno(), 401);
    assert_eq!(form(b"{}".to_vec(), "application/json").await.errno(), 401);
    assert_eq!(form(b"nonsense".to_vec(), "multipart/form-data; boundary=edge").await.errno(), 402);
    let rows: i64 = sqlx::query_scalar("select count(*) from storage").fetch_one(&world.db).await.unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn staff_upload_list_rename_and_delete_files() {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let create =
        async |name: &str| world.ok(Call::file("/admin/storage/create", name, &png(16)).staff(&staff)).await;
    let (first, second) = (create("../../tea <b>cup</b>.png").await, create("rod.png").await);
    assert_eq!(first["name"], "b>.png".replace('>', ""));
    let list =
        async |query: &str| world.ok(Call::get(&format!("/admin/storage/list?{query}")).staff(&staff)).await;
    assert_eq!(list("").await["total"], 2);
    assert_eq!(list("name=ROD&key=").await["list"][0]["id"], second["id"]);
    let key = second["key"].as_str().unwrap();
    assert_eq!(list(&format!("key={key}")).await["total"], 1);
    assert_eq!(list(&format!("key={}", &key[..5])).await["total"], 0);
    assert_eq!(list("key=%E4%BD%A0").await["total"], 0);

    let post = async |path: &str, body: Value| world.call(Call::post(path, body).staff(&staff)).await;
    let mut row = second.clone();
    row["name"] = json!("travel rod.png");
    // The key and the size are not for staff to change.
    row["size"] = json!(1);
    row["key"] = json!("x");
    let renamed = post("/admin/storage/update", row).await.data();
    assert_eq!((&renamed["name"], &renamed["key"]), (&json!("travel rod.png"), &second["key"]));
    assert_eq!(renamed["size"], second["size"]);
    let read = world
        .ok(Call::raw(Method::POST, &format!("/admin/storage/read?id={}", second["id"]), vec![])
            .staff(&staff))
        .await;
    assert_eq!(read["name"], "travel rod.png");
    for (path, body, errno) in [
        ("/admin/storage/read", json!({}), 402),
        ("/admin/storage/read?id=999999", json!({}), 402),
        ("/admin/storage/update", json!({ "name": "x" }), 401),
        ("/admin/storage/update", json!({ "id": 999_999, "name": "x" }), 505),
        ("/admin/storage/update", json!({ "id": 1, "name": "x".repeat(256) }), 402),
        ("/admin/storage/delete", json!({ "id": 1 }), 401),
        ("/admin/storage/delete", json!({ "key": "../secret" }), 402),
        ("/admin/storage/delete", json!({ "key": "aaaaaaaaaaaaaaaaaaaa.png" }), 0),
    ] {
        assert_eq!(post(path, body.clone()).await.errno(), errno, "{path} {body}");
    }
    assert_eq!(world.call(Call::file("/admin/storage/create", "a.png", &png(16))).await.errno(), 501);
    let address = path_of(&second["url"]);
    assert_eq!(world.call(Call::get(&address)).await.status, 200);
    assert_eq!(post("/admin/storage/delete", second).await.errno(), 0);
    assert_eq!(world.call(Call::get(&address)).await.status, 404);
    assert_eq!(list("").await["total"], 1);
}

#[tokio::test]
async fn an_address_uploads_no_more_than_it_may_within_an_hour() {
    let world = World::with(&[
        ("MALL_CATALOG__STORAGE__UPLOADS_PER_HOUR_MAX", "3"),
        ("MALL_CATALOG__HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
    ])
    .await;
    let file = png(8);
    let from = async |address: &str| {
        let call = Call::file("/wx/storage/upload", "a.png", &file).header("x-forwarded-for", address);
        world.call(call).await.errno()
    };
    for _ in 0..3 {
        assert_eq!(from("203.0.113.7").await, 0);
    }
    assert_eq!(from("203.0.113.7").await, 402);
    assert_eq!(from("203.0.113.8").await, 0);
}
