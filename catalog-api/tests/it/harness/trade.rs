//! Shoppers with sessions, and the rows an order writes, for tests of what comes before an order.

use super::{Answer, Call, Goods, World};
use serde_json::{Value, json};

/// A shopper with a session.
#[derive(Clone, Debug)]
pub(crate) struct Buyer {
    pub(crate) id: u64,
    pub(crate) token: String,
    pub(crate) address: u64,
}

impl Buyer {
    pub(crate) fn get(&self, path: &str) -> Call {
        Call::get(path).shop(&self.token)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call {
        Call::post(path, body).shop(&self.token)
    }
}

impl World {
    /// The first so many load buyers, each with a default address.
    pub(crate) async fn buyers(&self, count: usize) -> Vec<Buyer> {
        let call = Call::post("/dev/sessions", json!({ "count": count }));
        let answer = call.send(self.private).await.unwrap();
        let buyer = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            Buyer {
                id: line["user_id"].as_u64().unwrap(),
                token: line["token"].as_str().unwrap().to_owned(),
                address: line["address_id"].as_u64().unwrap(),
            }
        };
        answer.text.lines().map(buyer).collect()
    }

    /// Adds goods to a cart.
    pub(crate) async fn add_to_cart(&self, buyer: &Buyer, goods: Goods, number: Value) -> Answer {
        let form = json!({ "goodsId": goods.id, "productId": goods.sku, "number": number });
        self.call(buyer.post("/wx/cart/add", form)).await
    }

    /// The id of the cart row of buying now.
    pub(crate) async fn buy_now(&self, buyer: &Buyer, goods: Goods, number: i64) -> u64 {
        let form = json!({ "goodsId": goods.id, "productId": goods.sku, "number": number });
        self.ok(buyer.post("/wx/cart/fastadd", form)).await.as_u64().unwrap()
    }

    /// An order of nothing in a state, as far as what hangs on orders needs one.
    pub(crate) async fn order_row(&self, user: u64, status: u16) -> u64 {
        let sn = catalog_api::random::hex(&catalog_api::random::bytes::<8>());
        sqlx::query(
            "insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, order_minor, \
             actual_minor, groupon_minor, pay_by) \
             values (?, ?, ?, 'A', '139', 'Lake Road', 5000, 5000, 5000, 100, date_add(now(3), interval 1 hour))",
        )
        .bind(user)
        .bind(sn)
        .bind(status)
        .execute(&self.db)
        .await
        .unwrap()
        .last_insert_id()
    }
}
