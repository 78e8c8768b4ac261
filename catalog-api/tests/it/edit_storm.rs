//! Twenty members of staff change goods, stock, sales and roles at once while shoppers buy. Nothing is
//! oversold, every unit is where the calls that succeeded put it, and no change is lost: each success is
//! there at the end or was made again by somebody who had seen it, and whoever had not is refused.

use crate::harness::{Answer, Bought, Buyer, Call, Goods, World, config, join_all};
use catalog_api::random;
use catalog_api::session::Account;
use catalog_api::state::App;
use catalog_api::store::admin;
use contract::session::Audience;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long it blows; what follows is counting.
const STORM: Duration = Duration::from_secs(12);
const UNITS: i64 = 400;
const ON_SALE: i64 = 120;
/// Units of the sale that buyers may take; the rest is room for what staff take back.
const SALE_BUYS: usize = 60;
const GOODS_EDITORS: usize = 8;
const SALE_EDITORS: usize = 4;
const ROLE_EDITORS: usize = 4;
const MAKERS: usize = 2;
const DESK: usize = 2;
const SHOPPERS: usize = 16;

/// A change that was answered with success.
#[derive(Clone, Debug)]
struct Done {
    /// Which goods, sale or role.
    id: u64,
    /// The version it was made on.
    version: u64,
    /// What it wrote, found nowhere else.
    mark: String,
    /// By how many units it moved the stock.
    units: i64,
}

/// What a caller saw.
#[derive(Debug, Default)]
struct Seen {
    done: Vec<Done>,
    /// Refused because somebody else had been faster.
    overtaken: u64,
    /// Refused because an old version was sent on purpose.
    stale: u64,
}

struct Storm {
    world: World,
    goods: Vec<Goods>,
    sale: u64,
    roles: Vec<u64>,
    ends: Instant,
}

impl Storm {
    fn blows(&self) -> bool {
        Instant::now() < self.ends
    }

    async fn get(&self, path: &str, staff: &str) -> Value {
        self.world.ok(Call::get(path).staff(staff)).await
    }

    async fn post(&self, path: &str, body: Value, staff: &str) -> Answer {
        self.world.call(Call::post(path, body).staff(staff)).await
    }
}

#[tokio::test]
async fn twenty_members_of_staff_and_their_shoppers_lose_nothing() {
    let world = World::new().await;
    let staff = crew(&world, GOODS_EDITORS + SALE_EDITORS + ROLE_EDITORS + MAKERS + DESK).await;
    assert_eq!(staff.len(), 20);
    let mut goods = Vec::new();
    for name in ["tea", "cup", "lamp"] {
        goods.push(world.goods(name, UNITS).await);
    }
    let sale = world.sale(&staff[0], world.sale_form(goods[0], ON_SALE)).await["id"].as_u64().unwrap();
    world.engine_moves(sale, "open").await;
    let mut roles = Vec::new();
    for name in ["north", "south"] {
        let form = json!({ "name": name, "desc": "" });
        roles.push(
            world.ok(Call::post("/admin/role/create", form).staff(&staff[0])).await["id"].as_u64().unwrap(),
        );
    }
    let shoppers = world.buyers(SHOPPERS).await;
    let storm = Storm { world, goods, sale, roles, ends: Instant::now() + STORM };

    let (editors, rest) = staff.split_at(GOODS_EDITORS);
    let (sellers, rest) = rest.split_at(SALE_EDITORS);
    let (masters, rest) = rest.split_at(ROLE_EDITORS);
    let (makers, desk) = rest.split_at(MAKERS);
    let (of_goods, of_sale, of_roles, made, handled, bought, flash, lowest) = tokio::join!(
        join_all(editors.iter().enumerate().map(|(at, token)| edits_goods(&storm, token, at))),
        join_all(sellers.iter().enumerate().map(|(at, token)| edits_sale(&storm, token, at))),
        join_all(masters.iter().enumerate().map(|(at, token)| edits_roles(&storm, token, at))),
        join_all(makers.iter().enumerate().map(|(at, token)| makes_and_deletes(&storm, token, at))),
        join_all(desk.iter().map(|token| works_at_the_desk(&storm, token))),
        join_all(shoppers.iter().map(|buyer| buys(&storm, buyer))),
        sells(&storm, shoppers[0].id),
        lowest_stock(&storm),
    );
    assert!(lowest >= 0, "stock was never below nothing: {lowest}");
    let orders: u64 = bought.iter().sum();
    println!(
        "{} edits of goods, {} of the sale, {} of roles; {} made and deleted, {} orders handled; {orders} orders, \
         {} of the sale; {} calls were overtaken, {} stale ones refused",
        count(&of_goods),
        count(&of_sale),
        count(&of_roles),
        made.iter().sum::<u64>(),
        handled.iter().sum::<u64>(),
        flash.len(),
        of_goods.iter().chain(&of_sale).map(|seen| seen.overtaken).sum::<u64>(),
        of_goods.iter().chain(&of_sale).map(|seen| seen.stale).sum::<u64>(),
    );
    assert!(orders >= 10 && count(&of_goods) >= 20 && count(&of_sale) >= 10 && count(&of_roles) >= 10);

    nothing_of_goods_is_lost(&storm, &of_goods, &of_sale).await;
    nothing_of_the_sale_is_lost(&storm, &of_sale, flash.len() as i64).await;
    the_log_tells_the_roles(&storm, &of_roles).await;
    storm.world.finish().await;
}

fn count(seen: &[Seen]) -> usize {
    seen.iter().map(|seen| seen.done.len()).sum()
}

/// Sessions of so many members of staff who may do everything.
async fn crew(world: &World, size: usize) -> Vec<String> {
    let app = App::new(config(world)).unwrap();
    let mut db = world.db.acquire().await.unwrap();
    let role = admin::insert_role(&mut db, "crew", "").await.unwrap();
    admin::grant(&mut db, role, "*").await.unwrap();
    let mut accounts = Vec::new();
    for number in 0..size {
        let user = admin::insert(&mut db, &format!("crew{number}"), "", &format!("[{role}]")).await.unwrap();
        accounts.push(Account { audience: Audience::Staff, user, level: 0 });
    }
    app.sessions.open(&app.redis, &accounts).await.unwrap()
}

/// Opens the editor, changes the text and the stock, saves. Every fourth time the form of the time before
/// is sent once more.
async fn edits_goods(storm: &Storm, token: &str, number: usize) -> Seen {
    let mut seen = Seen::default();
    let mut saved: Option<Value> = None;
    let mut round = 0;
    while storm.blows() {
        round += 1;
        if let Some(old) = saved.take_if(|_| round % 4 == 0) {
            let answer = storm.post("/admin/goods/update", old, token).await;
            assert_eq!(answer.errno(), 504, "an old version: {}", answer.text);
            seen.stale += 1;
            continue;
        }
        let goods = storm.goods[(number + round) % storm.goods.len()];
        let mut form = storm.get(&format!("/admin/goods/detail?id={}", goods.id), token).await;
        let version = form["goods"]["version"].as_u64().unwrap();
        let mark = random::hex_128();
        form["goods"]["brief"] = json!(mark);
        let sku = &mut form["products"][0];
        let on_shelf = sku["number"].as_i64().unwrap();
        let units = [5, -3, 0, 1][round % 4].max(-on_shelf);
        sku["number"] = json!(on_shelf + units);
        sku["price"] = json!(40 + (random::bytes::<1>()[0] % 20));
        sku["updateTime"] = json!("");
        let answer = storm.post("/admin/goods/update", form.clone(), token).await;
        match answer.errno() {
            0 => {
                seen.done.push(Done { id: goods.id, version, mark, units });
                saved = Some(form);
            }
            504 => seen.overtaken += 1,
            other => panic!("{other}: {}", answer.text),
        }
    }
    seen
}

/// Changes the price of the running sale and how many units are on it.
async fn edits_sale(storm: &Storm, token: &str, number: usize) -> Seen {
    let mut seen = Seen::default();
    let mut round = 0;
    let read = format!("/admin/seckill/read?id={}", storm.sale);
    while storm.blows() {
        round += 1;
        let sale = storm.get(&read, token).await;
        let version = sale["version"].as_u64().unwrap();
        let units = [1, 0, -1, 2][(round + number) % 4];
        let price = f64::from(500 + u32::from(random::bytes::<1>()[0])) / 100.0;
        let form = json!({ "id": storm.sale, "version": version, "price": price, "stockDelta": units });
        let answer = storm.post("/admin/seckill/update", form.clone(), token).await;
        match answer.errno() {
            0 => {
                let after = answer.data();
                let same = sale["price"] == json!(price) && units == 0;
                let step = u64::from(!same);
                assert_eq!(after["version"], version + step, "the answer tells of this change");
                assert_eq!(after["price"].as_f64(), Some(price), "{}", answer.text);
                if !same {
                    seen.done.push(Done { id: storm.sale, version, mark: price.to_string(), units });
                    let answer = storm.post("/admin/seckill/update", form, token).await;
                    assert_eq!(answer.errno(), 504, "an old version: {}", answer.text);
                    seen.stale += 1;
                }
            }
            504 => seen.overtaken += 1,
            // No unit left to put on sale, or too few free ones to take back.
            680 | 682 => {}
            other => panic!("{other}: {}", answer.text),
        }
    }
    seen
}

/// What a role may do in the storm; each master gives one of these, whole.
const SETS: [[&str; 3]; 4] = [
    ["admin:brand:create", "admin:brand:list", "admin:brand:read"],
    ["admin:issue:create", "admin:issue:delete", "admin:issue:list"],
    ["admin:topic:create", "admin:topic:list", "admin:topic:read"],
    ["admin:ad:create", "admin:ad:delete", "admin:ad:list"],
];

async fn edits_roles(storm: &Storm, token: &str, number: usize) -> Seen {
    let mut seen = Seen::default();
    let mut round = 0;
    while storm.blows() {
        round += 1;
        let id = storm.roles[(number + round) % storm.roles.len()];
        let set = SETS[(number + round / 2) % SETS.len()];
        let form = json!({ "roleId": id, "permissions": set });
        let answer = storm.post("/admin/role/permissions", form, token).await;
        assert_eq!(answer.errno(), 0, "{}", answer.text);
        seen.done.push(Done { id, version: 0, mark: set.join(" "), units: 0 });
        let held = storm.get(&format!("/admin/role/permissions?roleId={id}"), token).await;
        let held: BTreeSet<&str> =
            held["assignedPermissions"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        assert!(SETS.iter().any(|set| held == set.iter().copied().collect()), "one set, whole: {held:?}");
    }
    seen
}

/// Goods that come and go, so that the others' lists and names move.
async fn makes_and_deletes(storm: &Storm, token: &str, number: usize) -> u64 {
    let mut made = 0;
    while storm.blows() {
        made += 1;
        let sn = format!("M-{number}-{made}");
        let form = json!({ "goods": { "goodsSn": sn, "name": sn }, "specifications": [], "attributes": [],
            "products": [{ "specifications": ["one"], "price": "1", "number": 1 }] });
        let answer = storm.post("/admin/goods/create", form, token).await;
        assert_eq!(answer.errno(), 0, "{}", answer.text);
        let rows = storm.get(&format!("/admin/goods/list?goodsSn={sn}"), token).await;
        let answer = storm.post("/admin/goods/delete", rows["list"][0].clone(), token).await;
        assert_eq!(answer.errno(), 0, "{}", answer.text);
    }
    made
}

/// Takes money at the counter, ships, gives money back; orders change under its hands.
async fn works_at_the_desk(storm: &Storm, token: &str) -> u64 {
    let mut handled = 0;
    while storm.blows() {
        let rows = storm.get("/admin/order/list?limit=20", token).await;
        for row in rows["list"].as_array().unwrap() {
            let id = &row["id"];
            let (path, form) = match row["orderStatus"].as_u64().unwrap() {
                101 => ("pay", json!({ "orderId": id, "newMoney": row["actualPrice"] })),
                201 => ("ship", json!({ "orderId": id, "shipSn": "773", "shipChannel": "ZTO" })),
                202 => ("refund", json!({ "orderId": id, "refundMoney": row["actualPrice"] })),
                _ => continue,
            };
            let answer = storm.post(&format!("/admin/order/{path}"), form, token).await;
            match answer.errno() {
                0 => handled += 1,
                // Somebody was faster: the shopper, a colleague.
                504 | 620 | 624 => {}
                other => panic!("{path} {other}: {}", answer.text),
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    handled
}

/// Buys, and then pays, cancels, or asks the money back; how many orders there were.
async fn buys(storm: &Storm, buyer: &Buyer) -> u64 {
    let mut orders = 0;
    while storm.blows() {
        let goods = storm.goods[(buyer.id + orders) as usize % storm.goods.len()];
        let wanted = json!({ "goodsId": goods.id, "productId": goods.sku, "number": 1 + orders % 3 });
        let added = storm.world.call(buyer.post("/wx/cart/fastadd", wanted)).await;
        assert!([0, 710, 711].contains(&added.errno()), "{}", added.text);
        if added.errno() != 0 {
            continue;
        }
        let form = json!({ "cartId": added.data(), "addressId": buyer.address, "couponId": 0 });
        let made = storm.world.call(buyer.post("/wx/order/submit", form)).await;
        assert!([0, 710, 711].contains(&made.errno()), "{}", made.text);
        if made.errno() != 0 {
            continue;
        }
        orders += 1;
        let order = made.data()["orderId"].clone();
        if orders % 3 == 0 {
            let page = storm.world.ok(buyer.get(&format!("/wx/order/detail?orderId={order}"))).await;
            let pay = format!("/dev/pay/{}", page["orderInfo"]["orderSn"].as_str().unwrap());
            let told = Call::post(&pay, Value::Null).send(storm.world.private).await.unwrap();
            assert!(told.text.contains("SUCCESS"), "{}", told.text);
        }
        if orders % 3 != 1 {
            let path = if orders % 3 == 0 { "refund" } else { "cancel" };
            let form = json!({ "orderId": order });
            let answer = storm.world.call(buyer.post(&format!("/wx/order/{path}"), form)).await;
            // The desk may have taken the money or sent the parcel meanwhile.
            assert!([0, 504, 725].contains(&answer.errno()), "{path}: {}", answer.text);
        }
    }
    orders
}

/// The sale sells too, as the engine settles it.
async fn sells(storm: &Storm, user: u64) -> Vec<Bought> {
    let mut sold = Vec::new();
    while storm.blows() && sold.len() < SALE_BUYS {
        sold.push(storm.world.buys(storm.sale, user, 1, 3_600).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    sold
}

/// The lowest stock anybody could have read.
async fn lowest_stock(storm: &Storm) -> i64 {
    let mut lowest = i64::MAX;
    while storm.blows() {
        let now: i64 = sqlx::query_scalar("select cast(min(stock) as signed) from sku")
            .fetch_one(&storm.world.db)
            .await
            .unwrap();
        lowest = lowest.min(now);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    lowest
}

/// Changes of one thing, in the order of the versions they were made on: no version was the ground of two
/// successes, and together they are all there were.
fn chain(seen: &[Seen], id: u64) -> Vec<&Done> {
    let mut chain: Vec<&Done> =
        seen.iter().flat_map(|seen| &seen.done).filter(|done| done.id == id).collect();
    chain.sort_by_key(|done| done.version);
    for pair in chain.windows(2) {
        assert_eq!(pair[0].version + 1, pair[1].version, "each saw the one before it: {pair:?}");
    }
    chain
}

async fn nothing_of_goods_is_lost(storm: &Storm, of_goods: &[Seen], of_sale: &[Seen]) {
    let world = &storm.world;
    let on_sale: i64 =
        ON_SALE + of_sale.iter().flat_map(|seen| &seen.done).map(|done| done.units.max(0)).sum::<i64>();
    for (number, goods) in storm.goods.iter().enumerate() {
        let chain = chain(of_goods, goods.id);
        let last = chain.last().unwrap();
        let (version, brief): (u64, String) =
            sqlx::query_as("select cast(version as unsigned), brief from goods where id = ?")
                .bind(goods.id)
                .fetch_one(&world.db)
                .await
                .unwrap();
        assert_eq!((version, &brief), (last.version + 1, &last.mark), "the last one is what stands there");
        let moved: i64 = chain.iter().map(|done| done.units).sum();
        let held = "select cast(coalesce(sum(l.quantity), 0) as signed) from order_goods l \
            join orders o on o.id = l.order_id where o.sale_id is null and o.status not in (102, 103, 203) \
            and l.sku_id = ?";
        let sold = world.number(held, goods.sku).await;
        let lent = if number == 0 { on_sale } else { 0 };
        assert_eq!(world.sku_stock(*goods).await, UNITS + moved - sold - lent, "goods {number}");
        let logged = "select count(*) from operation_log where action = 'POST /admin/goods/update' and succeeded \
            and json_value(changes, '$.id') = ?";
        assert_eq!(world.number(logged, goods.id).await, chain.len() as i64, "each stands in the log once");
    }
    let strange = "select count(*) from cart c join sku s on s.id = c.sku_id \
        where c.price_minor <> s.price_minor and c.id > ?";
    assert_eq!(world.number(strange, 0).await, 0, "carts show the price there is");
}

async fn nothing_of_the_sale_is_lost(storm: &Storm, of_sale: &[Seen], sold: i64) {
    let world = &storm.world;
    let chain = chain(of_sale, storm.sale);
    let last = chain.last().unwrap();
    let (version, price): (u64, i64) =
        sqlx::query_as("select cast(version as unsigned), price_minor from flash_sale where id = ?")
            .bind(storm.sale)
            .fetch_one(&world.db)
            .await
            .unwrap();
    let marked = (last.mark.parse::<f64>().unwrap() * 100.0).round() as i64;
    assert_eq!((version, price), (last.version + 1, marked), "the last price is the price");
    let asked = "select cast(coalesce(sum(delta), 0) as signed) from stock_change where sale_id = ?";
    let wanted: i64 = chain.iter().map(|done| done.units).sum();
    assert_eq!(world.number(asked, storm.sale).await, wanted, "the engine is asked for every unit");
    let free = "select cast(free as signed) from flash_sale where id = ?";
    assert_eq!(world.number(free, storm.sale).await, ON_SALE - sold);
    let logged = "select count(*) from operation_log where action = 'POST /admin/seckill/update' and succeeded \
        and cast(json_value(changes, '$.after.version') as unsigned) \
        > cast(json_value(changes, '$.before.version') as unsigned) \
        and json_value(changes, '$.after.id') = ?";
    assert_eq!(world.number(logged, storm.sale).await, chain.len() as i64);
}

/// Roles have no version: the last one wins. The log, written under the same lock, tells of each change
/// what it found, which is what the one before it left.
async fn the_log_tells_the_roles(storm: &Storm, of_roles: &[Seen]) {
    for role in &storm.roles {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "select json_extract(changes, '$.before'), json_extract(changes, '$.after') from operation_log \
             where action = 'POST /admin/role/permissions' and succeeded and json_value(changes, '$.role') = ? \
             order by id",
        )
        .bind(role)
        .fetch_all(&storm.world.db)
        .await
        .unwrap();
        let set = |text: &str| -> BTreeSet<String> { serde_json::from_str(text).unwrap() };
        for pair in rows.windows(2) {
            assert_eq!(set(&pair[0].1), set(&pair[1].0), "each found what the one before it left");
        }
        let done = of_roles.iter().flat_map(|seen| &seen.done).filter(|done| done.id == *role).count();
        assert_eq!(rows.len(), done, "each stands in the log once");
        let held: Vec<String> =
            sqlx::query_scalar("select permission from role_permission where role_id = ?")
                .bind(role)
                .fetch_all(&storm.world.db)
                .await
                .unwrap();
        assert_eq!(set(&rows.last().unwrap().1), held.into_iter().collect(), "and the last one stands");
    }
}
