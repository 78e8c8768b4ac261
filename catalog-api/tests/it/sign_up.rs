//! New accounts, codes by text message, forgotten passwords, other numbers.

use crate::harness::{Answer, Call, World, join_all};
use serde_json::{Value, json};

/// Codes may follow each other without a rest.
const QUICK: &[(&str, &str)] = &[("MALL_CATALOG__SMS__RESEND_AFTER_S", "1")];

async fn post(world: &World, path: &str, body: Value) -> Answer {
    world.call(Call::post(path, body)).await
}

/// The last text to a number.
async fn text(world: &World, mobile: &str) -> Option<Value> {
    let answer = Call::get(&format!("/dev/sms?mobile={mobile}")).send(world.private).await.unwrap();
    (answer.status == 200).then(|| serde_json::from_str(&answer.text).unwrap())
}

/// Asks for a code, as often as it takes until the number's turn comes, and reads it.
async fn code(world: &World, mobile: &str) -> String {
    let ask = async || post(world, "/wx/auth/regCaptcha", json!({ "mobile": mobile })).await.errno() == 0;
    world.until("the number gets a code", ask).await;
    text(world, mobile).await.unwrap()["code"].as_str().unwrap().to_owned()
}

fn form(name: &str, mobile: &str, code: &str) -> Value {
    json!({ "username": name, "password": "a secret", "mobile": mobile, "code": code, "repeatPassword": "a secret" })
}

/// A code that is not this one.
fn other(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn an_account_is_made_with_a_code_once_and_every_refusal_comes_in_its_turn() {
    let world = World::with(QUICK).await;
    let coupon = world.coupon(1, 0).await;
    world.shopper("taken", "").await;
    sqlx::query("update shopper set mobile = '13900000001'").execute(&world.db).await.unwrap();

    for (body, errno) in [
        (json!({}), 401),
        (json!({ "mobile": "" }), 401),
        (json!({ "mobile": "1390000000" }), 402),
        (json!({ "mobile": 13_900_000_002_i64 }), 0),
        (json!({ "mobile": "13900000002" }), 702),
    ] {
        assert_eq!(post(&world, "/wx/auth/regCaptcha", body.clone()).await.errno(), errno, "{body}");
    }
    assert_eq!(text(&world, "13900000009").await, None);
    let sent = text(&world, "13900000002").await.unwrap();
    assert_eq!((&sent["template"], &sent["mobile"]), (&json!("code"), &json!("13900000002")));
    let code = sent["code"].as_str().unwrap().to_owned();

    for member in ["username", "password", "mobile", "code"] {
        let mut body = form("lin", "13900000002", &code);
        body.as_object_mut().unwrap().remove(member);
        let answer = post(&world, "/wx/auth/register", body).await;
        assert!(answer.errno() == 401 && answer.errmsg().contains(member), "{}", answer.text);
    }
    let long = "长".repeat(64);
    for (name, mobile, code, errno) in [
        // The name is looked at before the number, the number before its form, all before the code.
        ("TAKEN", "13900000001", "no", 704),
        ("lin", "13900000001", "no", 705),
        ("lin", "139", "no", 707),
        ("lin", "13900000002", other(&code), 703),
        ("lin", "13900000003", &code, 703),
        (&long, "13900000002", &code, 402),
        (" lin", "13900000002", &code, 402),
    ] {
        let answer = post(&world, "/wx/auth/register", form(name, mobile, code)).await;
        assert_eq!(answer.errno(), errno, "{name} {mobile}: {}", answer.text);
    }
    let data = post(&world, "/wx/auth/register", form("lin", "13900000002", &code)).await.data();
    assert_eq!(data["userInfo"], json!({ "nickName": "lin", "avatarUrl": "" }));
    let token = data["token"].as_str().unwrap();
    let info = world.ok(Call::get("/wx/auth/info").shop(token)).await;
    assert_eq!(info, json!({ "nickName": "lin", "avatar": "", "gender": 0, "mobile": "13900000002" }));
    assert_eq!(world.number("select count(*) from coupon_user where coupon_id = ?", coupon).await, 1);
    assert_eq!(post(&world, "/wx/auth/register", form("mei", "13900000004", &code)).await.errno(), 703);

    let login = json!({ "username": "lin", "password": "a secret" });
    assert_eq!(post(&world, "/wx/auth/login", login).await.errno(), 0);
    // Mass assignment: what the contract does not know is ignored.
    let code = self::code(&world, "13900000005").await;
    let mut body = form("mei", "13900000005", &code);
    for (member, value) in
        [("userLevel", json!(2)), ("status", json!(1)), ("id", json!(1)), ("deleted", json!(true))]
    {
        body[member] = value;
    }
    assert_eq!(post(&world, "/wx/auth/register", body).await.errno(), 0);
    let odd = "select count(*) from shopper where (level <> 0 or status <> 0 or deleted) and id > ?";
    assert_eq!(world.number(odd, 0).await, 0);

    // The log has the registrations as what they are, and no password and no code.
    let rows: Vec<(String, u8, String, bool, String)> = sqlx::query_as(
        "select actor, kind, action, succeeded, concat(result, coalesce(cast(changes as char), '')) \
         from operation_log where action = 'POST /wx/auth/register' and succeeded = true order by id",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].0.starts_with("shopper ") && rows[0].1 == 3 && rows[0].4.contains("\"lin\""), "{rows:?}");
    let all: Vec<String> = sqlx::query_scalar(
        "select concat(actor, action, result, coalesce(cast(changes as char), '')) from operation_log",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    assert!(!all.join("\n").contains("secret") && !all.join("\n").contains(&code), "{all:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_code_dies_of_wrong_tries_and_of_age_and_a_number_gets_few_a_day() {
    let world = World::with(&[
        ("MALL_CATALOG__SMS__RESEND_AFTER_S", "1"),
        ("MALL_CATALOG__SMS__CODE_LIFE_S", "4"),
        ("MALL_CATALOG__SMS__CODE_TRIES", "2"),
        ("MALL_CATALOG__SMS__CODES_PER_DAY", "3"),
    ])
    .await;
    let mobile = "13900000001";
    let try_code = async |code: &str| {
        let body = json!({ "mobile": mobile, "code": code, "password": "x" });
        post(&world, "/wx/auth/reset", body).await.errno()
    };
    let first = code(&world, mobile).await;
    for _ in 0..2 {
        assert_eq!(try_code(other(&first)).await, 703);
    }
    assert_eq!(try_code(&first).await, 703, "two wrong tries and it is gone");
    let second = code(&world, mobile).await;
    world
        .until("the code is out of date", async || {
            let mut redis = world.redis.clone();
            let pattern = format!("{}:sms:code:*", world.prefix);
            let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.unwrap();
            keys.is_empty()
        })
        .await;
    assert_eq!(try_code(&second).await, 703);
    // The number is not registered, but its code is right.
    let third = code(&world, mobile).await;
    assert_eq!(try_code(&third).await, 706);
    world
        .until("the number's turn comes again", async || {
            let mut redis = world.redis.clone();
            let pattern = format!("{}:sms:turn:*", world.prefix);
            let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut redis).await.unwrap();
            keys.is_empty()
        })
        .await;
    assert_eq!(post(&world, "/wx/auth/regCaptcha", json!({ "mobile": mobile })).await.errno(), 702);
}

#[tokio::test]
async fn codes_for_many_numbers_from_one_address_end_soon() {
    let world = World::with(&[
        ("MALL_CATALOG__HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
        ("MALL_CATALOG__SMS__CODES_PER_ADDRESS", "3"),
    ])
    .await;
    let ask = async |number: u64, from: &str| {
        let body = json!({ "mobile": format!("139000000{number:02}") });
        world.call(Call::post("/wx/auth/regCaptcha", body).header("x-forwarded-for", from)).await.errno()
    };
    for number in 0..3 {
        assert_eq!(ask(number, "203.0.113.7").await, 0);
    }
    assert_eq!(ask(3, "203.0.113.7").await, 702);
    assert_eq!(ask(3, "203.0.113.8").await, 0, "others are not kept out");
}

#[tokio::test]
async fn without_a_provider_no_code_is_promised() {
    let world = World::with(&[("MALL_CATALOG__SMS__PROVIDER", "none")]).await;
    world.shopper("lin", "").await;
    let token = world.shop_token("lin").await;
    assert_eq!(post(&world, "/wx/auth/regCaptcha", json!({ "mobile": "13900000001" })).await.errno(), 701);
    for (body, errno) in [
        (json!({ "type": "bind-mobile" }), 401),
        (json!({ "mobile": "139", "type": "bind-mobile" }), 402),
        (json!({ "mobile": "13900000001" }), 401),
        (json!({ "mobile": "13900000001", "type": "bind-mobile" }), 701),
    ] {
        let answer = world.call(Call::post("/wx/auth/captcha", body.clone()).shop(&token)).await;
        assert_eq!(answer.errno(), errno, "{body}");
    }
}

#[tokio::test]
async fn a_code_is_good_for_what_it_was_asked_for_and_by_whom() {
    let world = World::with(QUICK).await;
    world.shopper("lin", "").await;
    world.shopper("mei", "").await;
    sqlx::query("update shopper set mobile = '13900000001' where username = 'lin'")
        .execute(&world.db)
        .await
        .unwrap();
    let (lin, mei) = (world.shop_token("lin").await, world.shop_token("mei").await);
    let asked = async |token: &str, mobile: &str, kind: &str| {
        let body = json!({ "mobile": mobile, "type": kind });
        world
            .until("the number gets a code", async || {
                world.call(Call::post("/wx/auth/captcha", body.clone()).shop(token)).await.errno() == 0
            })
            .await;
        text(&world, mobile).await.unwrap()["code"].as_str().unwrap().to_owned()
    };
    let reset_phone = async |token: &str, mobile: &str, code: &str, password: &str| {
        let body = json!({ "mobile": mobile, "code": code, "password": password });
        world.call(Call::post("/wx/auth/resetPhone", body).shop(token)).await.errno()
    };
    // One to bind a number neither sets a password, nor makes an account, nor binds it to somebody else.
    let code = asked(&lin, "13900000002", "bind-mobile").await;
    let reset = json!({ "mobile": "13900000002", "code": code, "password": "x" });
    assert_eq!(post(&world, "/wx/auth/reset", reset).await.errno(), 703);
    assert_eq!(post(&world, "/wx/auth/register", form("new", "13900000002", &code)).await.errno(), 703);
    assert_eq!(reset_phone(&mei, "13900000002", &code, "mei").await, 703);
    // In this order: the code, the number, the password.
    let taken = asked(&mei, "13900000001", "bind-mobile").await;
    assert_eq!(reset_phone(&mei, "13900000001", other(&taken), "wrong").await, 703);
    assert_eq!(reset_phone(&mei, "13900000001", &taken, "wrong").await, 705);
    assert_eq!(reset_phone(&lin, "13900000002", &code, "wrong").await, 700);
    let code = asked(&lin, "13900000002", "bind-mobile").await;
    assert_eq!(reset_phone(&lin, "13900000002", &code, "lin").await, 0);
    assert_eq!(world.ok(Call::get("/wx/auth/info").shop(&lin)).await["mobile"], "13900000002");

    // A forgotten password: every session ends, the old password is void.
    let code = asked(&lin, "13900000002", "change-password").await;
    assert_eq!(reset_phone(&lin, "13900000002", &code, "lin").await, 703);
    let reset = json!({ "mobile": "13900000002", "code": code, "password": "new one" });
    assert_eq!(post(&world, "/wx/auth/reset", reset.clone()).await.errno(), 0);
    assert_eq!(post(&world, "/wx/auth/reset", reset).await.errno(), 703);
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&lin)).await.errno(), 501);
    let login = |password: &str| json!({ "username": "lin", "password": password });
    assert_eq!(post(&world, "/wx/auth/login", login("lin")).await.errno(), 700);
    assert_eq!(post(&world, "/wx/auth/login", login("new one")).await.errno(), 0);
    assert_eq!(world.call(Call::get("/wx/auth/info").shop(&mei)).await.errno(), 0);
}

#[tokio::test]
async fn of_many_who_use_one_code_or_one_name_at_once_one_gets_it() {
    let world = World::with(QUICK).await;
    world.coupon(1, 0).await;
    let code = code(&world, "13900000001").await;
    let tries = (0..20).map(|number| {
        let body = form(&format!("name{number}"), "13900000001", &code);
        post(&world, "/wx/auth/register", body)
    });
    let won = join_all(tries).await.iter().filter(|answer| answer.errno() == 0).count();
    assert_eq!(won, 1);

    let mut codes = Vec::new();
    for number in 10..14 {
        let mobile = format!("139000000{number}");
        codes.push((mobile.clone(), self::code(&world, &mobile).await));
    }
    let tries =
        codes.iter().map(|(mobile, code)| post(&world, "/wx/auth/register", form("same", mobile, code)));
    let mut errnos: Vec<i64> = join_all(tries).await.iter().map(Answer::errno).collect();
    errnos.sort_unstable();
    assert_eq!(errnos, [0, 704, 704, 704]);
    assert_eq!(world.number("select count(*) from shopper where id > ?", 0).await, 2);
    assert_eq!(world.number("select count(*) from coupon_user where id > ?", 0).await, 2);
}

#[tokio::test]
async fn hashes_of_earlier_systems_let_their_owner_in_once_and_are_replaced() {
    use md5::{Digest, Md5};
    let world = World::new().await;
    let md5 = catalog_api::random::hex(&Md5::digest("mei-passpepper"));
    let bcrypt = bcrypt::hash("lin-pass", 5).unwrap().replacen("$2b$", "$2a$", 1);
    for (name, hash) in [("lin", &bcrypt), ("mei", &format!("$md5$pepper${md5}"))] {
        world.shopper(name, "").await;
        sqlx::query("update shopper set password_hash = ? where username = ?")
            .bind(hash)
            .bind(name)
            .execute(&world.db)
            .await
            .unwrap();
    }
    world.staff("old-staff", &["*"]).await;
    sqlx::query("update admin set password_hash = ? where username = 'old-staff'")
        .bind(&bcrypt)
        .execute(&world.db)
        .await
        .unwrap();
    // What imports leave bare is wrapped by the next migration.
    assert!(world.command(&["migrate"]).status().unwrap().success());
    let bare = "select count(*) from shopper where password_hash like '$md5$%' \
        and password_hash not like '%$argon2id$%' and id > ?";
    assert_eq!(world.number(bare, 0).await, 0);

    let login = async |path: &str, name: &str, password: &str| {
        post(&world, path, json!({ "username": name, "password": password })).await.errno()
    };
    for (name, password) in [("lin", "lin-pass"), ("mei", "mei-pass")] {
        assert_eq!(login("/wx/auth/login", name, "wrong").await, 700);
        for _ in 0..2 {
            assert_eq!(login("/wx/auth/login", name, password).await, 0, "{name}");
        }
    }
    assert_eq!(login("/admin/auth/login", "old-staff", "wrong").await, 605);
    assert_eq!(login("/admin/auth/login", "old-staff", "lin-pass").await, 0);
    for table in [
        "select count(*) from shopper where password_hash not like '$argon2id$%' and id > ?",
        "select count(*) from admin where password_hash not like '$argon2id$%' and id > ?",
    ] {
        assert_eq!(world.number(table, 0).await, 0);
    }
}

#[tokio::test]
async fn a_stranger_who_guesses_slows_the_owner_down_and_does_not_keep_the_owner_out() {
    let world = World::with(&[("MALL_CATALOG__HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]")]).await;
    world.shopper("lin", "").await;
    let try_in = |password: String, from: &str| {
        let form = json!({ "username": "lin", "password": password });
        world.call(Call::post("/wx/auth/login", form).header("x-forwarded-for", from))
    };
    let guesses = (0..40).map(|number| try_in(format!("guess {number}"), "203.0.113.7"));
    assert!(join_all(guesses).await.iter().all(|answer| answer.errno() == 700));
    let since = std::time::Instant::now();
    assert_eq!(try_in("lin".into(), "198.51.100.1").await.errno(), 0);
    assert!(since.elapsed() < std::time::Duration::from_secs(10), "{:?}", since.elapsed());
    // The account is forgiven, the address is not.
    let since = std::time::Instant::now();
    assert_eq!(try_in("lin".into(), "198.51.100.1").await.errno(), 0);
    let quick = since.elapsed();
    assert_eq!(try_in("lin".into(), "203.0.113.7").await.errno(), 0);
    assert!(since.elapsed() - quick > std::time::Duration::from_secs(2), "{:?}", since.elapsed());
}
