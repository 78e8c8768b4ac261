//! WeChat: log-in, the phone number its client seals, messages of customers.

use crate::harness::{Call, World, join_all};
use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

fn login(code: &str) -> Call {
    let info =
        json!({ "nickName": "林", "avatarUrl": "https://img.example/a.png", "gender": 1, "city": "杭州" });
    Call::post("/wx/auth/login_by_weixin", json!({ "code": code, "userInfo": info }))
}

/// A number as the client of the local provider seals it.
fn sealed(number: &str) -> Value {
    let (key, iv) = (b"0123456789abcdef", b"an iv of sixteen");
    let text = json!({ "purePhoneNumber": number, "countryCode": "86" }).to_string();
    let sealer = cbc::Encryptor::<Aes128>::new(key.into(), iv.into());
    let bytes = sealer.encrypt_padded_vec::<Pkcs7>(text.as_bytes());
    json!({ "encryptedData": STANDARD.encode(bytes), "iv": STANDARD.encode(iv) })
}

#[tokio::test]
async fn the_first_log_in_makes_an_account_and_the_next_ones_find_it() {
    let world = World::new().await;
    let coupon = world.coupon(1, 0).await;
    for (body, errno) in [
        (json!({}), 401),
        (json!({ "code": "c" }), 401),
        (json!({ "userInfo": {} }), 401),
        (json!({ "code": "c", "userInfo": "x" }), 402),
        (json!({ "code": "c", "userInfo": { "avatarUrl": "javascript:alert(1)" } }), 402),
        (json!({ "code": "c", "userInfo": { "nickName": "长".repeat(64) } }), 402),
        (json!({ "code": "bad code", "userInfo": {} }), -1),
    ] {
        let answer = world.call(Call::post("/wx/auth/login_by_weixin", body.clone())).await;
        assert_eq!(answer.errno(), errno, "{body}");
    }
    // Twenty first log-ins at once are one account with one coupon.
    let answers = join_all((0..20).map(|_| world.call(login("openid-of-lin")))).await;
    assert!(answers.iter().all(|answer| answer.errno() == 0), "{answers:?}");
    let data = answers[0].data();
    assert_eq!(data["userInfo"]["nickName"], "林");
    assert_eq!(data["userInfo"]["city"], "杭州");
    assert_eq!(world.number("select count(*) from shopper where id > ?", 0).await, 1);
    assert_eq!(world.number("select count(*) from coupon_user where coupon_id = ?", coupon).await, 1);
    let token = data["token"].as_str().unwrap();
    let info = world.ok(Call::get("/wx/auth/info").shop(token)).await;
    assert_eq!((&info["nickName"], &info["gender"]), (&json!("林"), &json!(1)));
    // It has no password, so no password lets anybody in.
    for password in ["openid-of-lin", " "] {
        let form = json!({ "username": "openid-of-lin", "password": password });
        assert_eq!(world.call(Call::post("/wx/auth/login", form)).await.errno(), 700);
    }
    // A name that was registered by somebody else is in nobody's way.
    world.shopper("openid-of-mei", "").await;
    let mei = world.call(login("openid-of-mei")).await.data();
    assert_eq!(
        world.ok(Call::get("/wx/auth/info").shop(mei["token"].as_str().unwrap())).await["nickName"],
        "林"
    );
    sqlx::query("update shopper set status = 1 where weixin_openid = 'openid-of-lin'")
        .execute(&world.db)
        .await
        .unwrap();
    assert_eq!(world.call(login("openid-of-lin")).await.errno(), 700);
}

#[tokio::test]
async fn a_registration_takes_over_what_wechat_made_and_nobody_else_s_account() {
    let world = World::with(&[("MALL_CATALOG__SMS__RESEND_AFTER_S", "1")]).await;
    world.ok(login("openid-of-lin")).await;
    let register = async |name: &str, mobile: &str, wx_code: &str| {
        let ask = json!({ "mobile": mobile });
        world
            .until("the number gets a code", async || {
                world.call(Call::post("/wx/auth/regCaptcha", ask.clone())).await.errno() == 0
            })
            .await;
        let sent = Call::get(&format!("/dev/sms?mobile={mobile}")).send(world.private).await.unwrap();
        let sent: Value = serde_json::from_str(&sent.text).unwrap();
        let body = json!({
            "username": name, "password": name, "mobile": mobile, "code": sent["code"], "wxCode": wx_code,
        });
        world.call(Call::post("/wx/auth/register", body)).await.errno()
    };
    assert_eq!(register("lin", "13900000001", "bad").await, 708);
    assert_eq!(register("lin", "13900000001", "openid-of-lin").await, 0);
    assert_eq!(world.number("select count(*) from shopper where id > ?", 0).await, 1);
    assert_eq!(register("mei", "13900000002", "openid-of-lin").await, 709);
    assert_eq!(register("mei", "13900000002", "openid-of-mei").await, 0);
    let token = world.shop_token("lin").await;
    assert_eq!(world.ok(Call::get("/wx/auth/info").shop(&token)).await["mobile"], "13900000001");
    assert_eq!(world.ok(login("openid-of-mei")).await["userInfo"]["nickName"], "林");
    assert_eq!(world.number("select count(*) from shopper where id > ?", 0).await, 2);
}

#[tokio::test]
async fn a_sealed_number_is_bound_when_it_opens_and_is_free() {
    let world = World::new().await;
    world.shopper("plain", "").await;
    let plain = world.shop_token("plain").await;
    let lin = world.ok(login("openid-of-lin")).await["token"].as_str().unwrap().to_owned();
    let mei = world.ok(login("openid-of-mei")).await["token"].as_str().unwrap().to_owned();
    let bind = async |token: &str, body: Value| {
        world.call(Call::post("/wx/auth/bindPhone", body).shop(token)).await.errno()
    };
    assert_eq!(bind("", sealed("13900000001")).await, 501);
    let mut no_iv = sealed("13900000001");
    no_iv["iv"] = "".into();
    assert_eq!(bind(&lin, no_iv).await, 401);
    assert_eq!(bind(&lin, json!({ "encryptedData": "AAAA", "iv": "AAAA" })).await, 402);
    assert_eq!(bind(&lin, sealed("12")).await, 402);
    assert_eq!(bind(&plain, sealed("13900000001")).await, 402, "there is no key to open it with");
    assert_eq!(bind(&lin, sealed("13900000001")).await, 0);
    assert_eq!(world.ok(Call::get("/wx/auth/info").shop(&lin)).await["mobile"], "13900000001");
    assert_eq!(bind(&mei, sealed("13900000001")).await, 705);
    assert_eq!(bind(&lin, sealed("13900000001")).await, 0, "the own number again");
}

#[tokio::test]
async fn messages_are_believed_with_a_signature_only() {
    let world = World::with(&[("MALL_CATALOG__WEIXIN__MESSAGE_TOKEN", "a token")]).await;
    let mut parts = ["a token", "1700000000", "nonce"];
    parts.sort_unstable();
    let signature = catalog_api::random::hex(&Sha1::digest(parts.concat()));
    let path = |signature: &str| {
        format!("/wx/msg/config?signature={signature}&timestamp=1700000000&nonce=nonce&echostr=hello")
    };
    assert_eq!(world.call(Call::get(&path(&signature))).await.text, "hello");
    let answer = world.call(Call::get(&path(&"0".repeat(40)))).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "fail"));
    let message = b"<xml><ToUserName>shop</ToUserName><FromUserName>lin</FromUserName>\
        <CreateTime>12</CreateTime><MsgType>text</MsgType></xml>";
    let post = |signature: &str| Call::raw(axum::http::Method::POST, &path(signature), message.to_vec());
    let answer = world.call(post(&signature)).await;
    assert_eq!(answer.headers["content-type"], "application/xml");
    assert!(answer.text.contains("<ToUserName>lin</ToUserName>"), "{}", answer.text);
    assert_eq!(world.call(post("x")).await.text, "");
    let unset = World::new().await;
    assert_eq!(unset.call(Call::get(&path(&signature))).await.text, "fail");
}
