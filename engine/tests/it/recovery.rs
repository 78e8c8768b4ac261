//! A desk that may have forgotten is rebuilt: whatever was lost, whoever noticed, by hand too. Every test
//! ends with the books.

mod older_ledger;

use crate::harness::{Buyer, Mall, Spec, Stores, eventually};
use contract::ids::SaleId;
use contract::keys::DeskKeys;
use hyper::Method;
use serde_json::Value;

impl Mall {
    pub(crate) async fn generation(&self, sale: SaleId) -> i64 {
        self.number(&format!("select cast(generation as signed) from flash_sale where id = {sale}")).await
    }

    /// Waits for a desk of a newer generation.
    pub(crate) async fn wait_recovered(&self, sale: SaleId, after: i64) {
        eventually("the sale is recovered", 40, async || {
            let ready = format!(
                "select cast(if(desk_generation = generation and state = 2, generation, 0) as signed) \
                 from flash_sale where id = {sale}"
            );
            match self.number(&ready).await {
                now if now > after => Ok(()),
                now => Err(format!("generation {now}, was {after}")),
            }
        })
        .await;
    }

    /// Buys as soon as the sale sells again.
    pub(crate) async fn buy_soon(&self, buyer: &Buyer, sale: SaleId) -> String {
        eventually("it sells", 20, async || self.buy(buyer, sale).await).await
    }

    pub(crate) async fn one_sale(&self, sale: SaleId) -> Value {
        let url = format!("{}/seckill/v1/sales/{sale}", self.engine().url);
        self.call(Method::GET, &url, &[], None).await.expect("the engine answers").body
    }

    async fn privately(&self, path: &str) -> (u16, Value, String) {
        let url = format!("{}{path}", self.engine().private_url);
        self.text(&url).await
    }
}

/// Sells `count` units to buyers of their own, all settled.
async fn sell(mall: &Mall, sale: SaleId, count: usize) -> Vec<(Buyer, String)> {
    let mut sold = Vec::new();
    for buyer in mall.crowd(count).await {
        let sn = mall.buy_soon(&buyer, sale).await;
        sold.push((buyer, sn));
    }
    for (buyer, sn) in &sold {
        mall.wait_status(buyer, sn, "settled").await;
    }
    sold
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_a_sale_recovered_while_it_sells() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 20, ..Spec::default() }).await;
    let buyers = mall.crowd(3).await;
    let used = mall.token_text(&buyers[0], sale).await;
    let first = mall.order(&buyers[0], sale, &used, 1).await;
    let unused = mall.token_text(&buyers[1], sale).await;
    let before = mall.generation(sale).await;

    let told = mall.command().args(["recover", &sale.to_string()]).output().expect("recover runs");
    let told = (told.status.code(), String::from_utf8_lossy(&told.stdout).into_owned());
    assert_eq!(told.0, Some(0), "{}", told.1);
    assert!(told.1.contains("asked for, at generation 1"), "{}", told.1);
    assert!(told.1.contains(&format!("ready at generation {}", before + 1)), "{}", told.1);

    mall.wait_recovered(sale, before).await;
    eventually("an unused token is stale", 5, async || {
        match mall.order(&buyers[1], sale, &unused, 1).await.code() {
            "token_stale" => Ok(()),
            other => Err(other.to_owned()),
        }
    })
    .await;
    let again = mall.order(&buyers[0], sale, &used, 1).await;
    assert_eq!((again.status, &again.body["order_sn"]), (200, &first.body["order_sn"]));
    mall.buy(&buyers[1], sale).await.expect("with a new token");

    let all = mall.command().args(["recover", "--all"]).output().expect("recover runs");
    assert!(all.status.success(), "{}", String::from_utf8_lossy(&all.stdout));
    mall.buy_soon(&buyers[2], sale).await;
    let nobody = mall.command().args(["recover", "999999"]).output().expect("recover runs");
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("sale 999999"), "it says which");
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_is_seen_everywhere_with_the_step_it_is_at() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 5, ..Spec::default() }).await;
    sell(&mall, sale, 1).await;
    assert!(mall.one_sale(sale).await.get("recovery").is_none());
    // Settlement of the sale's partition stands still behind this lock, and so does the recovery.
    let mut lock = mall.db.begin().await.expect("begin");
    sqlx::query("select next_offset from log_position where partition_id = ? for update")
        .bind(sale.0 % 2)
        .execute(&mut *lock)
        .await
        .expect("locked");
    mall.forget_key(&DeskKeys::new(mall.prefix(), sale).buyers).await;
    eventually("the sale says so", 10, async || {
        let sale = mall.one_sale(sale).await;
        if sale["state"] == "recovering" && sale["recovery"] == "settling" {
            Ok(())
        } else {
            Err(sale.to_string())
        }
    })
    .await;
    let (status, ready, _) = mall.privately("/readyz").await;
    assert_eq!(status, 200, "other sales go on: {ready}");
    assert_eq!(
        (&ready["recovering"][0]["sale"], &ready["recovering"][0]["step"]),
        (&sale.0.into(), &"settling".into())
    );
    let (_, _, metrics) = mall.privately("/metrics").await;
    assert!(metrics.contains("engine_sales_recovering 1\n"), "{metrics}");
    assert!(metrics.contains("engine_recovery_settling_sales 1\n"), "{metrics}");
    let refused = mall.token(&mall.buyer().await, sale).await;
    assert_eq!((refused.status, refused.code()), (503, "recovering"));
    assert!(refused.head.contains_key("retry-after"));
    lock.rollback().await.expect("unlocked");
    mall.wait_recovered(sale, 1).await;
    eventually("nothing is recovering", 5, async || {
        let (_, ready, _) = mall.privately("/readyz").await;
        if ready["recovering"] == serde_json::json!([]) { Ok(()) } else { Err(ready.to_string()) }
    })
    .await;
    sell(&mall, sale, 2).await;
    mall.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_lost_any_of_its_keys_is_recovered() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 30, ..Spec::default() }).await;
    let keys = DeskKeys::new(mall.prefix(), sale);
    for key in [&keys.terms, &keys.buyers, &keys.outbox, &keys.tokens, &keys.changes] {
        let buyers = mall.crowd(3).await;
        let before = mall.generation(sale).await;
        for buyer in &buyers[..2] {
            mall.buy_soon(buyer, sale).await;
        }
        mall.forget_key(key).await;
        mall.wait_recovered(sale, before).await;
        mall.buy_soon(&buyers[2], sale).await;
        let again = mall.buy(&buyers[0], sale).await;
        assert_eq!(again, Err("limit_reached".into()), "{key}: what was promised before is remembered");
    }
    mall.finish().await;
}

/// As a machine that was reset to a snapshot: the same run id, an older desk.
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_went_back_under_the_same_name_is_recovered_and_sells_nothing_twice() {
    let mut mall = Mall::prepare(Stores::shared(), &[]).await;
    let settler = mall.another_engine("settle").await;
    mall.start_engine("serve").await;
    let sale = mall.sale(Spec { units: 12, ..Spec::default() }).await;
    sell(&mall, sale, 2).await;
    let keys = DeskKeys::new(mall.prefix(), sale);
    let keys = [keys.terms, keys.buyers, keys.outbox, keys.tokens, keys.changes];
    let kept = |key: &String| format!("{key}:kept");
    let mut save = redis::pipe();
    save.atomic();
    for key in &keys {
        save.cmd("COPY").arg(key).arg(kept(key)).arg("REPLACE");
    }
    mall.redis(&save).await;
    sell(&mall, sale, 5).await;
    let before = mall.generation(sale).await;
    let mut restore = redis::pipe();
    restore.atomic();
    for key in &keys {
        restore.cmd("RENAME").arg(kept(key)).arg(key);
    }
    mall.redis(&restore).await;
    // Nobody has to wait for the keeper to look: these are told that it is unknown, or to come back.
    let crowd = mall.crowd(8).await;
    for buyer in &crowd[..3] {
        if let Err(code) = mall.buy(buyer, sale).await {
            assert!(
                ["recovering", "order_unknown", "unavailable", "token_stale"].contains(&&*code),
                "{code}"
            );
        }
    }
    mall.wait_recovered(sale, before).await;
    let mut sold = 0;
    for buyer in &crowd {
        sold += usize::from(
            eventually("an answer", 20, async || match mall.buy(buyer, sale).await {
                Ok(_) => Ok(true),
                Err(code) if code == "limit_reached" => Ok(true),
                Err(code) if code == "sold_out" => Ok(false),
                Err(code) => Err(code),
            })
            .await,
        );
    }
    assert_eq!(sold, 5, "twelve units, of which seven were sold before");
    assert_eq!(mall.number("select count(*) from dead_letter").await, 0);
    drop(settler);
    let keeper = mall.another_engine("settle").await;
    mall.finish_with(keeper).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_vanished_from_the_desk_come_back_once_the_books_show_it() {
    let mall = Mall::start().await;
    let sale = mall.sale(Spec { units: 4, ..Spec::default() }).await;
    sell(&mall, sale, 1).await;
    let before = mall.generation(sale).await;
    let mut edit = redis::pipe();
    edit.cmd("HINCRBY").arg(DeskKeys::new(mall.prefix(), sale).terms).arg("free").arg(-2);
    mall.redis(&edit).await;
    mall.wait_recovered(sale, before).await;
    sell(&mall, sale, 3).await;
    mall.finish().await;
}
