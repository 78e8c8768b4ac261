//! Shoppers, each with an address, a coupon, two favourites, three looks at goods and a search; every
//! twentieth has told the shop something. All have the same password.

use super::{Span, goods, insert, one_of, spans, state, tell};
use crate::state::App;
use anyhow::{Context, ensure};
use sqlx::{FromRow, MySqlConnection};

/// What every one of them logs in with.
const PASSWORD: &str = "shopper123";

const FAMILIES: [&str; 20] = [
    "Wang", "Li", "Zhang", "Liu", "Chen", "Yang", "Huang", "Zhao", "Wu", "Zhou", "Xu", "Sun", "Ma", "Zhu",
    "Hu", "Guo", "He", "Lin", "Gao", "Luo",
];
const GIVEN: [&str; 20] = [
    "Wei", "Fang", "Na", "Min", "Jing", "Lei", "Qiang", "Yan", "Jun", "Ying", "Hua", "Ping", "Gang", "Jie",
    "Juan", "Tao", "Chao", "Mei", "Bin", "Hong",
];
const WORDS: [&str; 10] =
    ["oak", "bamboo", "blanket", "lamp", "tea cup", "wool", "chair", "fishing rod", "glass", "bottle"];
/// The last name of ours; people may have names that only begin like them.
const HIGHEST: &str = "select max(username) from shopper \
    where username like 'shopper%' and username regexp '^shopper[0-9]{7}$'";
/// Counties the addresses are in.
const COUNTIES: u32 = 40;

/// A county with what it lies in.
#[derive(Debug, FromRow)]
struct County {
    province: String,
    city: String,
    county: String,
    code: u32,
}

/// Fills up to so many.
pub(super) async fn fill(app: &App, wanted: u64) -> anyhow::Result<()> {
    let (rows, highest) =
        state(&app.db, "select count(*) from shopper", HIGHEST).await.context("shoppers")?;
    if rows >= wanted {
        return Ok(());
    }
    let goods = goods::highest(&mut *app.db.acquire().await?).await?;
    ensure!(goods >= 3, "--users: their favourites need goods; give --goods as well");
    let choices = choices(app, goods).await?;
    let mut done = rows;
    for span in spans(rows, highest, wanted) {
        let mut tx = app.db.begin().await?;
        done += batch(&mut tx, span, &choices).await.context("shoppers")?;
        tx.commit().await?;
        tell("shoppers", done, wanted);
    }
    Ok(())
}

async fn choices(app: &App, goods: u64) -> anyhow::Result<Vec<(&'static str, String)>> {
    let counties: Vec<County> = sqlx::query_as(
        "select p.name as province, c.name as city, r.name as county, r.id as code \
         from region r join region c on c.id = r.pid join region p on p.id = c.pid \
         where r.kind = 3 order by r.id * 7919 % 10007, r.id limit ?",
    )
    .bind(COUNTIES)
    .fetch_all(&app.db)
    .await?;
    let coupons: Vec<u64> =
        sqlx::query_scalar("select id from coupon where deleted = false and kind < 3 order by id limit 50")
            .fetch_all(&app.db)
            .await?;
    ensure!(!counties.is_empty(), "--users: there are no regions; `migrate` loads them");
    ensure!(!coupons.is_empty(), "--users: there are no coupons; `seed` makes some");
    let of = |text: fn(&County) -> String| one_of(&counties.iter().map(text).collect::<Vec<_>>(), "(n * 31)");
    Ok(vec![
        ("hash", app.passwords.hash(PASSWORD.into()).await?),
        ("family", one_of(&FAMILIES, "(n * 7919)")),
        ("given", one_of(&GIVEN, "(n * 7919 div 20)")),
        ("word", one_of(&WORDS, "n")),
        ("coupon", one_of(&coupons, "n")),
        ("province", of(|county| county.province.clone())),
        ("city", of(|county| county.city.clone())),
        ("county", of(|county| county.county.clone())),
        ("code", of(|county| county.code.to_string())),
        // Another goods for each of a shopper's rows of a kind.
        ("goods", format!("(1 + (n * 40503 + k * {}) % {goods})", goods / 3)),
        ("added", "date_sub(now(3), interval n * 7919 % 1576800 minute)".to_owned()),
        ("lately", "date_sub(now(3), interval n * 7919 % 129600 minute)".to_owned()),
    ])
}

async fn batch(db: &mut MySqlConnection, span: Span, choices: &[(&str, String)]) -> anyhow::Result<u64> {
    let added = insert(
        db,
        "insert into shopper (username, password_hash, gender, birthday, last_login_at, last_login_ip, level, \
         nickname, mobile, added_at) \
         select concat('shopper', lpad(n, 7, '0')), '{hash}', n % 3, date_sub('2005-06-15', interval n % 15000 day), \
         {lately}, '127.0.0.1', if(n % 10 = 0, 1, 0), concat({family}, ' ', {given}, ' ', n), \
         concat('1700', lpad(n, 7, '0')), {added} from {numbers} order by n",
        span,
        choices,
    )
    .await?;
    for text in [
        "insert into address (user_id, name, province, city, county, detail, area_code, tel, is_default, added_at) \
         select id, concat({family}, ' ', {given}), {province}, {city}, {county}, \
         concat(1 + n % 300, ' Lake Road'), {code}, mobile, true, added_at \
         from {numbers} join shopper on username = concat('shopper', lpad(n, 7, '0')) order by id",
        // Unused, used, and over, in turn.
        "insert into coupon_user (user_id, coupon_id, status, used_at, starts_at, ends_at, added_at) \
         select id, {coupon}, n % 3, if(n % 3 = 1, {lately}, null), {lately}, \
         if(n % 3 = 2, {lately}, date_add(now(3), interval 60 day)), {lately} \
         from {numbers} join shopper on username = concat('shopper', lpad(n, 7, '0')) order by id",
        "insert into collect (user_id, kind, value_id, added_at) \
         select shopper.id, 0, goods.id, {lately} from {numbers} \
         join shopper on username = concat('shopper', lpad(n, 7, '0')) \
         cross join (select 0 as k union all select 1) favourites \
         join goods on goods_sn = concat('VG', lpad({goods}, 7, '0')) order by shopper.id, k",
        "insert into footprint (user_id, goods_id, added_at) \
         select shopper.id, goods.id, {lately} from {numbers} \
         join shopper on username = concat('shopper', lpad(n, 7, '0')) \
         cross join (select 0 as k union all select 1 union all select 2) looks \
         join goods on goods_sn = concat('VG', lpad({goods}, 7, '0')) order by shopper.id, k",
        "insert into search_history (user_id, word, added_at) \
         select id, {word}, {lately} \
         from {numbers} join shopper on username = concat('shopper', lpad(n, 7, '0')) order by id",
        "insert into feedback (user_id, username, mobile, feed_type, content, pic_urls, reply, replied_at, added_at) \
         select id, username, mobile, 'suggestion', concat('Please stock more ', {word}, '.'), '[]', \
         if(n % 40 = 0, 'We will.', ''), if(n % 40 = 0, now(3), null), {lately} \
         from {numbers} join shopper on username = concat('shopper', lpad(n, 7, '0')) where n % 20 = 0 order by id",
    ] {
        insert(db, text, span, choices).await?;
    }
    Ok(added)
}

/// Whoever needs shoppers of ours: the highest number there is.
pub(super) async fn highest(db: &mut MySqlConnection) -> sqlx::Result<u64> {
    let last: Option<String> = sqlx::query_scalar(HIGHEST).fetch_one(db).await?;
    Ok(last.and_then(|name| name.trim_start_matches("shopper").parse().ok()).unwrap_or(0))
}
