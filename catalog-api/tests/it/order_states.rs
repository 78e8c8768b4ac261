//! Every state of an order against everything that can be done with one, for ordinary and for flash-sale
//! orders: what the table allows works and leads where it says, everything else is refused with its code
//! and changes nothing.

use crate::harness::{Bought, Call, Goods, Person, World};
use serde_json::json;

const STATES: [u16; 11] = [101, 102, 103, 104, 201, 202, 203, 204, 301, 401, 402];
const DELETABLE: &[u16] = &[102, 103, 203, 401, 402];
const RECEIVED: &[u16] = &[401, 402];

/// Something that can be done: its name, in which states, which code says that it cannot, and the state it
/// leads to (0: the order's own).
struct Operation {
    name: &'static str,
    allowed: &'static [u16],
    refusal: i64,
    leads_to: i64,
}

const fn op(name: &'static str, allowed: &'static [u16], refusal: i64, leads_to: i64) -> Operation {
    Operation { name, allowed, refusal, leads_to }
}

const OPERATIONS: [Operation; 15] = [
    op("cancel", &[101], 725, 102),
    op("prepay", &[101], 725, 0),
    op("h5pay", &[101], 725, 0),
    op("refund", &[201], 725, 202),
    op("confirm", &[301], 725, 401),
    op("delete", DELETABLE, 725, 0),
    op("comment", RECEIVED, 725, 0),
    op("aftersale", RECEIVED, 750, 0),
    op("staff ship", &[201], 620, 301),
    op("staff refund", &[202], 620, 203),
    op("staff pay", &[101], 624, 201),
    op("staff delete", DELETABLE, 623, 0),
    op("staff recipient", &[101, 201], 620, 0),
    op("staff price", &[101], 620, 0),
    op("staff message", &STATES, 620, 0),
];

struct Shop {
    world: World,
    staff: String,
    lin: Person,
    goods: Goods,
    sale: u64,
}

async fn shop() -> Shop {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let goods = world.goods("tea", 10_000).await;
    let sale = world.sale(&staff, world.sale_form(goods, 1_000)).await["id"].as_u64().unwrap();
    world.engine_moves(sale, "open").await;
    let lin = world.person("lin").await;
    Shop { world, staff, lin, goods, sale }
}

impl Shop {
    async fn order(&self, state: u16, flash: bool) -> Bought {
        if flash {
            self.world.flash(self.sale, self.lin.id, state).await
        } else {
            self.world.ordinary(self.lin.id, self.goods, 1, state).await
        }
    }

    async fn call(&self, operation: &str, order: &Bought) -> Call {
        let id = order.id;
        let shop = |path: &str, body| Call::post(path, body).shop(&self.lin.token);
        let staff = |path: &str, body| Call::post(path, body).staff(&self.staff);
        let changed = async |member: &str, value| {
            let path = format!("/admin/order/detail?id={id}");
            let row = self.world.ok(Call::get(&path).staff(&self.staff)).await["order"].take();
            let mut form = json!({ "id": id, "updateTime": row["updateTime"], "reason": "a test" });
            form[member] = value;
            staff("/admin/order/update", form)
        };
        match operation {
            "comment" => {
                let line = self.world.line_of(order).await;
                shop("/wx/order/comment", json!({ "orderGoodsId": line, "content": "good", "star": 5 }))
            }
            "aftersale" => {
                let form = json!({ "orderId": id, "type": 1, "amount": 0.01, "reason": "a test" });
                shop("/wx/aftersale/submit", form)
            }
            "staff ship" => {
                staff("/admin/order/ship", json!({ "orderId": id, "shipSn": "1", "shipChannel": "ZTO" }))
            }
            "staff refund" => {
                let price = "select actual_minor from orders where id = ?";
                let price = self.world.number(price, id).await as f64 / 100.0;
                staff("/admin/order/refund", json!({ "orderId": id, "refundMoney": price }))
            }
            "staff pay" => staff("/admin/order/pay", json!({ "orderId": id, "newMoney": "12.5" })),
            "staff delete" => staff("/admin/order/delete", json!({ "orderId": id })),
            "staff recipient" => changed("consignee", json!("B")).await,
            "staff price" => changed("price", json!(1.5)).await,
            "staff message" => changed("message", json!("the back door")).await,
            own => shop(&format!("/wx/order/{own}"), json!({ "orderId": id })),
        }
    }
}

#[tokio::test]
async fn every_state_allows_what_the_table_says_and_nothing_else() {
    let shop = shop().await;
    let mut cases = 0;
    for flash in [false, true] {
        for state in STATES {
            for operation in &OPERATIONS {
                let name = format!("{} in {state}, flash sale: {flash}", operation.name);
                let order = shop.order(state, flash).await;
                let call = shop.call(operation.name, &order).await;
                let answer = shop.world.call(call).await;
                let allowed = operation.allowed.contains(&state);
                assert_eq!(
                    answer.errno(),
                    if allowed { 0 } else { operation.refusal },
                    "{name}: {}",
                    answer.text
                );
                let leads_to =
                    if allowed && operation.leads_to > 0 { operation.leads_to } else { state.into() };
                assert_eq!(shop.world.order_status(&order).await, leads_to, "{name}");
                let gone = allowed && operation.name.ends_with("delete");
                let deleted = "select cast(deleted as signed) from orders where id = ?";
                assert_eq!(shop.world.number(deleted, order.id).await, i64::from(gone), "{name}");
                cases += 1;
            }
        }
    }
    println!("{cases} cases");
    assert_eq!(cases, 2 * 11 * 15);
    shop.world.finish().await;
}

#[tokio::test]
async fn the_buttons_an_order_shows_are_the_calls_that_work() {
    let shop = shop().await;
    for state in STATES {
        let order = shop.order(state, false).await;
        let path = format!("/wx/order/detail?orderId={}", order.id);
        let detail = shop.world.ok(Call::get(&path).shop(&shop.lin.token)).await;
        let buttons = &detail["orderInfo"]["handleOption"];
        for (button, operation) in [
            ("cancel", "cancel"),
            ("pay", "prepay"),
            ("refund", "refund"),
            ("confirm", "confirm"),
            ("delete", "delete"),
            ("comment", "comment"),
            ("aftersale", "aftersale"),
        ] {
            let row = OPERATIONS.iter().find(|row| row.name == operation).unwrap();
            assert_eq!(buttons[button], row.allowed.contains(&state), "{button} in {state}");
        }
        assert_eq!(buttons.as_object().unwrap().len(), 8);
        let shown = detail["orderInfo"].get("expNo").is_some();
        assert_eq!(shown, state >= 301, "no member about a parcel that was not sent: {state}");
    }
    shop.world.finish().await;
}

/// Units of a SKU in and out: (stock of the SKU, units a sale's orders have asked back).
async fn units(shop: &Shop) -> (i64, i64) {
    (shop.world.sku_stock(shop.goods).await, shop.world.units_asked_back(shop.sale).await)
}

#[tokio::test]
async fn units_come_back_with_what_ends_an_order_and_with_nothing_else() {
    let shop = shop().await;
    for (operation, state, back) in [
        ("cancel", 101, 1),
        ("staff pay", 101, 0),
        ("refund", 201, 0),
        ("staff ship", 201, 0),
        ("staff refund", 202, 1),
        ("confirm", 301, 0),
        ("delete", 401, 0),
        ("staff delete", 203, 0),
    ] {
        for flash in [false, true] {
            let order = shop.order(state, flash).await;
            let (stock, asked) = units(&shop).await;
            let call = shop.call(operation, &order).await;
            assert_eq!(shop.world.call(call.clone()).await.errno(), 0, "{operation}");
            assert_ne!(shop.world.call(call).await.errno(), 0, "{operation} works once");
            let expected = if flash { (stock, asked + back) } else { (stock + back, asked) };
            assert_eq!(units(&shop).await, expected, "{operation}, flash sale: {flash}");
        }
    }
    shop.world.finish().await;
}
