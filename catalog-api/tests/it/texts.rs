//! Texts and WeChat log-ins through the vendors' real clients, against servers of our own that check
//! signatures as the vendors document them.

use crate::harness::{Call, World, free_port};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use catalog_api::provider::sms::Message;
use catalog_api::random::hex;
use catalog_api::store::sms_outbox;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What a vendor was asked with a right signature, and how many calls it fails first.
#[derive(Default)]
struct Vendor {
    asked: Mutex<Vec<Value>>,
    fails: AtomicUsize,
}

impl Vendor {
    fn fails_now(&self) -> bool {
        self.fails.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

async fn serve(router: Router) -> SocketAddr {
    let address = free_port();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn hmac_of(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).map_or("", |(_, rest)| rest);
    rest.split_once(to).map_or(rest, |(found, _)| found)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        if first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
            rest = &more[2..];
        } else {
            bytes.push(first);
            rest = more;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Aliyun's V3 signature: the canonical request is made anew from what arrived, with the headers that the
/// caller says were signed.
async fn aliyun(
    State(vendor): State<Arc<Vendor>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> String {
    let query = query.unwrap_or_default();
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    let authorization = header(&headers, "authorization");
    let signed = between(authorization, "SignedHeaders=", ",");
    for needed in [
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    ] {
        assert!(signed.split(';').any(|name| name == needed), "{needed} has to be signed");
    }
    let lines: String =
        signed.split(';').map(|name| format!("{name}:{}\n", header(&headers, name).trim())).collect();
    let digest = hex(&Sha256::digest(&body));
    let canonical = format!("POST\n/\n{}\n{lines}\n{signed}\n{digest}", pairs.join("&"));
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(canonical)));
    let expected = hex(&hmac_of(b"aliyun-secret", &to_sign));
    let right = authorization.starts_with("ACS3-HMAC-SHA256 Credential=aliyun-key,")
        && between(authorization, "Signature=", ",") == expected
        && header(&headers, "x-acs-content-sha256") == digest
        && header(&headers, "x-acs-action") == "SendSms"
        && header(&headers, "x-acs-version") == "2017-05-25";
    if !right {
        return json!({ "Code": "SignatureDoesNotMatch", "Message": "x" }).to_string();
    }
    if vendor.fails_now() {
        return json!({ "Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "too many" }).to_string();
    }
    let parameter =
        |name: &str| pairs.iter().find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(decoded);
    vendor.asked.lock().unwrap().push(json!({
        "to": parameter("PhoneNumbers"), "sign": parameter("SignName"), "template": parameter("TemplateCode"),
        "parameters": serde_json::from_str::<Value>(&parameter("TemplateParam").unwrap()).unwrap(),
    }));
    json!({ "Code": "OK", "Message": "OK", "BizId": "900619746936498440^0", "RequestId": "r" }).to_string()
}

/// Tencent's TC3 signature, by the same rule.
async fn tencent(State(vendor): State<Arc<Vendor>>, headers: HeaderMap, body: Bytes) -> String {
    let authorization = header(&headers, "authorization");
    let signed = between(authorization, "SignedHeaders=", ",");
    assert!(signed.contains("content-type") && signed.contains("host"), "{signed}");
    let lines: String =
        signed.split(';').map(|name| format!("{name}:{}\n", header(&headers, name).to_lowercase())).collect();
    let canonical = format!("POST\n/\n\n{lines}\n{signed}\n{}", hex(&Sha256::digest(&body)));
    let scope = between(authorization, "Credential=tencent-key/", ",");
    let (date, _) = scope.split_once('/').unwrap_or_default();
    let timestamp = header(&headers, "x-tc-timestamp");
    let day = chrono::DateTime::from_timestamp(timestamp.parse().unwrap_or(0), 0).unwrap();
    let to_sign = format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let key = ["sms", "tc3_request"]
        .into_iter()
        .fold(hmac_of(b"TC3tencent-secret", date), |key, text| hmac_of(&key, text));
    let right = scope == format!("{}/sms/tc3_request", day.format("%Y-%m-%d"))
        && between(authorization, "Signature=", ",") == hex(&hmac_of(&key, &to_sign))
        && header(&headers, "x-tc-action") == "SendSms"
        && header(&headers, "x-tc-version") == "2021-01-11"
        && header(&headers, "x-tc-region") == "ap-guangzhou";
    if !right {
        let error = json!({ "Code": "AuthFailure.SignatureFailure", "Message": "x" });
        return json!({ "Response": { "Error": error, "RequestId": "r" } }).to_string();
    }
    let failed = vendor.fails_now();
    if !failed {
        vendor.asked.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    }
    let code = if failed { "FailedOperation.PhoneNumberInBlacklist" } else { "Ok" };
    let status =
        json!({ "SerialNo": "5000:1", "PhoneNumber": "+8613900000001", "Code": code, "Message": "m" });
    json!({ "Response": { "SendStatusSet": [status], "RequestId": "r" } }).to_string()
}

async fn world_with(provider: &str, vendor: &Arc<Vendor>, secret: &str) -> World {
    let router = match provider {
        "aliyun" => Router::new().route("/", post(aliyun)),
        _ => Router::new().route("/", post(tencent)),
    };
    let address = serve(router.with_state(Arc::clone(vendor))).await;
    let endpoint = format!("http://{address}");
    World::with(&[
        ("MALL_CATALOG__SMS__PROVIDER", provider),
        ("MALL_CATALOG__SMS__ENDPOINT", &endpoint),
        ("MALL_CATALOG__SMS__KEY_ID", &format!("{provider}-key")),
        ("MALL_CATALOG__SMS__KEY_SECRET", secret),
        ("MALL_CATALOG__SMS__APP_ID", "\"1400006666\""),
        ("MALL_CATALOG__SMS__SIGN_NAME", "秒杀商城"),
        ("MALL_CATALOG__SMS__TEMPLATES__CODE", "SMS_1"),
        ("MALL_CATALOG__SMS__TEMPLATES__SHIPPED", "SMS_2"),
        ("MALL_CATALOG__SMS__RESEND_AFTER_S", "1"),
    ])
    .await
}

async fn reg_captcha(world: &World) -> i64 {
    world.call(Call::post("/wx/auth/regCaptcha", json!({ "mobile": "13900000001" }))).await.errno()
}

#[tokio::test]
async fn aliyun_takes_our_signature_and_sends_the_code() {
    let vendor = Arc::new(Vendor::default());
    let world = world_with("aliyun", &vendor, "aliyun-secret").await;
    assert_eq!(reg_captcha(&world).await, 0);
    let asked = vendor.asked.lock().unwrap().clone();
    assert_eq!(
        (&asked[0]["to"], &asked[0]["sign"], &asked[0]["template"]),
        (&json!("13900000001"), &json!("秒杀商城"), &json!("SMS_1"))
    );
    let code = asked[0]["parameters"]["code"].as_str().unwrap().to_owned();
    let form = json!({ "username": "lin", "password": "x", "mobile": "13900000001", "code": code });
    assert_eq!(world.call(Call::post("/wx/auth/register", form)).await.errno(), 0);
    let wrong = world_with("aliyun", &vendor, "another secret").await;
    assert_eq!(reg_captcha(&wrong).await, 502, "the vendor refuses a wrong signature");
    assert_eq!(vendor.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn tencent_takes_our_signature_and_a_code_that_was_not_sent_can_be_asked_for_again() {
    let vendor = Arc::new(Vendor { fails: AtomicUsize::new(1), ..Vendor::default() });
    let world = world_with("tencent", &vendor, "tencent-secret").await;
    assert_eq!(reg_captcha(&world).await, 502);
    assert_eq!(reg_captcha(&world).await, 0, "the number need not wait");
    let asked = vendor.asked.lock().unwrap().clone();
    assert_eq!(asked[0]["PhoneNumberSet"], json!(["+8613900000001"]));
    assert_eq!((&asked[0]["SmsSdkAppId"], &asked[0]["TemplateId"]), (&json!("1400006666"), &json!("SMS_1")));
    assert_eq!(asked[0]["TemplateParamSet"][0].as_str().unwrap().len(), 6);
    let wrong = world_with("tencent", &vendor, "another secret").await;
    assert_eq!(reg_captcha(&wrong).await, 502);
}

#[tokio::test]
async fn a_promised_text_is_sent_until_the_provider_takes_it_and_once() {
    let vendor = Arc::new(Vendor { fails: AtomicUsize::new(1), ..Vendor::default() });
    let world = world_with("aliyun", &vendor, "aliyun-secret").await;
    let mut tx = world.db.begin().await.unwrap();
    let message = Message::shipped("13900000001", "SF", "SF0001");
    sms_outbox::promise(&mut tx, &message, "order", 7).await.unwrap();
    // One nobody has a template for is given up in the end, and holds no other up.
    sms_outbox::promise(&mut tx, &Message::refunded("13900000001", "1"), "order", 8).await.unwrap();
    let none: Vec<(u64, u8)> = sms_outbox::states(&world.db, "order", &[7]).await.unwrap();
    assert!(none.is_empty(), "nothing is sent before the transaction");
    tx.commit().await.unwrap();
    world
        .until("the text is sent", async || {
            sms_outbox::states(&world.db, "order", &[7]).await.unwrap() == [(7, 1)]
        })
        .await;
    let asked = vendor.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["parameters"], json!({ "channel": "SF", "sn": "SF0001" }));
    assert_eq!(
        world.number("select cast(attempts as signed) from sms_outbox where subject_id = ?", 7).await,
        1
    );
    assert_eq!(sms_outbox::states(&world.db, "order", &[7, 8, 9]).await.unwrap(), [(7, 1), (8, 0)]);
    sqlx::query("update sms_outbox set attempts = 15, due_at = now(3) where subject_id = 8")
        .execute(&world.db)
        .await
        .unwrap();
    world
        .until("the other one is given up", async || {
            sms_outbox::states(&world.db, "order", &[8]).await.unwrap() == [(8, 2)]
        })
        .await;
}

async fn code2session(RawQuery(query): RawQuery) -> String {
    let query = query.unwrap_or_default();
    let parameter =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(decoded);
    let known = (parameter("appid"), parameter("secret"), parameter("grant_type"));
    let ours = (Some("wx-app".to_owned()), Some("s&cret=".to_owned()), Some("authorization_code".to_owned()));
    if known != ours {
        return json!({ "errcode": 40125, "errmsg": "invalid appsecret" }).to_string();
    }
    match parameter("js_code").as_deref() {
        Some("good code") => {
            json!({ "openid": "o-lin", "session_key": "MDEyMzQ1Njc4OWFiY2RlZg==" }).to_string()
        }
        Some("used") => json!({ "errcode": 40163, "errmsg": "code been used" }).to_string(),
        _ => json!({ "errcode": 40029, "errmsg": "invalid code" }).to_string(),
    }
}

#[tokio::test]
async fn weixin_is_asked_with_our_secret_and_its_refusals_are_ours() {
    let address = serve(Router::new().route("/sns/jscode2session", get(code2session))).await;
    let endpoint = format!("http://{address}");
    let world_of = |secret: &'static str| {
        let endpoint = endpoint.clone();
        async move {
            World::with(&[
                ("MALL_CATALOG__WEIXIN__PROVIDER", "weixin"),
                ("MALL_CATALOG__WEIXIN__ENDPOINT", &endpoint),
                ("MALL_CATALOG__WEIXIN__APP_ID", "wx-app"),
                ("MALL_CATALOG__WEIXIN__APP_SECRET", secret),
            ])
            .await
        }
    };
    let login = async |world: &World, code: &str| {
        let body = json!({ "code": code, "userInfo": { "nickName": "lin" } });
        world.call(Call::post("/wx/auth/login_by_weixin", body)).await.errno()
    };
    let world = world_of("s&cret=").await;
    assert_eq!(login(&world, "good code").await, 0);
    assert_eq!((login(&world, "used").await, login(&world, "x&appid=other").await), (-1, -1));
    let found: String =
        sqlx::query_scalar("select weixin_openid from shopper").fetch_one(&world.db).await.unwrap();
    assert_eq!(found, "o-lin");
    let wrong = world_of("wrong").await;
    assert_eq!(login(&wrong, "good code").await, -1);
}

#[tokio::test]
async fn rows_of_the_operation_log_are_kept_as_long_as_they_are_to_be() {
    let world = World::new().await;
    sqlx::query(
        "insert into operation_log (actor, action, succeeded, added_at) \
         select if(seq % 2, 'old', 'young'), 'x', true, date_sub(now(3), interval if(seq % 2, 181, 179) day) \
         from seq_1_to_3000",
    )
    .execute(&world.db)
    .await
    .unwrap();
    // The first thing an instance does; the one that runs does it every ten minutes.
    let _another = world.another_instance();
    let count = async |actor: &'static str| -> i64 {
        sqlx::query_scalar("select count(*) from operation_log where actor = ?")
            .bind(actor)
            .fetch_one(&world.db)
            .await
            .unwrap()
    };
    world.until("the old ones are gone", async || count("old").await == 0).await;
    assert_eq!(count("young").await, 1500);
}
