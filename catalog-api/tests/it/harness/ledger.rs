//! Rows other parts write: goods by the catalogue, settled orders by the engine, written here as they
//! write them.

use super::{Call, World};
use contract::ids::{Nonce, OrderSn, SaleId};
use serde_json::{Value, json};

/// Goods with one SKU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goods {
    pub(crate) id: u64,
    pub(crate) sku: u64,
}

/// A settled flash-sale order.
#[derive(Clone, Debug)]
pub(crate) struct Bought {
    pub(crate) id: u64,
    pub(crate) sn: String,
}

impl World {
    /// Goods on the shelf.
    pub(crate) async fn goods(&self, name: &str, stock: i64) -> Goods {
        let goods =
            sqlx::query("insert into goods (goods_sn, name, gallery, detail) values (?, ?, '[]', '')")
                .bind(name)
                .bind(name)
                .execute(&self.db)
                .await
                .unwrap()
                .last_insert_id();
        let sku = sqlx::query(
            "insert into sku (goods_id, specifications, price_minor, stock) values (?, '[\"one\"]', 5000, ?)",
        )
        .bind(goods)
        .bind(stock)
        .execute(&self.db)
        .await
        .unwrap()
        .last_insert_id();
        Goods { id: goods, sku }
    }

    /// A coupon of a kind.
    pub(crate) async fn coupon(&self, kind: u8, stock: i64) -> u64 {
        sqlx::query(
            "insert into coupon (name, stock, kind, goods_scope_ids, days) values ('c', ?, ?, '[]', 30)",
        )
        .bind(stock)
        .bind(kind)
        .execute(&self.db)
        .await
        .unwrap()
        .last_insert_id()
    }

    /// A number of the ledger.
    pub(crate) async fn number(&self, query: &'static str, id: u64) -> i64 {
        sqlx::query_scalar(query).bind(id).fetch_one(&self.db).await.unwrap()
    }

    pub(crate) async fn sku_stock(&self, goods: Goods) -> i64 {
        self.number("select cast(stock as signed) from sku where id = ?", goods.sku).await
    }

    pub(crate) async fn order_status(&self, order: &Bought) -> i64 {
        self.number("select cast(status as signed) from orders where id = ?", order.id).await
    }

    /// What creating a sale of goods sends; a window that has begun and lasts an hour.
    pub(crate) fn sale_form(&self, goods: Goods, stock: i64) -> Value {
        json!({
            "name": "a sale", "goodsId": goods.id, "productId": goods.sku, "price": 9.9, "stock": stock,
            "startTime": shown(-60), "endTime": shown(3600), "limitPerOrder": 5, "limitPerUser": 5,
        })
    }

    /// An armed sale, as staff make it.
    pub(crate) async fn sale(&self, token: &str, form: Value) -> Value {
        let path = if form["couponId"].is_u64() { "coupon-seckill" } else { "seckill" };
        self.ok(Call::post(&format!("/admin/{path}/create"), form).staff(token)).await
    }

    /// Puts a sale into a state, as the engine does.
    pub(crate) async fn engine_moves(&self, sale: u64, state: &str) {
        let state = contract::ledger::SaleState::from_name(state).unwrap();
        sqlx::query("update flash_sale set state = ?, generation = greatest(generation, 1) where id = ?")
            .bind(state.code())
            .bind(sale)
            .execute(&self.db)
            .await
            .unwrap();
    }

    /// A settled, unpaid order that is to be paid within some seconds, as the engine settles it.
    pub(crate) async fn buys(&self, sale: u64, user: u64, units: u32, pay_within_s: i64) -> Bought {
        let nonce: [u8; 16] = catalog_api::random::bytes();
        let sn = OrderSn { sale: SaleId(sale), nonce: Nonce(nonce) }.to_string();
        let mut tx = self.db.begin().await.unwrap();
        let done = sqlx::query("update flash_sale set free = free - ? where id = ? and free >= ?")
            .bind(units)
            .bind(sale)
            .bind(units)
            .execute(&mut *tx)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1, "the test sells no more than there is");
        sqlx::query("insert into stock_log (sale_id, cause, cause_id, delta) values (?, 0, ?, ?)")
            .bind(sale)
            .bind(nonce.as_slice())
            .bind(-i64::from(units))
            .execute(&mut *tx)
            .await
            .unwrap();
        let order = sqlx::query(
            "insert into orders (user_id, order_sn, kind, sale_id, status, consignee, mobile, address, \
             goods_minor, order_minor, actual_minor, pay_by) \
             select ?, ?, kind, id, 101, 'A', '139', 'Lake Road', price_minor * ?, price_minor * ?, \
             price_minor * ?, date_add(now(3), interval ? second) from flash_sale where id = ?",
        )
        .bind(user)
        .bind(&sn)
        .bind(units)
        .bind(units)
        .bind(units)
        .bind(pay_within_s)
        .bind(sale)
        .execute(&mut *tx)
        .await
        .unwrap()
        .last_insert_id();
        sqlx::query(
            "insert into order_goods (order_id, goods_id, goods_name, sku_id, quantity, price_minor, specifications) \
             select ?, coalesce(goods_id, 0), name, coalesce(sku_id, 0), ?, price_minor, '[\"one\"]' \
             from flash_sale where id = ?",
        )
        .bind(order)
        .bind(units)
        .bind(sale)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query(
            "insert into flash_order (sale_id, nonce, user_id, units, price_minor, state, generation, order_id, \
             body_hash, sequence) select id, ?, ?, ?, price_minor, 0, 1, ?, ?, 1 from flash_sale where id = ?",
        )
        .bind(nonce.as_slice())
        .bind(user)
        .bind(units)
        .bind(order)
        .bind([0_u8; 8].as_slice())
        .bind(sale)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        Bought { id: order, sn }
    }

    /// Units a sale's orders have asked back.
    pub(crate) async fn units_asked_back(&self, sale: u64) -> i64 {
        let query = "select cast(coalesce(sum(units), 0) as signed) from stock_return where sale_id = ?";
        self.number(query, sale).await
    }
}

/// A time some seconds from now, as people write it in the default offset.
pub(crate) fn shown(seconds: i64) -> String {
    let zone: catalog_api::envelope::Zone = "+08:00".parse().unwrap();
    let at = catalog_api::clock::unix_s().cast_signed() + seconds;
    zone.show(chrono::DateTime::from_timestamp(at, 0).unwrap().naive_utc())
}
