//! Reads over a shop of the size that `cargo xtask seed` makes: what shoppers open, beside a bare axum
//! route, and each list of orders, shoppers and goods with each filter and order staff may ask for.

use crate::callers::{Script, request};
use crate::{cell, table};
use anyhow::{Context, Result, bail, ensure};
use hyper::Method;
use loadtest::settings::{Addresses, Args};
use loadtest::wire::{Connection, Host};
use serde_json::json;
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use xtask::process::{Bond, Launch, Owned};
use xtask::services::free_port;

/// What the figures are about; fewer rows show nothing.
const GOODS_LEAST: i64 = 50_000;
const ORDERS_LEAST: i64 = 500_000;
/// Connections of shoppers, and for how long they ask for one thing.
const SHOPPERS: usize = 32;
const SHOPPERS_ASK: Duration = Duration::from_secs(4);
/// How long staff ask for one thing, one call after the other.
const STAFF_ASK: Duration = Duration::from_millis(1500);
/// Longest wait for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// The goal for a list, p99.
const LIST_GOAL_MS: f64 = 50.0;
/// Different targets of one row; more than any cache between two of the same.
const TARGETS: usize = 400;

/// The least an axum route can cost: a text, no state, no layer.
pub(crate) async fn bare(address: &str) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    let router = axum::Router::new().route("/", axum::routing::get(async || "hello"));
    Ok(axum::serve(listener, router).await?)
}

/// Ids and words that are in the tables.
struct Known {
    goods: Vec<u64>,
    categories: Vec<u64>,
    order_numbers: Vec<String>,
    mobiles: Vec<String>,
    /// First, middle and last moment an order was placed, as the lists read times.
    times: [String; 3],
    rows: [i64; 3],
}

/// A row of the table: what is asked for, in turn.
struct Ask {
    name: String,
    targets: Vec<String>,
}

/// Measures and appends to the record.
pub(crate) async fn measure(args: &[String]) -> Result<()> {
    let args = Args::parse(args, &["env", "append", "dir"])?;
    let addresses = Addresses::read(&args.path("env", "target/dev/env"))?;
    let url = addresses.get("CATALOG_URL")?;
    let catalog: SocketAddr = url.trim_start_matches("http://").parse().context("CATALOG_URL")?;
    let db = MySqlPoolOptions::new().max_connections(1).connect(addresses.get("DATABASE_URL")?).await?;
    let known = known(&db).await?;
    let mut connection = Host::new(url)?.connection(ANSWER_LIMIT);
    let token = staff_token(&mut connection, &addresses).await?;

    let mut text = format!(
        "Reads over {} goods, {} shoppers and {} orders, `cargo xtask bench --reads` after `cargo xtask seed`.\n\n\
         | read, {SHOPPERS} connections | requests/s | p50 | p99 | bare axum beside it | p99 of it |\n\
         |---|---|---|---|---|---|\n",
        known.rows[0], known.rows[1], known.rows[2]
    );
    let (bare_axum, _process) = start_bare(args.path("dir", "target/bench")).await?;
    for ask in shop(&known) {
        check(&mut connection, &ask, None).await?;
        let hello = Script::repeated("bare axum", vec![request("GET", "/", None, None)]);
        let limit = cell::closed(bare_axum, SHOPPERS, SHOPPERS_ASK, &hello, 200, &[]).await?.driven;
        let ours = drive(catalog, &ask, None, SHOPPERS, SHOPPERS_ASK).await?;
        let line = format!(
            "| {} | {:.0} | {:.1} ms | {:.1} ms | {:.0}/s | {:.1} ms |",
            ask.name,
            ours.rate(),
            ours.percentile_ms(50.0),
            ours.percentile_ms(99.0),
            limit.rate(),
            limit.percentile_ms(99.0)
        );
        eprintln!("{line}");
        let _ = writeln!(text, "{line}");
    }
    let _ = write!(
        text,
        "\n| list, one call after the other | calls | p50 | p99 | p99 ≤ {LIST_GOAL_MS} ms |\n|---|---|---|---|---|\n"
    );
    let mut slow = 0;
    for ask in lists(&known) {
        check(&mut connection, &ask, Some(&token)).await?;
        let ours = drive(catalog, &ask, Some(&token), 1, STAFF_ASK).await?;
        let p99 = ours.percentile_ms(99.0);
        slow += usize::from(p99 > LIST_GOAL_MS);
        let holds = if p99 <= LIST_GOAL_MS { "yes" } else { "no" };
        let line = format!(
            "| {} | {} | {:.1} ms | {p99:.1} ms | {holds} |",
            ask.name,
            ours.total(),
            ours.percentile_ms(50.0)
        );
        eprintln!("{line}");
        let _ = writeln!(text, "{line}");
    }
    print!("\n{text}");
    table::append(&args.path("append", "docs/measurements.md"), &text)?;
    eprintln!("{slow} lists are slower than {LIST_GOAL_MS} ms");
    Ok(())
}

async fn known(db: &MySqlPool) -> Result<Known> {
    let mut rows = [0; 3];
    for (at, count) in
        ["select count(*) from goods", "select count(*) from shopper", "select count(*) from orders"]
            .into_iter()
            .enumerate()
    {
        rows[at] = sqlx::query_scalar(count).fetch_one(db).await?;
    }
    ensure!(
        rows[0] >= GOODS_LEAST && rows[2] >= ORDERS_LEAST,
        "there are {} goods and {} orders only: `cargo xtask seed` makes more",
        rows[0],
        rows[2]
    );
    let goods = "select id from goods where on_sale and not deleted order by id * 7919 % 100003 limit 400";
    let numbers = "select order_sn from orders where not deleted order by id desc limit 20";
    let mobiles = "select mobile from shopper where not deleted and mobile <> '' order by id desc limit 20";
    let time =
        async |which: &'static str| -> sqlx::Result<String> { sqlx::query_scalar(which).fetch_one(db).await };
    Ok(Known {
        goods: sqlx::query_scalar(goods).fetch_all(db).await?,
        categories: sqlx::query_scalar("select id from category where level = 2 and not deleted order by id")
            .fetch_all(db)
            .await?,
        order_numbers: sqlx::query_scalar(numbers).fetch_all(db).await?,
        mobiles: sqlx::query_scalar(mobiles).fetch_all(db).await?,
        times: [
            time("select date_format(min(added_at), '%Y-%m-%d %H:%i:%s') from orders").await?,
            time("select date_format(date_sub(now(), interval 1 year), '%Y-%m-%d %H:%i:%s')").await?,
            time("select date_format(date_sub(now(), interval 7 day), '%Y-%m-%d %H:%i:%s')").await?,
        ],
        rows,
    })
}

async fn staff_token(connection: &mut Connection, addresses: &Addresses) -> Result<String> {
    let form = json!({
        "username": addresses.get("STAFF_USER")?,
        "password": addresses.get("STAFF_PASSWORD")?,
        "code": addresses.get("CAPTCHA_ANSWER")?,
    });
    let answer = connection.send(Method::POST, "/admin/auth/login", &[], Some(&form)).await?.json();
    let token = answer["data"]["token"].as_str().with_context(|| format!("staff cannot log in: {answer}"))?;
    Ok(token.to_owned())
}

async fn start_bare(dir: PathBuf) -> Result<(SocketAddr, Owned)> {
    let port = free_port()?;
    std::fs::create_dir_all(&dir)?;
    let launch = Launch {
        program: std::env::current_exe()?,
        args: ["axum".into(), format!("127.0.0.1:{port}").into()].into(),
        envs: Vec::new(),
        log: dir.join("axum.log"),
        dir,
    };
    let process = launch.spawn(Bond::Leashed)?;
    let ready = xtask::wait::until(Duration::from_secs(10), &mut xtask::wait::quietly, || {
        Ok(xtask::http::get(port, "/").ok().map(|_| ()))
    })?;
    ready.context("the bare axum route does not answer")?;
    Ok((([127, 0, 0, 1], port).into(), process))
}

/// Every status is 200, so that what is asked for is looked at once before it is measured.
async fn check(connection: &mut Connection, ask: &Ask, token: Option<&str>) -> Result<()> {
    let target = ask.targets.first().with_context(|| format!("{}: nothing to ask for", ask.name))?;
    let authorization = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> =
        authorization.iter().map(|text| ("authorization", text.as_str())).collect();
    let answer = connection.send(Method::GET, target, &headers, None).await?;
    if answer.status != 200 || answer.json()["errno"] != 0 {
        bail!("{target} answers {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(())
}

async fn drive(
    to: SocketAddr,
    ask: &Ask,
    token: Option<&str>,
    connections: usize,
    within: Duration,
) -> Result<loadtest::native::Driven> {
    let requests = ask.targets.iter().map(|target| request("GET", target, token, None)).collect();
    let script = Script::repeated("reads", requests);
    let cell =
        cell::closed(to, connections, within, &script, 200, &[]).await.with_context(|| ask.name.clone())?;
    Ok(cell.driven)
}

fn ask(name: &str, targets: impl IntoIterator<Item = String>) -> Ask {
    Ask { name: name.to_owned(), targets: targets.into_iter().take(TARGETS).collect() }
}

/// What shoppers open.
fn shop(known: &Known) -> Vec<Ask> {
    let list = |query: String| format!("/wx/goods/list?{query}");
    let pages = |sort: &'static str| {
        let pages = 1..=TARGETS / known.categories.len().max(1) + 1;
        pages.flat_map(move |page| {
            known.categories.iter().map(move |id| list(format!("categoryId={id}&page={page}&{sort}")))
        })
    };
    vec![
        ask("home/index", ["/wx/home/index".to_owned()]),
        ask("goods/list, one page", [list("page=1&limit=20".to_owned())]),
        ask("goods/list, pages of all categories", pages("limit=20")),
        ask("goods/list, the same by price", pages("limit=20&sort=retail_price&order=asc")),
        ask(
            "goods/list, deep pages of all goods",
            (1..).map(|at| list(format!("page={}&limit=10", at * 20))),
        ),
        ask(
            "goods/list, a word that few names have",
            (1..).map(|at| list(format!("keyword={}", 10_007 + at * 97))),
        ),
        ask(
            "goods/list, a word that many names have",
            (1..).map(|at| list(format!("keyword=oak&page={at}"))),
        ),
        ask("goods/detail, 400 goods", known.goods.iter().map(|id| format!("/wx/goods/detail?id={id}"))),
    ]
}

/// Each list of staff over many rows, with each filter, each order, and pages far behind.
fn lists(known: &Known) -> Vec<Ask> {
    let mut asks = Vec::new();
    let encoded = |text: &str| text.replace(' ', "%20").replace(':', "%3A");
    let [first, year, week] = [0, 1, 2].map(|at: usize| encoded(&known.times[at]));
    let orders: Vec<(&str, Vec<String>)> = vec![
        ("all", vec![String::new()]),
        ("status 402 (many)", vec!["orderStatusArray=402".to_owned()]),
        ("status 201 (few)", vec!["orderStatusArray=201".to_owned()]),
        ("three states", vec!["orderStatusArray=201,301,401".to_owned()]),
        ("since a week", vec![format!("start={week}")]),
        ("since a year", vec![format!("start={year}")]),
        ("until a year ago", vec![format!("start={first}&end={year}")]),
        ("since a year and status 401", vec![format!("start={year}&orderStatusArray=401")]),
        ("number", known.order_numbers.iter().map(|number| format!("orderSn={number}")).collect()),
        ("nickname of one", (0..20).map(|at| format!("nickname={}", 50_021 + at)).collect()),
        ("nickname of many", vec!["nickname=Wang".to_owned()]),
        ("recipient, one of many", vec!["consignee=Wang%20Wei".to_owned()]),
        ("recipient, nobody", (0..20).map(|at| format!("consignee=nobody{at}")).collect()),
    ];
    let users: Vec<(&str, Vec<String>)> = vec![
        ("all", vec![String::new()]),
        ("name of one", (0..20).map(|at| format!("username={}", 50_021 + at)).collect()),
        ("name of many", vec!["username=shopper".to_owned()]),
        ("mobile", known.mobiles.iter().map(|mobile| format!("mobile={mobile}")).collect()),
        (
            "name and mobile",
            known.mobiles.iter().map(|mobile| format!("username=shopper&mobile={mobile}")).collect(),
        ),
    ];
    let goods: Vec<(&str, Vec<String>)> = vec![
        ("all", vec![String::new()]),
        ("name of one", (0..20).map(|at| format!("name={}", 50_021 + at)).collect()),
        ("name of many", vec!["name=oak".to_owned()]),
        ("number", (0..20).map(|at| format!("goodsSn=VG00{}", 50_021 + at)).collect()),
    ];
    for (path, filters) in [("order", orders), ("user", users), ("goods", goods)] {
        for (filter, queries) in &filters {
            for sort in ["add_time", "id"] {
                for order in ["desc", "asc"] {
                    let target =
                        |query: &String| format!("/admin/{path}/list?sort={sort}&order={order}&{query}");
                    asks.push(ask(&format!("{path}, {filter}, {sort} {order}"), queries.iter().map(target)));
                }
            }
        }
    }
    for (path, rows) in [("order", known.rows[2]), ("user", known.rows[1]), ("goods", known.rows[0])] {
        for (place, row) in [("a tenth", rows / 10), ("half", rows / 2), ("all", rows - 10)] {
            for sort in ["add_time", "id"] {
                let target = format!("/admin/{path}/list?sort={sort}&page={}", row / 10);
                asks.push(ask(&format!("{path}, page behind {place}, {sort} desc"), [target]));
            }
        }
    }
    asks
}
