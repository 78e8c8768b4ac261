//! Every list, with every filter and every order its description names, reads what the answer needs and
//! not the table. Each statement the service sends for it is taken from the server's own log and explained.
//!
//! A statement may look at more than [`SCAN_MAX`] rows in two cases. The total of a list may be counted in
//! an index that holds all the statement asks for; and what [`STATED`] names may, for the reason given.

use crate::harness::{Call, Process, World, free_port};
use serde_json::Value;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{AssertSqlSafe, MySqlPool, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// Rows of each table.
const ROWS: u32 = 20_000;
/// Rows a statement may look at.
const SCAN_MAX: u64 = 10_000;

/// A text that may stand anywhere is looked for in every row of a table that is as short as this.
const SHORT: &str = "written by staff; a shop has hundreds";
/// What shoppers write, too.
const IN_AN_INDEX: &str =
    "every row is looked at, in the smallest index that has what the list shows and sorts by";
/// What nobody looks for often enough for an index that every order would have to keep.
const SELDOM: &str = "every order of the time that is given is looked at; documented as slow";
/// What is counted for the words beside a list.
const COUNTED: &str = "the categories of all that is listed are counted, in an index";
/// Path, filter (none is the list itself), and why its statements look at every row.
const STATED: &[(&str, &str, &str)] = &[
    ("/admin/ad/list", "content", SHORT),
    ("/admin/ad/list", "name", SHORT),
    ("/admin/address/list", "name", IN_AN_INDEX),
    ("/admin/bbq/list", "name", SHORT),
    ("/admin/brand/list", "name", SHORT),
    ("/admin/coupon-seckill/list", "name", SHORT),
    ("/admin/coupon-seckill/list", "end", SHORT),
    ("/admin/coupon-seckill/list", "start", SHORT),
    ("/admin/coupon/list", "name", SHORT),
    ("/admin/feedback/list", "username", "people seldom write to the shop"),
    ("/admin/fishing/list", "name", SHORT),
    ("/admin/fishing/list", "place", SHORT),
    ("/admin/goods/list", "name", IN_AN_INDEX),
    ("/admin/history/list", "keyword", IN_AN_INDEX),
    ("/admin/issue/list", "question", SHORT),
    ("/admin/keyword/list", "keyword", SHORT),
    ("/admin/keyword/list", "url", SHORT),
    ("/admin/log/list", "name", IN_AN_INDEX),
    ("/admin/notice/list", "content", SHORT),
    ("/admin/notice/list", "title", SHORT),
    ("/admin/order/list", "consignee", SELDOM),
    ("/admin/order/list", "end", SELDOM),
    ("/admin/order/list", "start", SELDOM),
    ("/admin/order/list", "nickname", IN_AN_INDEX),
    ("/admin/profile/lsnotice", "title", "what one member of staff was told"),
    ("/admin/qa/list", "question", "people seldom ask about goods"),
    ("/admin/seckill/list", "name", SHORT),
    ("/admin/seckill/list", "end", SHORT),
    ("/admin/seckill/list", "start", SHORT),
    ("/admin/storage/list", "name", "files of staff, some thousands"),
    ("/admin/topic/list", "subtitle", SHORT),
    ("/admin/topic/list", "title", SHORT),
    ("/admin/user/list", "username", IN_AN_INDEX),
    ("/wx/fishing/list", "", "sessions to come; a shop has dozens"),
    ("/wx/goods/list", "isHot", COUNTED),
    ("/wx/goods/list", "isNew", COUNTED),
    ("/wx/goods/list", "keyword", IN_AN_INDEX),
    ("/wx/groupon/list", "", SHORT),
    ("/wx/groupon/my", "", "all groups of one shopper"),
    ("/wx/issue/list", "question", SHORT),
    ("/wx/search/helper", "keyword", SHORT),
    (SAME, "isHot", COUNTED),
    (SAME, "isNew", COUNTED),
    (SAME, "keyword", IN_AN_INDEX),
];

/// Asks what `/wx/goods/list` has asked before, so that what is kept may answer.
const SAME: &str = "/wx/search/result";

/// Parameters that choose a part of the list, not what is in it.
const NO_FILTERS: [&str; 6] = ["page", "limit", "size", "sort", "order", "export"];
/// Every word some list can be sorted by; a list refuses those it does not know.
const SORTS: [&str; 5] = ["add_time", "id", "retail_price", "name", "price"];
/// Lists without pages, and the pages people see first.
const PAGES: [&str; 10] = [
    "/wx/home/index",
    "/wx/catalog/index",
    "/wx/goods/count",
    "/wx/goods/detail",
    "/wx/goods/category",
    "/wx/goods/related",
    "/wx/search/index",
    "/wx/groupon/my",
    "/wx/user/index",
    "/admin/coupon/listuser",
];

/// What a filter is tried with: a text that one row has, an id that a part of the rows has, each word.
fn values(path: &str, name: &str) -> &'static [&'static str] {
    match (path, name) {
        ("/wx/order/list", "showType") => &["0", "1", "2", "3", "4"],
        ("/wx/comment/list" | "/wx/groupon/my", "showType") => &["0", "1"],
        ("/wx/comment/list" | "/wx/comment/count" | "/wx/collect/list", "type") => &["0", "1"],
        ("/admin/profile/lsnotice", "type") => &["unread", "read"],
        ("/admin/coupon/list", "type") => &["0", "3"],
        ("/wx/aftersale/list", "status") => &["", "1", "3"],
        ("/admin/fishing/list" | "/admin/bbq/list", "state") => &["on", "off"],
        ("/admin/bbq/booking/list", "state") => &["unpaid", "valid", "ended"],
        ("/admin/seckill/list" | "/admin/coupon-seckill/list", "state") => &["draft", "archived"],
        ("/admin/storage/list", "key") => &["key12345"],
        (_, "status") => &["1", "3"],
        (_, "kind") => &["goods", "coupon"],
        (_, "orderStatusArray") => &["402", "201,301", "101"],
        (_, "isNew" | "isHot" | "replied" | "answered") => &["true", "false"],
        (_, "orderSn") => &["sn12345"],
        (_, "aftersaleSn") => &["as12345"],
        (_, "goodsSn") => &["sn12345"],
        (_, "mobile") => &["13800012345"],
        (_, "date") => &["2030-01-05"],
        (_, "start") => &["2030-01-01 12:00:00", "2030-01-01 20:09:00"],
        (_, "end") => &["2030-01-01 20:01:00", "2030-01-01 23:59:59"],
        (_, "categoryId") => &["15"],
        (
            _,
            "id" | "userId" | "goodsId" | "valueId" | "brandId" | "orderId" | "couponId" | "standId"
            | "grouponRuleId",
        ) => &["7"],
        (
            _,
            "name" | "title" | "subtitle" | "content" | "username" | "nickname" | "consignee" | "keyword"
            | "question" | "url" | "place",
        ) => &["12345"],
        _ => panic!("{path}: with what is `{name}` to be tried?"),
    }
}

/// Fills every table that is listed; members of staff and their roles are not that many anywhere. Times lie within some minutes of 2030, rows of one owner all over them.
const FILL: &[&str] = &[
    "insert into category (name, level, parent_id) select concat('c', seq), if(seq <= 10, 1, 2), \
     if(seq <= 10, 0, 1 + seq % 10) from seq_1_to_100",
    "insert into brand (name, added_at) select concat('b', seq), {at} from seq_1_to_20000",
    "insert into goods (goods_sn, name, keywords, gallery, detail, category_id, brand_id, is_new, is_hot, \
     retail_price_minor, added_at) select concat('sn', seq), concat('goods ', seq), concat('word', seq), '[]', '', \
     11 + seq % 90, 1 + seq % 40, seq % 6 = 0, seq % 7 = 0, 100 + seq * 7919 % 10007, {at} from seq_1_to_20000",
    "insert into sku (goods_id, specifications, price_minor, stock) select seq, '[]', 100, 10 from seq_1_to_20000",
    "insert into keyword (word, url, is_hot, is_default, added_at) select concat('k', seq), concat('/u', seq), \
     seq % 1000 = 0, seq % 1000 = 1, {at} from seq_1_to_20000",
    "insert into issue (question, added_at) select concat('q', seq), {at} from seq_1_to_20000",
    "insert into ad (name, content, position, enabled, added_at) select concat('a', seq), concat('c', seq), \
     1 + seq % 9, seq % 1000 = 0, {at} from seq_1_to_20000",
    "insert into topic (title, subtitle, content, goods_ids, price_minor, added_at) select concat('t', seq), \
     concat('s', seq), '', '[]', seq * 7919 % 10007, {at} from seq_1_to_20000",
    "insert into search_history (user_id, word, added_at) select 1 + seq % 200, concat('w', seq), {at} \
     from seq_1_to_20000",
    "insert into shopper (username, nickname, mobile, updated_at, added_at) select concat('name', seq), concat('nick', seq), \
     13800000000 + seq, '2020-01-01', {at} from seq_1_to_20000",
    "insert into address (user_id, name, province, city, county, added_at) select seq, concat('to', seq), '', '', '', \
     {at} from seq_1_to_20000",
    "insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor, \
     actual_minor, pay_by, shipped_at, updated_at, added_at) select 1 + seq % 200, concat('sn', seq), \
     elt(1 + seq % 5, 401, 402, 402, 301, 201), concat('to', seq), '', '', 100, 100, 100, {at}, {at}, '2020-01-01', {at} \
     from seq_1_to_20000",
    "insert into order_goods (order_id, goods_id, goods_name, quantity, price_minor, specifications, updated_at, added_at) \
     select seq, 1 + seq % 500, 'goods', 1, 100, '[]', '2020-01-01', {at} from seq_1_to_20000",
    "insert into aftersale (aftersale_sn, order_id, user_id, amount_minor, pictures, status, added_at) \
     select concat('as', seq), seq, 1 + seq % 200, 100, '[]', 1 + seq % 5, {at} from seq_1_to_20000",
    "insert into coupon (name, kind, status, goods_scope_ids, added_at) select concat('c', seq), seq % 2 * 3, 0, '[]', \
     {at} from seq_1_to_20000",
    "insert into coupon_user (user_id, coupon_id, status, starts_at, ends_at, added_at) select 1 + seq % 200, \
     1 + seq % 500, seq % 3, {at}, {at}, {at} from seq_1_to_20000",
    "insert into collect (user_id, kind, value_id, added_at) select 1 + seq % 200, 0, seq, {at} from seq_1_to_20000",
    "insert into footprint (user_id, goods_id, added_at) select 1 + seq % 200, 1 + seq % 500, {at} \
     from seq_1_to_20000",
    "insert into comment (kind, value_id, user_id, pic_urls, reply, replied_at, added_at) select seq % 10 = 0, \
     1 + seq % 200, 1 + seq % 200, '[]', '', if(seq % 20 = 0, null, {at}), {at} from seq_1_to_20000",
    "insert into feedback (user_id, username, mobile, feed_type, content, pic_urls, replied_at, added_at) \
     select 1 + seq % 200, concat('name', seq), '', '', '', '[]', if(seq % 20 = 0, null, {at}), {at} \
     from seq_1_to_20000",
    "insert into notice (title, content, added_at) select concat('t', seq), concat('c', seq), {at} from seq_1_to_20000",
    "insert into notice_admin (notice_id, notice_title, admin_id, read_at, added_at) select seq, concat('t', seq), \
     1 + seq % 20, if(seq % 100 = 0, null, {at}), {at} from seq_1_to_20000",
    "insert into admin (username, password_hash, role_ids, added_at) select concat('name', seq), '', '[]', {at} \
     from seq_1_to_300",
    "insert into role (name, added_at) select concat('name', seq), {at} from seq_1_to_300",
    "insert into operation_log (actor, action, succeeded, added_at) select concat('name', seq), 'a', true, {at} \
     from seq_1_to_20000",
    "insert into storage (object_key, name, content_type, size, url, added_at) select concat('key', seq), \
     concat('n', seq), 'image/png', 1, '', {at} from seq_1_to_20000",
    "insert into groupon_rule (goods_id, goods_name, discount_minor, members, expires_at, added_at) select seq, \
     concat('goods ', seq), 1, 2, '2031-01-01', {at} from seq_1_to_20000",
    "insert into groupon (order_id, rule_id, user_id, creator_user_id, status, added_at) select seq, 1 + seq % 500, \
     1 + seq % 200, 1 + seq % 200, 1 + seq % 3, {at} from seq_1_to_20000",
    "insert into flash_sale (name, kind, goods_id, sku_id, coupon_id, price_minor, starts_at, ends_at, state, \
     put_on_sale, free, added_at) select concat('s', seq), seq % 2, if(seq % 2, null, 1 + seq % 500), \
     if(seq % 2, null, 1), if(seq % 2, 1, null), 1, {at}, date_add({at}, interval 1 minute), 7, 0, 0, {at} \
     from seq_1_to_20000",
    "insert into fishing_session (name, place, held_on, starts_at, ends_at, is_on, added_at) select concat('n', seq), \
     concat('p', seq), date_add('2030-01-01', interval seq % 400 day), '06:00', '11:00', seq % 9 <> 0, {at} \
     from seq_1_to_20000",
    "insert into ticket_type (fishing_session_id, name, price_minor, stock, added_at) select seq, 'seat', 1, 1, {at} \
     from seq_1_to_20000",
    "insert into ticket (user_id, order_id, ticket_type_id, unit, code, added_at) select 1 + seq % 200, seq, seq, 1, \
     lpad(seq, 32, '0'), {at} from seq_1_to_20000",
    "insert into bbq_stand (name, capacity, price_minor, is_on, added_at) select concat('n', seq), 4, 1, seq % 9 <> 0, \
     {at} from seq_1_to_20000",
    "insert into bbq_slot (stand_id, starts_at, ends_at, added_at) select seq, '10:00', '12:00', {at} \
     from seq_1_to_20000",
    "insert into bbq_booking (stand_id, slot_id, held_on, user_id, order_id, starts_at, ends_at, state, added_at) \
     select 1 + seq % 100, 1 + seq % 100, date_add('2030-01-01', interval seq div 100 day), 1 + seq % 200, seq, \
     '10:00', '12:00', seq % 3, {at} from seq_1_to_20000",
    "insert into goods_question (goods_id, user_id, question, answer, added_at) select 1 + seq % 500, 1 + seq % 200, \
     concat('q', seq), if(seq % 3, 'yes', ''), {at} from seq_1_to_20000",
];
/// Another millisecond for each row, in no order of the ids.
const AT: &str = "date_add('2030-01-01 12:00:00', interval seq * 7919 % 20011 * 30000 microsecond)";

/// A service whose statements are in the server's log, all of them.
struct Watched {
    root: MySqlPool,
    database: String,
    address: SocketAddr,
    _process: Process,
}

/// A statement as it was sent, and the rows the server looked at for it.
struct Sent {
    text: String,
    examined: u64,
}

impl Watched {
    async fn start(world: &World) -> Self {
        let root = MySqlPoolOptions::new().max_connections(1).connect(&world.database_url).await.unwrap();
        let (server, database) = world.database_url.rsplit_once('/').unwrap();
        for host in ["localhost", "127.0.0.1"] {
            run(&root, &format!("create user watched@'{host}'")).await;
            run(&root, &format!("grant all on {database}.* to watched@'{host}'")).await;
        }
        // Administrators are not greeted with it, so that the other tests' statements are not written down.
        run(&root, "set global init_connect = 'set session long_query_time = 0, log_slow_filter = \"\"'")
            .await;
        run(&root, "set global log_output = 'TABLE'").await;
        run(&root, "set global slow_query_log = 1").await;
        let (address, private) = (free_port(), free_port());
        let mut command = world.command(&["serve"]);
        command
            .env("DATABASE_URL", format!("{}/{database}", server.replace("root@", "watched@")))
            .env("MALL_CATALOG__HTTP__LISTEN", address.to_string())
            .env("MALL_CATALOG__HTTP__PRIVATE_LISTEN", private.to_string());
        let process = Process(command.spawn().unwrap());
        world
            .until("the watched service is ready", async || {
                Call::get("/readyz").send(private).await.is_some_and(|answer| answer.status == 200)
            })
            .await;
        Self { root, database: database.to_owned(), address, _process: process }
    }

    /// Calls, and what was sent to the database for it; nothing when the call is refused.
    async fn statements(&self, call: Call) -> Option<Vec<Sent>> {
        run(&self.root, "truncate mysql.slow_log").await;
        let answer = call.send(self.address).await.expect("the service answers");
        if answer.errno() == 402 {
            return None;
        }
        answer.data();
        let rows = sqlx::query(
            "select cast(convert(sql_text using utf8mb4) as char) as text, cast(rows_examined as unsigned) as examined \
             from mysql.slow_log where db = ?",
        )
        .bind(&self.database)
        .fetch_all(&self.root)
        .await
        .unwrap();
        let sent = rows.iter().map(|row| Sent { text: row.get("text"), examined: row.get("examined") });
        Some(sent.filter(|sent| sent.text.starts_with("select ")).collect())
    }

    /// What is wrong with the way a statement is executed, with its plan.
    async fn complaint(&self, sent: &Sent) -> Option<String> {
        let explain = AssertSqlSafe(format!("explain {}", sent.text));
        let plan = sqlx::raw_sql(explain).fetch_all(&self.root).await.unwrap();
        let cell = |row: &sqlx::mysql::MySqlRow, name: &str| {
            row.try_get_unchecked::<Option<String>, _>(name).unwrap().unwrap_or_default()
        };
        let scan = plan.iter().any(|row| {
            cell(row, "type") == "ALL" && cell(row, "rows").parse::<u64>().is_ok_and(|rows| rows > SCAN_MAX)
        });
        let counts_in_an_index = sent.text.starts_with("select count(*) ")
            && plan.iter().all(|row| cell(row, "Extra").contains("Using index"))
            && !sent.text.contains(" like ");
        if !scan && (sent.examined <= SCAN_MAX || counts_in_an_index) {
            return None;
        }
        let lines = plan
            .iter()
            .map(|row| ["table", "type", "key", "rows", "Extra"].map(|name| cell(row, name)).join(" | "));
        let lines: Vec<String> = lines.collect();
        Some(format!("{} rows looked at by {}\n    {}", sent.examined, sent.text, lines.join("\n    ")))
    }
}

async fn run(db: &MySqlPool, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(db).await.unwrap();
}

/// One way to ask for a list: filters with their values.
type Asked = Vec<(String, &'static str)>;

/// Nothing but what has to be there, each filter alone with each value, and each two together.
fn ways(path: &str, parameters: &[(String, bool)]) -> Vec<Asked> {
    let filters: Vec<&(String, bool)> =
        parameters.iter().filter(|(name, _)| !NO_FILTERS.contains(&name.as_str())).collect();
    let required: Asked = filters
        .iter()
        .filter(|(_, required)| *required)
        .map(|(name, _)| (name.clone(), values(path, name)[0]))
        .collect();
    let with = |chosen: &[(&String, &'static str)]| {
        let mut asked: Asked = required.clone();
        asked.retain(|(name, _)| chosen.iter().all(|(other, _)| *other != name));
        asked.extend(chosen.iter().map(|(name, value)| ((*name).clone(), *value)));
        asked
    };
    let mut ways = vec![with(&[])];
    for (at, (name, _)) in filters.iter().enumerate() {
        ways.extend(values(path, name).iter().map(|value| with(&[(name, *value)])));
        for (other, _) in &filters[at + 1..] {
            ways.push(with(&[(name, values(path, name)[0]), (other, values(path, other)[0])]));
        }
    }
    ways
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn no_list_reads_a_table() {
    let world = World::new().await;
    let shopper = world.shopper("buyer", "").await;
    assert_eq!(shopper, 1, "the first of those who own something");
    let (shop, staff) = (world.shop_token("buyer").await, world.staff_token("root").await);
    let watched = Watched::start(&world).await;
    for statement in FILL {
        run(&world.db, &statement.replace("{at}", AT)).await;
    }
    // Long done, as most orders are: the figures per day have them.
    run(&world.db, "update stat_mark set followed_to = '1970-01-01 00:00:01', refreshed_at = '1970-01-01'")
        .await;
    let figures = "select cast(coalesce(sum(s201 + s301 + s401 + s402), 0) as signed) from stat_state_day";
    for _ in 0..2_400 {
        let counted: i64 = sqlx::query_scalar(figures).fetch_one(&world.db).await.unwrap();
        if counted == i64::from(ROWS) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "select cast(table_name as char) from information_schema.tables where table_schema = database()",
    )
    .fetch_all(&world.db)
    .await
    .unwrap();
    let analyze = AssertSqlSafe(format!("analyze table {}", tables.join(", ")));
    sqlx::raw_sql(analyze).fetch_all(&world.db).await.unwrap();

    let description = Call::get("/openapi.json").send(watched.address).await.unwrap().text;
    let description: Value = serde_json::from_str(&description).unwrap();
    let mut lists: BTreeMap<&str, Vec<(String, bool)>> = BTreeMap::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<(String, bool)> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), parameter["required"] == true))
            .collect();
        let has = |name: &str| parameters.iter().any(|(known, _)| known == name);
        if item["get"].is_object() && (has("page") || has("limit") || PAGES.contains(&path.as_str())) {
            lists.insert(path, parameters);
        }
    }
    assert!(lists.len() >= 50, "{} lists", lists.len());

    let (mut calls, mut statements) = (0, 0);
    let mut complaints: BTreeMap<String, String> = BTreeMap::new();
    let mut needed = BTreeSet::new();
    for (path, parameters) in &lists {
        let can_sort = parameters.iter().any(|(name, _)| name == "sort");
        let sorts: &[&str] = if can_sort { &SORTS } else { &[""] };
        let orders: &[&str] = if can_sort { &["desc", "asc"] } else { &[""] };
        let mut answered = 0;
        for asked in ways(path, parameters) {
            // Two filters at once only as the front ends first ask.
            let pair = asked.len() > 1 + parameters.iter().filter(|(_, required)| *required).count();
            for sort in if pair { &sorts[..1] } else { sorts } {
                for order in if pair { &orders[..1] } else { orders } {
                    let mut query: Vec<String> =
                        asked.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
                    query.extend(can_sort.then(|| format!("sort={sort}&order={order}")));
                    let target = format!("{path}?{}", query.join("&"));
                    let call = Call::get(&target);
                    let call = if path.starts_with("/wx") { call.shop(&shop) } else { call.staff(&staff) };
                    let Some(sent) = watched.statements(call).await else { continue };
                    (answered, calls) = (answered + 1, calls + 1);
                    for sent in sent {
                        statements += 1;
                        let Some(complaint) = watched.complaint(&sent).await else { continue };
                        let stated = STATED.iter().find(|(of, filter, _)| {
                            of == path && (filter.is_empty() || asked.iter().any(|(name, _)| name == filter))
                        });
                        match stated {
                            Some((of, filter, _)) => {
                                needed.insert((*of, *filter));
                            }
                            None => {
                                let key = format!(
                                    "{path} {:?} {sort}",
                                    asked.iter().map(|(n, _)| n).collect::<Vec<_>>()
                                );
                                complaints.entry(key).or_insert_with(|| format!("{target}: {complaint}"));
                            }
                        }
                    }
                }
            }
        }
        assert!(answered > 0, "{path} was never answered");
    }
    println!("{} lists, {calls} calls, {statements} statements explained", lists.len());
    let complaints: Vec<&String> = complaints.values().collect();
    assert!(
        complaints.is_empty(),
        "{} ways to ask:\n{:#}",
        complaints.len(),
        complaints.iter().map(|c| format!("{c}\n")).collect::<String>()
    );
    for (path, filter, reason) in STATED.iter().filter(|(path, ..)| *path != SAME) {
        assert!(
            needed.contains(&(*path, *filter)),
            "{path} by {filter} reads little now; it is stated to ({reason})"
        );
    }
}
