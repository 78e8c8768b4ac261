//! A shop moves here from a litemall database: what comes along, what cannot and is said, and what a cut in
//! the middle does.

mod bad;
mod compare;
mod shop;
mod tables;

use crate::harness::{Call, Process, World};
use serde_json::json;
use shop::{Litemall, PASSWORD};
use sqlx::Row;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A mall that was migrated and nothing else; nobody is served.
async fn unused() -> World {
    let mut world = World::new().await;
    stop(&mut world);
    for table in ["role_permission", "admin", "role"] {
        let clear = sqlx::AssertSqlSafe(format!("delete from {table}"));
        sqlx::query(clear).execute(&world.db).await.unwrap();
    }
    world
}

fn stop(world: &mut World) {
    world.process.0.kill().unwrap();
    world.process.0.wait().unwrap();
}

async fn serve(world: &mut World) {
    world.process = Process(world.command(&["serve"]).spawn().unwrap());
    let private = world.private;
    world
        .until("the service is ready", async || {
            Call::get("/readyz").send(private).await.is_some_and(|answer| answer.status == 200)
        })
        .await;
}

fn import(world: &World, from: &Litemall, more: &[&str]) -> Command {
    let mut command = world.command(&["import", "--from", &from.url]);
    command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What it said on both ways, after it did what was asked.
fn done(command: &mut Command) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{stdout}\n{stderr}");
    (stdout, stderr)
}

/// Why it did not.
fn refusal(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    assert!(!status.success(), "it refuses");
    String::from_utf8(stderr).unwrap()
}

/// A line of the summary: read, copied, already there, left out, not kept, with a loss.
fn counts(summary: &str, table: &str) -> [u64; 6] {
    let name = format!("litemall_{table}");
    let named = |line: &&str| line.split_whitespace().next() == Some(name.as_str());
    let line = summary.lines().rfind(|line| named(line) && line.split_whitespace().count() == 7);
    let line = line.unwrap_or_else(|| panic!("{table} is in {summary}"));
    let cells: Vec<u64> = line.split_whitespace().skip(1).map(|cell| cell.parse().unwrap()).collect();
    cells.try_into().unwrap()
}

/// Everything that is in the mall, as checksums, to see whether something changed.
async fn checksums(world: &World) -> Vec<(String, Option<i64>)> {
    let names: Vec<String> = sqlx::query_scalar(
        "select cast(table_name as char) from information_schema.tables where table_schema = database() \
         and table_type = 'BASE TABLE' order by table_name",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    let all = sqlx::AssertSqlSafe(format!("checksum table {}", names.join(", ")));
    let rows = sqlx::query(all).fetch_all(&world.db).await.unwrap();
    rows.iter().map(|row| (row.get_unchecked(0), row.get_unchecked(1))).collect()
}

#[tokio::test]
async fn a_shop_moves_here_whole_and_a_second_time_changes_nothing() {
    let orders = std::env::var("IMPORT_ORDERS").map_or(360, |orders| orders.parse().unwrap());
    let mut world = unused().await;
    if orders >= 100_000 {
        // As much as docs/operations.md asks for a shop of that size.
        sqlx::raw_sql("set global innodb_buffer_pool_size = 1073741824").execute(&world.db).await.unwrap();
    }
    let old = Litemall::with(orders).await;

    let (checked, _) = done(&mut import(&world, &old, &["--check"]));
    assert_eq!(counts(&checked, "order"), [orders, orders, 0, 0, 0, 0], "{checked}");
    let untouched: i64 =
        sqlx::query_scalar("select (select count(*) from orders) + (select count(*) from import_progress)")
            .fetch_one(&world.db)
            .await
            .unwrap();
    assert_eq!(untouched, 0, "a check copies nothing");

    let (summary, peak_kb, took) = measured(&mut import(&world, &old, &[]));
    println!("{summary}\n{orders} orders in {took:?}, at most {peak_kb} KB in memory");
    assert_eq!(counts(&summary, "order"), [orders, orders, 0, 0, 0, 0]);
    assert_eq!(counts(&summary, "order_goods")[..2], [2 * orders, 2 * orders]);
    assert_eq!(counts(&summary, "region"), [3, 0, 0, 0, 3, 0], "ours is there");
    compare::all_rows(&world, &old).await;

    let before = checksums(&world).await;
    let (again, _) = done(&mut import(&world, &old, &[]));
    assert_eq!(counts(&again, "order"), [0, 0, orders, 0, 0, 0]);
    assert_eq!(checksums(&world).await, before, "a second time changes nothing");
    if orders > 10_000 {
        return;
    }

    serve(&mut world).await;
    bought_and_read(&world).await;
    world.finish().await;
}

/// Accounts and orders are what they were, through the door of the shop.
async fn bought_and_read(world: &World) {
    let form = json!({ "username": "user8", "password": PASSWORD });
    let token =
        world.ok(Call::post("/wx/auth/login", form.clone())).await["token"].as_str().unwrap().to_owned();
    let order: u64 =
        sqlx::query_scalar("select id from orders where user_id = 8 and status = 401 order by id limit 1")
            .fetch_one(&world.db)
            .await
            .unwrap();
    let detail = world.ok(Call::get(&format!("/wx/order/detail?orderId={order}")).shop(&token)).await;
    assert_eq!(detail["orderInfo"]["orderSn"], format!("20240101{order:08}"));
    assert_eq!(detail["orderInfo"]["consignee"], format!("Lin {order}"));
    assert_eq!(detail["orderGoods"].as_array().unwrap().len(), 2);
    assert_eq!(detail["orderGoods"][0]["specifications"], json!(["large"]));
    // The time stands there as it stood there.
    let hours = order / 60;
    let added = format!("2024-01-{:02} {:02}:{:02}:00", 1 + hours / 24, hours % 24, order % 60);
    assert_eq!(detail["orderInfo"]["addTime"], added);

    // The hash was replaced by ours, and the next log-in reads that one.
    let hash: String = sqlx::query_scalar("select password_hash from shopper where username = 'user8'")
        .fetch_one(&world.db)
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    assert_eq!(world.call(Call::post("/wx/auth/login", form)).await.errno(), 0);
    for (name, password) in [("user8", "plum"), ("gone", PASSWORD), ("oAbC", "oAbC")] {
        let form = json!({ "username": name, "password": password });
        assert_eq!(world.call(Call::post("/wx/auth/login", form)).await.errno(), 700, "{name}");
    }

    let form = json!({ "username": "clerk", "password": PASSWORD, "code": "" });
    let staff = world.ok(Call::post("/admin/auth/login", form)).await["token"].as_str().unwrap().to_owned();
    let brands = world.ok(Call::get("/admin/brand/list").staff(&staff)).await;
    assert_eq!(brands["total"], 6);
    assert_eq!(world.call(Call::get("/admin/ad/list").staff(&staff)).await.errno(), 506, "was taken away");
}

/// Runs it, and says how long it took and how much memory it had at most.
fn measured(command: &mut Command) -> (String, u64, Duration) {
    let since = Instant::now();
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let output = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || std::io::read_to_string(output).unwrap());
    let mut peak_kb = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak_kb = now.unwrap_or(peak_kb).max(peak_kb);
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let summary = reading.join().unwrap();
    assert!(child.wait().unwrap().success(), "{summary}");
    (summary, peak_kb, since.elapsed())
}

#[tokio::test]
async fn cut_in_the_middle_it_goes_on_where_it_was() {
    let world = unused().await;
    let old = Litemall::with(900).await;
    // In the middle of orders, and then in the middle of their lines.
    for table in ["litemall_order", "litemall_order_goods"] {
        let mut cut = Process(
            import(&world, &old, &["--batch", "7"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
        let since = Instant::now();
        loop {
            let at: Option<u64> =
                sqlx::query_scalar("select last_id from import_progress where source_table = ?")
                    .bind(table)
                    .fetch_optional(&world.db)
                    .await
                    .unwrap();
            if at.is_some_and(|at| at > 0) {
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{table} comes");
        }
        cut.0.kill().unwrap();
        cut.0.wait().unwrap();
        let finished: Option<bool> =
            sqlx::query_scalar("select finished_at is not null from import_progress where source_table = ?")
                .bind(table)
                .fetch_one(&world.db)
                .await
                .unwrap();
        assert_eq!(finished, Some(false), "{table} was cut");
    }
    let (summary, _) = done(&mut import(&world, &old, &["--batch", "50"]));
    assert_eq!(counts(&summary, "order"), [0, 0, 900, 0, 0, 0]);
    let lines = counts(&summary, "order_goods");
    assert!(lines[1] > 0 && lines[2] > 0 && lines[1] + lines[2] == 1_800, "{summary}");
    compare::all_rows(&world, &old).await;
}

#[tokio::test]
async fn a_source_that_is_none_and_a_target_in_use_are_refused() {
    let world = World::new().await;
    let old = Litemall::with(20).await;
    let said = refusal(&mut import(&world, &old, &[]));
    assert!(said.contains("table `role` has rows that did not come from this import"), "{said}");

    let world = unused().await;
    old.run("alter table litemall_order drop column pay_id").await;
    old.run("alter table litemall_goods modify retail_price double").await;
    old.run("drop table litemall_topic").await;
    let said = refusal(&mut import(&world, &old, &[]));
    for wrong in [
        "litemall_order.pay_id: the column is missing",
        "litemall_goods.retail_price: is double, and has to be decimal",
        "litemall_topic: the table is missing",
    ] {
        assert!(said.contains(wrong), "{said}");
    }
    let begun: i64 =
        sqlx::query_scalar("select count(*) from import_progress").fetch_one(&world.db).await.unwrap();
    assert_eq!(begun, 0, "nothing was begun");

    for (arguments, word) in [
        (["import", "--check"].as_slice(), "wants --from"),
        (&["import", "--from", &old.url, "--batch", "0"], "--batch wants a number"),
        (&["import", "--from", "mysql://root@127.0.0.1"], "no database"),
        (&["seed", "--check"], "belongs to import"),
    ] {
        let said = refusal(world.command(arguments).stderr(Stdio::piped()));
        assert!(said.contains(word), "{said} should say {word}");
    }
}

#[tokio::test]
async fn an_import_that_was_begun_goes_on_from_its_own_source_and_into_what_it_left() {
    let world = unused().await;
    let old = Litemall::with(20).await;
    done(&mut import(&world, &old, &[]));
    let other = Litemall::with(20).await;
    let said = refusal(&mut import(&world, &other, &[]));
    assert!(said.contains(&old.name) && said.contains("was begun here"), "{said}");

    // Rows that came there since are told, and stay.
    old.run("insert into litemall_issue (question, answer) values ('New?', 'Yes')").await;
    let (summary, _) = done(&mut import(&world, &old, &[]));
    assert_eq!(counts(&summary, "issue"), [0, 0, 1, 0, 0, 0]);
    assert!(summary.contains("litemall_issue: 1 rows are newer"), "{summary}");

    // A table that was cut, and then used.
    sqlx::query("update import_progress set finished_at = null where source_table = 'litemall_brand'")
        .execute(&world.db)
        .await
        .unwrap();
    sqlx::query("insert into brand (name) values ('ours')").execute(&world.db).await.unwrap();
    let said = refusal(&mut import(&world, &old, &[]));
    assert!(said.contains("table `brand` has rows"), "{said}");
}
