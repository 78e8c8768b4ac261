//! What a shopper has before there is an order, and orders in any state, written as the service and the
//! engine write them.

use super::{Bought, Call, Goods, World};
use serde_json::{Value, json};

/// A shopper who is logged in and lives somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) token: String,
    pub(crate) address: u64,
}

impl Person {
    /// What submitting the whole cart without a coupon sends.
    pub(crate) fn order_form(&self) -> Value {
        json!({ "cartId": 0, "addressId": self.address, "couponId": 0, "userCouponId": 0, "message": "soon",
            "grouponRulesId": 0, "grouponLinkId": 0 })
    }
}

impl World {
    /// A shopper with an openid, an address and a session.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let id = self.shopper(name, &format!("openid-of-{name}")).await;
        let token = self.shop_token(name).await;
        let address = sqlx::query(
            "insert into address (user_id, name, province, city, county, detail, area_code, tel, is_default) \
             values (?, ?, 'Zhejiang', 'Hangzhou', 'Xihu', '18 Lake Road', '330106', '13800000000', true)",
        )
        .bind(id)
        .bind(name)
        .execute(&self.db)
        .await
        .unwrap()
        .last_insert_id();
        Person { id, token, address }
    }

    /// Sessions of many shoppers, made without log-ins, which cost a password hash each.
    pub(crate) async fn sessions_of(&self, people: &[u64]) -> Vec<String> {
        use catalog_api::session::Account;
        let app = catalog_api::state::App::new(super::config(self)).unwrap();
        let account =
            |user: &u64| Account { audience: contract::session::Audience::Shop, user: *user, level: 0 };
        let accounts: Vec<Account> = people.iter().map(account).collect();
        app.sessions.open(&app.redis, &accounts).await.unwrap()
    }

    /// Units of some goods in a shopper's cart, checked; the row.
    pub(crate) async fn in_cart(&self, owner: u64, goods: Goods, units: i32) -> u64 {
        sqlx::query(
            "insert into cart (user_id, goods_id, sku_id, goods_sn, goods_name, price_minor, quantity, \
             specifications) select ?, g.id, s.id, g.goods_sn, g.name, s.price_minor, ?, s.specifications \
             from sku s join goods g on g.id = s.goods_id where s.id = ?",
        )
        .bind(owner)
        .bind(units)
        .bind(goods.sku)
        .execute(&self.db)
        .await
        .unwrap()
        .last_insert_id()
    }

    /// A coupon of everybody's that takes so much off, claimed by a shopper: (coupon, claim).
    pub(crate) async fn claimed(&self, owner: u64, off_minor: i64) -> (u64, u64) {
        let coupon = sqlx::query(
            "insert into coupon (name, discount_minor, kind, goods_scope_ids, days) values ('c', ?, 0, '[]', 30)",
        )
        .bind(off_minor)
        .execute(&self.db)
        .await
        .unwrap()
        .last_insert_id();
        let claim = sqlx::query(
            "insert into coupon_user (user_id, coupon_id, starts_at, ends_at) \
             values (?, ?, now(3), date_add(now(3), interval 1 day))",
        )
        .bind(owner)
        .bind(coupon)
        .execute(&self.db)
        .await
        .unwrap()
        .last_insert_id();
        (coupon, claim)
    }

    /// Submits a form and answers with the order's row.
    pub(crate) async fn submit(&self, person: &Person, form: Value) -> Bought {
        let data = self.ok(Call::post("/wx/order/submit", form).shop(&person.token)).await;
        let id = data["orderId"].as_u64().unwrap();
        let sn = sqlx::query_scalar("select order_sn from orders where id = ?")
            .bind(id)
            .fetch_one(&self.db)
            .await
            .unwrap();
        Bought { id, sn }
    }

    /// An ordinary order of some units in a state, with the payment that belongs to it. Its units were
    /// taken unless they are back.
    pub(crate) async fn ordinary(&self, owner: u64, goods: Goods, units: i32, status: u16) -> Bought {
        let sn = format!("20251111{}", catalog_api::random::hex_128());
        let id = sqlx::query(
            "insert into orders (user_id, order_sn, status, consignee, mobile, address, goods_minor, \
             freight_minor, order_minor, actual_minor, pay_by) \
             select ?, ?, ?, 'A', '139', 'Lake Road', price_minor * ?, 800, price_minor * ? + 800, \
             price_minor * ? + 800, date_add(now(3), interval 1 hour) from sku where id = ?",
        )
        .bind(owner)
        .bind(&sn)
        .bind(status)
        .bind(units)
        .bind(units)
        .bind(units)
        .bind(goods.sku)
        .execute(&self.db)
        .await
        .unwrap()
        .last_insert_id();
        sqlx::query(
            "insert into order_goods (order_id, goods_id, goods_name, sku_id, quantity, price_minor, \
             specifications) select ?, g.id, g.name, s.id, ?, s.price_minor, s.specifications \
             from sku s join goods g on g.id = s.goods_id where s.id = ?",
        )
        .bind(id)
        .bind(units)
        .bind(goods.sku)
        .execute(&self.db)
        .await
        .unwrap();
        let order = Bought { id, sn };
        self.history(&order, status).await;
        order
    }

    /// A flash-sale order of one unit in a state, with the rows that belong to it.
    pub(crate) async fn flash(&self, sale: u64, owner: u64, status: u16) -> Bought {
        let order = self.buys(sale, owner, 1, 3600).await;
        let state = match status {
            101 => 0,
            102..=104 | 203 => 2,
            _ => 1,
        };
        sqlx::query("update flash_order set state = ? where order_id = ?")
            .bind(state)
            .bind(order.id)
            .execute(&self.db)
            .await
            .unwrap();
        if state == 2 {
            sqlx::query(
                "insert into stock_return (sale_id, nonce, user_id, units, state) \
                 select sale_id, nonce, user_id, units, 0 from flash_order where order_id = ?",
            )
            .bind(order.id)
            .execute(&self.db)
            .await
            .unwrap();
        }
        sqlx::query("update orders set status = ? where id = ?")
            .bind(status)
            .bind(order.id)
            .execute(&self.db)
            .await
            .unwrap();
        self.history(&order, status).await;
        order
    }

    /// The payment of an order that was paid, and the times of what happened to it.
    async fn history(&self, order: &Bought, status: u16) {
        if status > 200 {
            sqlx::query(
                "insert into payment (order_id, provider, transaction_id, amount_minor, outcome, paid_at) \
                 select id, 'local', concat('t-', id), actual_minor, 0, now(3) from orders where id = ?",
            )
            .bind(order.id)
            .execute(&self.db)
            .await
            .unwrap();
        }
        sqlx::query(
            "update orders set shipped_at = if(status >= 301, now(3), null), \
             ship_channel = if(status >= 301, 'ZTO', null), ship_sn = if(status >= 301, '773', null), \
             confirmed_at = if(status >= 401, now(3), null), comments = if(status = 401, 1, 0) where id = ?",
        )
        .bind(order.id)
        .execute(&self.db)
        .await
        .unwrap();
    }

    /// The line of an order that has one.
    pub(crate) async fn line_of(&self, order: &Bought) -> u64 {
        sqlx::query_scalar("select id from order_goods where order_id = ?")
            .bind(order.id)
            .fetch_one(&self.db)
            .await
            .unwrap()
    }
}
