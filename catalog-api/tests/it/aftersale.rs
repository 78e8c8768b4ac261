//! After-sales: asked for, withdrawn, accepted, rejected, refunded, with the goods or without.

use crate::harness::{Answer, Bought, Call, Goods, Person, World};
use serde_json::{Value, json};

struct Shop {
    world: World,
    staff: String,
    lin: Person,
    tea: Goods,
}

async fn shop() -> Shop {
    let world = World::new().await;
    let staff = world.staff_token("root").await;
    let tea = world.goods("tea", 100).await;
    let lin = world.person("lin").await;
    Shop { world, staff, lin, tea }
}

impl Shop {
    async fn received(&self) -> Bought {
        self.world.ordinary(self.lin.id, self.tea, 2, 401).await
    }

    async fn submit(&self, form: Value) -> Answer {
        self.world.call(Call::post("/wx/aftersale/submit", form).shop(&self.lin.token)).await
    }

    async fn staff(&self, what: &str, form: Value) -> Answer {
        self.world.call(Call::post(&format!("/admin/aftersale/{what}"), form).staff(&self.staff)).await
    }

    /// The order's live after-sale as its owner sees it.
    async fn of(&self, order: &Bought) -> Value {
        let path = format!("/wx/aftersale/detail?orderId={}", order.id);
        let detail = self.world.ok(Call::get(&path).shop(&self.lin.token)).await;
        let mirrored = detail["order"]["aftersaleStatus"].clone();
        let status = detail["aftersale"].get("status").cloned().unwrap_or(json!(0));
        assert_eq!(mirrored, status, "the order repeats the after-sale's state");
        detail["aftersale"].clone()
    }

    /// An after-sale of a kind in a state; its id.
    async fn in_state(&self, order: &Bought, kind: i64, accepted: bool) -> u64 {
        assert_eq!(self.submit(form(order, kind, json!(60))).await.errno(), 0);
        let id = self.of(order).await["id"].as_u64().unwrap();
        if accepted {
            assert_eq!(self.staff("recept", json!({ "id": id })).await.errno(), 0);
        }
        id
    }
}

fn form(order: &Bought, kind: i64, amount: Value) -> Value {
    json!({ "orderId": order.id.to_string(), "type": kind, "typeDesc": "x", "reason": "broken", "amount": amount,
        "comment": "the lid", "pictures": ["/wx/storage/fetch/a.png"] })
}

#[tokio::test]
async fn failures_come_in_the_order_of_the_reference() {
    let shop = shop().await;
    let order = shop.received().await;
    let good = form(&order, 1, json!(100));
    for member in ["type", "amount", "reason", "orderId"] {
        let mut form = good.clone();
        form.as_object_mut().unwrap().remove(member);
        let answer = shop.submit(form).await;
        assert_eq!((answer.errno(), answer.errmsg().contains(member)), (401, true), "{}", answer.text);
    }
    for (member, value) in [
        ("type", json!(3)),
        ("type", json!(-1)),
        ("type", json!("x")),
        ("amount", json!(-0.01)),
        ("amount", json!("x")),
        ("amount", json!([])),
        ("amount", json!(1e300)),
        ("reason", json!("r".repeat(32))),
        ("comment", json!("c".repeat(10_000))),
        ("pictures", json!(["javascript:alert(1)"])),
        ("pictures", json!("x")),
        ("orderId", json!(999_999)),
    ] {
        let mut form = good.clone();
        form[member] = value.clone();
        assert_eq!(shop.submit(form).await.errno(), 402, "{member} {value}");
    }
    let anonymous = Call::post("/wx/aftersale/submit", good.clone());
    assert_eq!(shop.world.call(anonymous).await.errno(), 501);
    let paid = shop.world.ordinary(shop.lin.id, shop.tea, 1, 201).await;
    assert_eq!(shop.submit(form(&paid, 0, json!(1000))).await.errno(), 750, "the state before the amount");
    assert_eq!(shop.submit(form(&order, 1, json!(100.01))).await.errno(), 751, "freight does not come back");
    assert_eq!(
        shop.submit(form(&order, 1, json!(108.0 - 8.000_000_000_1))).await.errno(),
        0,
        "rounded first"
    );
    assert_eq!(shop.submit(form(&order, 1, json!(99.99))).await.errno(), 0, "and again, while nobody looked");
    let rows = "select count(*) from aftersale where order_id = ? and deleted = false";
    assert_eq!(shop.world.number(rows, order.id).await, 1);
    let id = shop.of(&order).await["id"].as_u64().unwrap();
    assert_eq!(shop.staff("recept", json!({ "id": id })).await.errno(), 0);
    assert_eq!(shop.submit(good).await.errno(), 751, "it was accepted");
    shop.world.finish().await;
}

#[tokio::test]
async fn an_after_sale_is_shown_to_its_owner_and_to_nobody_else() {
    let shop = shop().await;
    let order = shop.received().await;
    assert!(shop.of(&order).await.is_null(), "none yet");
    shop.in_state(&order, 2, false).await;
    let shown = shop.of(&order).await;
    assert_eq!((&shown["type"], &shown["amount"], &shown["status"]), (&json!(2), &json!(60), &json!(1)));
    assert_eq!(shown["pictures"], json!(["/wx/storage/fetch/a.png"]));
    assert_eq!(shown["aftersaleSn"].as_str().unwrap().len(), 18);
    let list = |status: &str, token: &str| {
        shop.world.ok(Call::get(&format!("/wx/aftersale/list?status={status}")).shop(token))
    };
    for (status, total) in [("", 1), ("1", 1), ("2", 0)] {
        assert_eq!(list(status, &shop.lin.token).await["total"], total, "{status}");
    }
    let item = &list("1", &shop.lin.token).await["list"][0];
    assert_eq!(
        (&item["aftersale"]["orderId"], &item["goodsList"][0]["number"]),
        (&json!(order.id), &json!(2))
    );
    assert_eq!(shop.world.call(Call::get("/wx/aftersale/list").shop(&shop.lin.token)).await.errno(), 402);

    let mei = shop.world.person("mei").await;
    let path = format!("/wx/aftersale/detail?orderId={}", order.id);
    assert_eq!(shop.world.call(Call::get(&path).shop(&mei.token)).await.errno(), 402);
    assert_eq!(list("", &mei.token).await["total"], 0);
    let hers = |what: &str, form| {
        shop.world.call(Call::post(&format!("/wx/aftersale/{what}"), form).shop(&mei.token))
    };
    assert_eq!(hers("submit", form(&order, 1, json!(1))).await.errno(), 402);
    assert_eq!(hers("cancel", json!({ "id": shown["id"] })).await.errno(), 401);
    assert_eq!(shop.of(&order).await["status"], 1);
    shop.world.finish().await;
}

#[tokio::test]
async fn an_owner_withdraws_what_nobody_has_looked_at() {
    let shop = shop().await;
    let order = shop.received().await;
    let id = shop.in_state(&order, 1, false).await;
    let cancel = |id: Value| {
        shop.world.call(Call::post("/wx/aftersale/cancel", json!({ "id": id })).shop(&shop.lin.token))
    };
    assert_eq!(cancel(json!(null)).await.errno(), 401);
    assert_eq!(cancel(json!(999_999)).await.errno(), 401);
    assert_eq!(cancel(json!(id)).await.errno(), 0);
    assert_eq!(shop.of(&order).await["status"], 5);
    assert_eq!(cancel(json!(id)).await.errno(), 752);
    let again = shop.in_state(&order, 1, true).await;
    assert_ne!(again, id);
    assert_eq!(cancel(json!(again)).await.errno(), 752, "it was accepted");
    assert_eq!(cancel(json!(id)).await.errno(), 401, "the earlier one is over");
    shop.world.finish().await;
}

#[tokio::test]
async fn staff_answer_one_by_one_and_in_batches() {
    let shop = shop().await;
    let mut ids = Vec::new();
    let mut orders = Vec::new();
    for _ in 0..5 {
        let order = shop.received().await;
        ids.push(shop.in_state(&order, 1, false).await);
        orders.push(order);
    }
    assert_eq!(shop.staff("recept", json!({ "id": 999_999 })).await.errno(), 670);
    assert_eq!(shop.staff("reject", json!({ "id": 999_999 })).await.errno(), 402);
    assert_eq!(shop.staff("refund", json!({ "id": 999_999 })).await.errno(), 402);
    for what in ["recept", "reject", "refund"] {
        assert_eq!(shop.staff(what, json!({})).await.errno(), 401, "{what}");
    }
    assert_eq!(shop.staff("refund", json!({ "id": ids[0] })).await.errno(), 670, "not accepted yet");
    assert_eq!(shop.staff("recept", json!({ "id": ids[0], "status": 1, "extra": {} })).await.errno(), 0);
    assert_eq!(shop.staff("recept", json!({ "id": ids[0] })).await.errno(), 670);
    assert_eq!(shop.staff("reject", json!({ "id": ids[1] })).await.errno(), 0);
    assert_eq!(shop.staff("reject", json!({ "id": ids[1] })).await.errno(), 670);
    for wrong in [json!({}), json!({ "ids": [] })] {
        assert_eq!(shop.staff("batch-recept", wrong).await.errno(), 401);
    }
    assert_eq!(shop.staff("batch-recept", json!({ "ids": "1" })).await.errno(), 402);
    let batch = json!({ "ids": [ids[0], ids[1], ids[2], 999_999] });
    assert_eq!(
        shop.staff("batch-recept", batch.clone()).await.errno(),
        0,
        "what does not wait is passed over"
    );
    assert_eq!(
        shop.staff("batch-reject", json!({ "ids": [ids[2].to_string(), ids[3].to_string()] })).await.errno(),
        0
    );
    // The log says of a batch which requests it changed.
    let log = shop.world.ok(Call::get("/admin/log/list?limit=1").staff(&shop.staff)).await;
    let changed = log["list"][0]["changes"]["requests"].as_array().unwrap();
    assert_eq!((changed.len(), &changed[0]["id"]), (1, &json!(ids[3])));
    let mut states = Vec::new();
    for order in &orders {
        states.push(shop.of(order).await["status"].as_i64().unwrap());
    }
    assert_eq!(states, [2, 4, 2, 4, 1]);
    let list = async |query: &str| {
        shop.world.ok(Call::get(&format!("/admin/aftersale/list?{query}")).staff(&shop.staff)).await["total"]
            .as_i64()
    };
    assert_eq!(list("status=").await, Some(5));
    assert_eq!(list("status=2&limit=20&sort=add_time&order=desc").await, Some(2));
    assert_eq!(list(&format!("orderId={}", orders[4].id)).await, Some(1));
    let number = shop.of(&orders[0]).await["aftersaleSn"].as_str().unwrap().to_owned();
    assert_eq!(list(&format!("aftersaleSn={number}")).await, Some(1));
    for wrong in ["orderId=x", "status=x", "sort=amount"] {
        let call = Call::get(&format!("/admin/aftersale/list?{wrong}")).staff(&shop.staff);
        assert_eq!(shop.world.call(call).await.errno(), 402, "{wrong}");
    }
    shop.world.finish().await;
}

#[tokio::test]
async fn the_stored_type_decides_whether_goods_come_back_and_money_goes_once() {
    let shop = shop().await;
    for (kind, posted, back) in [(0, 2, 0), (1, 2, 0), (2, 0, 2)] {
        let order = shop.received().await;
        let id = shop.in_state(&order, kind, true).await;
        let stock = shop.world.sku_stock(shop.tea).await;
        let row = json!({ "id": id, "type": posted, "amount": 0, "status": 1 });
        let calls = (0..5).map(|_| shop.staff("refund", row.clone()));
        let answers = crate::harness::join_all(calls).await;
        let codes: Vec<i64> = answers.iter().map(Answer::errno).collect();
        assert!(codes.contains(&0) && codes.iter().all(|code| [0, 670].contains(code)), "{codes:?}");
        assert_eq!(shop.world.sku_stock(shop.tea).await, stock + back, "type {kind}, posted {posted}");
        let shown = shop.of(&order).await;
        assert_eq!((&shown["status"], shown["handleTime"].is_string()), (&json!(3), true));
        assert_eq!(shop.world.order_status(&order).await, 401, "the order's own state stays");
        let sent = "select count(*) from refund where order_id = ? and state = 1 and amount_minor = 6000";
        assert_eq!(shop.world.number(sent, order.id).await, 1);
        assert_eq!(shop.submit(form(&order, 1, json!(1))).await.errno(), 751, "one is enough");
    }
    shop.world.finish().await;
}

#[tokio::test]
async fn flash_sale_units_come_back_through_the_engine() {
    let shop = shop().await;
    let sale = shop.world.sale(&shop.staff, shop.world.sale_form(shop.tea, 10)).await["id"].as_u64().unwrap();
    shop.world.engine_moves(sale, "open").await;
    let order = shop.world.flash(sale, shop.lin.id, 401).await;
    let mut wanted = form(&order, 2, json!(9.9));
    wanted["orderId"] = json!(order.id);
    assert_eq!(shop.submit(wanted).await.errno(), 0);
    let id = shop.of(&order).await["id"].as_u64().unwrap();
    assert_eq!(shop.staff("recept", json!({ "id": id })).await.errno(), 0);
    let stock = shop.world.sku_stock(shop.tea).await;
    assert_eq!(shop.staff("refund", json!({ "id": id })).await.errno(), 0);
    assert_eq!(shop.world.sku_stock(shop.tea).await, stock, "not past the engine");
    assert_eq!(shop.world.units_asked_back(sale).await, 1);
    let delete = Call::post("/wx/order/delete", json!({ "orderId": order.id })).shop(&shop.lin.token);
    assert_eq!(shop.world.call(delete).await.errno(), 0);
    let path = format!("/wx/aftersale/detail?orderId={}", order.id);
    assert_eq!(shop.world.call(Call::get(&path).shop(&shop.lin.token)).await.errno(), 402);
    let list = shop.world.ok(Call::get("/wx/aftersale/list?status=").shop(&shop.lin.token)).await;
    assert_eq!(list["total"], 0, "the after-sale goes with its order");
    shop.world.finish().await;
}
