//! Reads from a copy of the database that follows it, between two real servers.

use crate::harness::{Call, MariaDb, World, free_port};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};
use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

/// A mall whose database is followed by a copy.
struct House {
    world: World,
    staff: String,
    copy: MariaDb,
    /// Every list has a length of its own, so that none of them is kept already.
    limit: Cell<u32>,
    _main: MariaDb,
}

async fn sql(server: &MariaDb, sql: &str) {
    let mut db = MySqlConnection::connect(&server.url("mysql")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut db).await.unwrap();
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("catalog-it-{}-{name}", std::process::id()))
}

/// A list of brands that was not asked for before.
fn list(limit: &Cell<u32>) -> String {
    limit.set(limit.get() + 1);
    format!("/wx/brand/list?limit={}", 50 + limit.get())
}

impl House {
    async fn new(name: &str) -> Self {
        let options = "--server-id=1 --log-bin=binlog --binlog-format=ROW";
        let main = MariaDb::start(&folder(&format!("{name}-main")), options);
        let copy = MariaDb::start(&folder(&format!("{name}-copy")), "--server-id=2 --read-only");
        let follow = format!(
            "change master to master_host = '127.0.0.1', master_port = {}, master_user = 'root', \
             master_ssl = 0, master_connect_retry = 1, master_use_gtid = slave_pos; start slave",
            main.port()
        );
        sql(&copy, &follow).await;
        let world = World::at(&main, Some(&copy), &[]).await;
        let staff = world.staff_token("root").await;
        Self { world, staff, copy, limit: Cell::new(1), _main: main }
    }

    async fn add_brand(&self, name: &str) {
        let body = json!({ "name": name, "desc": "d", "floorPrice": 1, "picUrl": "" });
        self.world.ok(Call::post("/admin/brand/create", body).staff(&self.staff)).await;
    }

    /// The names of all brands, newly read.
    async fn brands(&self) -> Vec<String> {
        let page = self.world.ok(Call::get(&list(&self.limit))).await;
        let names =
            page["list"].as_array().unwrap().iter().map(|brand: &Value| brand["name"].as_str().unwrap());
        names.map(str::to_owned).collect()
    }

    async fn reads_of_the_copy(&self) -> u64 {
        let text = Call::get("/metrics").send(self.world.private).await.unwrap().text;
        let line = text.lines().find_map(|line| line.strip_prefix("catalog_replica_reads_total "));
        line.expect("it is counted").parse().unwrap()
    }

    /// Waits until a list is of the copy, where the first brand was given another name by hand.
    async fn is_read(&self) {
        self.world
            .until("the copy is read", async || self.brands().await.contains(&"only in the copy".to_owned()))
            .await;
    }

    async fn rename_in_the_copy(&self) {
        let name = &self.world.prefix;
        self.world
            .until("the brand is in the copy", async || {
                let mut db = MySqlConnection::connect(&self.copy.url(name)).await.unwrap();
                let renamed = sqlx::query("update brand set name = 'only in the copy' order by id limit 1");
                renamed.execute(&mut db).await.is_ok_and(|renamed| renamed.rows_affected() == 1)
            })
            .await;
    }
}

#[tokio::test]
async fn what_is_kept_is_read_from_the_copy_as_far_as_that_has_come() {
    let house = House::new("follows").await;
    house.add_brand("first").await;
    house.rename_in_the_copy().await;
    house.is_read().await;
    assert!(house.reads_of_the_copy().await > 0);

    // A change is shown by the next call, although the copy may not have it yet.
    for number in 0..20 {
        let name = format!("brand {number}");
        house.add_brand(&name).await;
        assert!(house.brands().await.contains(&name), "{name}");
    }

    // A copy that stands still is not asked for what came after.
    sql(&house.copy, "stop slave").await;
    house.add_brand("while it stands").await;
    for _ in 0..20 {
        let brands = house.brands().await;
        assert!(brands.contains(&"while it stands".to_owned()), "{brands:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    sql(&house.copy, "start slave").await;
    house.is_read().await;
    assert!(house.brands().await.contains(&"while it stands".to_owned()));
    house.world.finish().await;
}

#[tokio::test]
async fn a_copy_that_dies_is_missed_by_nobody() {
    let house = House::new("dies").await;
    house.add_brand("first").await;
    house.rename_in_the_copy().await;
    house.is_read().await;
    let House { world, staff, copy, limit, _main } = house;
    let port = copy.port();
    drop(copy);
    for _ in 0..200 {
        let page = world.ok(Call::get(&list(&limit))).await;
        assert_eq!(page["list"].as_array().unwrap().len(), 1, "the database answers");
    }
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "it is gone");
    let body = json!({ "name": "second", "desc": "d", "floorPrice": 1, "picUrl": "" });
    world.ok(Call::post("/admin/brand/create", body).staff(&staff)).await;
    let page = world.ok(Call::get("/wx/brand/list?limit=7")).await;
    assert_eq!(page["list"].as_array().unwrap().len(), 2);
    let lists = Call::get("/admin/user/list?export=csv").staff(&staff).send(world.public).await.unwrap();
    assert_eq!(lists.status, 200);
    world.finish().await;
}

/// An address that is a copy of nothing does no harm.
#[tokio::test]
async fn an_address_where_nobody_answers_leaves_everything_to_the_database() {
    let nowhere = format!("mysql://root@{}/mall", free_port());
    let world = World::with(&[("DATABASE_READ_URL", &nowhere)]).await;
    let page = world.ok(Call::get("/wx/brand/list")).await;
    assert_eq!(page["total"], 0);
    world.finish().await;
}
