//! What only happens on a wire or in a real Redis, and what only the embedded desk can play.

use super::proxy::Proxy;
use super::seller::{GENERATION, SALE, Seller, done, image, terms};
use super::server::RedisServer;
use super::stage::{Embedded, Real, Stage, settings};
use contract::ids::{EntryId, UserId};
use engine::fault::{Effect, Fault};
use engine::reservation::redis::{RedisDesk, RedisDeskSettings};
use engine::reservation::scripts::Script;
use engine::reservation::{
    At, Desk, DeskIdentity, Reply, ReserveCall, ReserveOutcome, ReserveReply, Terms, TokenOutcome,
};
use std::time::Duration;

impl Seller<Real> {
    async fn command(&self, words: &[&str]) {
        self.stage.server.command(words).await;
    }

    async fn try_reserve(
        &self,
        item: engine::reservation::ReserveItem,
    ) -> Result<Reply<ReserveReply>, Fault> {
        self.desk().reserve(ReserveCall { at: self.at.clone(), items: vec![item] }).await
    }
}

#[tokio::test]
async fn an_unreachable_redis_has_done_nothing() {
    let mut server = RedisServer::start().await;
    server.kill();
    let desk = RedisDesk::new(settings(&server)).unwrap();
    assert_eq!(desk.inspect(SALE).await.unwrap_err().effect, Effect::None);
    assert_eq!(desk.identity(SALE).await.unwrap_err().effect, Effect::None);
}

#[tokio::test]
async fn a_reply_that_does_not_come_in_time_leaves_the_effect_unknown_and_the_repeat_is_answered() {
    let stage = Real::start().await;
    let hasty = RedisDesk::new(RedisDeskSettings {
        response_timeout: Duration::from_millis(150),
        connect_timeout: Duration::from_millis(150),
        connections: 1,
        ..settings(&stage.server)
    });
    let hasty = hasty.unwrap();
    let seller = Seller::open(stage, 10, terms()).await;
    let nonce = seller.nonce(1).await;
    let call = || ReserveCall { at: seller.at.clone(), items: vec![seller.item(1, nonce, 2)] };
    hasty.inspect(SALE).await.unwrap();
    seller.stage.server.pause();
    assert_eq!(hasty.reserve(call()).await.unwrap_err().effect, Effect::Unknown);
    // The next connection cannot be made while Redis stands still; before it is made nothing is sent.
    assert_eq!(hasty.reserve(call()).await.unwrap_err().effect, Effect::None);
    seller.stage.server.resume();
    let again = done(seller.desk().reserve(call()).await.unwrap());
    let ReserveOutcome::Repeated { unsettled: Some(_), .. } = &again.outcomes[0] else {
        panic!("the script that was not waited for has run: {again:?}");
    };
    assert_eq!(done(hasty.reserve(call()).await.unwrap()).outcomes, again.outcomes);
    assert_eq!(seller.inspect().await.free, 8);
}

#[tokio::test]
async fn a_redis_that_lost_the_scripts_gets_them_again() {
    let seller = Seller::open(Real::start().await, 10, terms()).await;
    seller.order(1, 1).await;
    seller.command(&["SCRIPT", "FLUSH"]).await;
    seller.order(2, 1).await;
    assert_eq!(seller.inspect().await.free, 8);
}

#[tokio::test]
async fn a_redis_that_refuses_writes_has_done_nothing() {
    let seller = Seller::open(Real::start().await, 10, terms()).await;
    let nonce = seller.nonce(1).await;
    let full: (&[&str], &[&str]) =
        (&["CONFIG", "SET", "maxmemory", "1"], &["CONFIG", "SET", "maxmemory", "0"]);
    let replica: (&[&str], &[&str]) = (&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"]);
    for (breaks, heals) in [full, replica] {
        seller.command(breaks).await;
        let fault = seller.try_reserve(seller.item(1, nonce, 1)).await.unwrap_err();
        assert_eq!(fault.effect, Effect::None, "{breaks:?}: {fault}");
        seller.command(heals).await;
        let books = seller.inspect().await;
        assert_eq!((books.free, books.sequence.0, books.live_tokens), (10, 1, 1), "{breaks:?}");
    }
    assert_eq!(seller.one(seller.item(1, nonce, 1)).await, ReserveOutcome::Reserved);
}

#[tokio::test]
async fn a_key_of_another_type_is_met_before_anything_is_written() {
    let seller = Seller::open(Real::start().await, 10, terms()).await;
    let (nonce, batch) = seller.order(1, 1).await;
    let next = seller.nonce(2).await;
    let before = seller.inspect().await;
    let keys = seller.stage.keys(SALE);
    for key in [&keys.buyers, &keys.outbox, &keys.tokens] {
        seller.command(&["RENAME", key, "aside"]).await;
        seller.command(&["SET", key, "of another type"]).await;
        let fault = seller.try_reserve(seller.item(2, next, 1)).await.unwrap_err();
        assert_eq!(fault.effect, Effect::Unknown);
        assert!(fault.to_string().contains("WRONGTYPE"), "{fault}");
        if *key != keys.outbox {
            let session = "session-3".into();
            let item =
                engine::reservation::TokenItem { user: UserId(3), nonce: seller.fresh_nonce(), session };
            let call = engine::reservation::TokenCall { at: seller.at.clone(), items: vec![item] };
            seller.desk().token(call).await.unwrap_err();
        } else {
            seller.desk().trim(seller.at.clone(), &[(batch.entry, 1)]).await.unwrap_err();
        }
        if *key == keys.buyers {
            seller.desk().give_back(seller.at.clone(), &[(UserId(1), nonce)]).await.unwrap_err();
        }
        seller.command(&["RENAME", "aside", key]).await;
        let after = seller.inspect().await;
        assert_eq!(
            after,
            engine::reservation::Inspection { now_ms: after.now_ms, ..before.clone() },
            "{key}"
        );
    }
    // The refused call for 3 left no token behind, nor did that for 2 use one up.
    seller.nonce(3).await;
    assert_eq!(seller.one(seller.item(2, next, 1)).await, ReserveOutcome::Reserved);
}

#[tokio::test]
async fn seconds_that_have_passed_leave_no_trace() {
    let seller = Seller::open(Real::start().await, 10, Terms { token_ttl_s: 1, ..terms() }).await;
    for user in 1..=3 {
        seller.nonce(user).await;
        seller.stage.pass(Duration::from_millis(1100)).await;
    }
    seller.nonce(4).await;
    let tokens = seller.stage.keys(SALE).tokens;
    let fields = seller.stage.server.command(&["HLEN", &tokens]).await;
    assert_eq!(fields, redis::Value::Int(2), "the mark and the second of the live token");
}

#[tokio::test]
async fn a_scripts_own_refusal_is_told_with_its_text() {
    let stage = Real::start().await;
    let long_lived = Terms { token_ttl_s: 3601, ..terms() };
    let fault = stage.desk().open(&image(1, &long_lived)).await.unwrap_err();
    assert_eq!(fault.effect, Effect::Unknown);
    assert!(fault.to_string().contains("token_ttl_s must be 1 to 3600"), "{fault}");
    assert_eq!(stage.desk().inspect(SALE).await.unwrap(), Reply::Absent);
}

#[tokio::test]
async fn a_desk_of_another_identity_is_not_sent_anything() {
    let mut seller = Seller::open(Real::start().await, 10, terms()).await;
    let (nonce, batch) = seller.order(1, 1).await;
    let real = std::mem::replace(&mut seller.at.identity, DeskIdentity("another".into()));
    let before = seller.inspect().await;
    let other = || Reply::OtherDesk(real.clone());
    assert_eq!(seller.try_reserve(seller.item(1, nonce, 1)).await.unwrap(), Reply::OtherDesk(real.clone()));
    assert_eq!(seller.desk().trim(seller.at.clone(), &[(batch.entry, 1)]).await.unwrap(), other());
    let after = seller.inspect().await;
    assert_eq!(after, engine::reservation::Inspection { now_ms: after.now_ms, ..before });
}

#[tokio::test]
async fn a_reply_under_another_tag_is_not_believed_and_ends_the_connection() {
    let seller = Seller::open(Real::start().await, 10, terms()).await;
    let nonce = seller.nonce(1).await;
    let (proxy, url) = Proxy::start(seller.stage.server.port()).await;
    let over_proxy = RedisDeskSettings { url, connections: 1, ..settings(&seller.stage.server) };
    let desk = RedisDesk::new(over_proxy).unwrap();
    let call = || ReserveCall { at: seller.at.clone(), items: vec![seller.item(1, nonce, 2)] };
    for _ in 0..3 {
        desk.inspect(SALE).await.unwrap();
    }
    assert_eq!(proxy.connections(), 1, "a connection is kept");
    proxy.falsify_next_tag();
    let fault = desk.reserve(call()).await.unwrap_err();
    assert_eq!(fault.effect, Effect::Unknown);
    assert!(fault.to_string().contains("another call"), "{fault}");
    let again = done(desk.reserve(call()).await.unwrap());
    assert!(matches!(again.outcomes[0], ReserveOutcome::Repeated { .. }), "{again:?}");
    assert_eq!(proxy.connections(), 2, "the connection in doubt was replaced");
}

#[tokio::test]
async fn a_late_repetition_of_open_sale_leaves_a_desk_that_cannot_be_opened() {
    let stage = Real::start().await;
    let desk_image = image(10, &terms());
    let identity = done(stage.desk().open(&desk_image).await.unwrap());
    let keys = stage.keys(SALE);
    let run = async |script: Script, arguments: &[&str]| -> Vec<String> {
        let keys = script.keys(&keys);
        let mut command = redis::cmd("EVAL");
        command.arg(script.text()).arg(keys.len()).arg(keys).arg(arguments);
        command.query_async(&mut stage.server.connection().await).await.unwrap()
    };
    let late = ["late", "3", "10", "0", "9000", "990", "1", "1", "1", "0", "90", "5", "2000"];
    assert_eq!(run(Script::OpenSale, &late).await[0], "ok", "nobody has used the desk yet");

    let at = At { sale: SALE, generation: GENERATION, identity };
    assert_eq!(stage.desk().revise(at.clone(), &terms(), true).await.unwrap(), Reply::Absent);
    assert_eq!(stage.desk().inspect(SALE).await.unwrap(), Reply::Absent);
    let unknown = [(UserId(1), contract::ids::Nonce([1; 16]))];
    assert_eq!(stage.desk().give_back(at.clone(), &unknown).await.unwrap(), Reply::Absent);
    assert_eq!(stage.desk().close(at.clone()).await.unwrap(), Reply::Absent);
    assert_eq!(
        run(Script::LoadBuyers, &["t", "3", "early", "1", ""]).await[0],
        "open",
        "another build's part"
    );
    assert_eq!(stage.desk().inspect(SALE).await.unwrap(), Reply::Absent);

    done(stage.desk().open(&desk_image).await.unwrap());
    done(stage.desk().revise(at, &terms(), true).await.unwrap());
    assert_eq!(run(Script::OpenSale, &late).await[0], "open", "in use");
    assert_eq!(run(Script::LoadBuyers, &["t", "3", "late", "1", ""]).await[0], "open", "in use");
}

#[tokio::test]
async fn settings_that_lose_orders_are_named() {
    let stage = Real::start().await;
    assert!(stage.desk().unfit().await.unwrap().is_empty());
    for (name, wrong, right) in [
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
        ("appendonly", "no", "yes"),
        ("appendfsync", "everysec", "always"),
        ("no-appendfsync-on-rewrite", "yes", "no"),
    ] {
        stage.server.command(&["CONFIG", "SET", name, wrong]).await;
        let words = stage.desk().unfit().await.unwrap();
        assert_eq!(words.len(), 1, "{words:?}");
        assert!(words[0].starts_with(name) && words[0].contains(wrong), "{words:?}");
        stage.server.command(&["CONFIG", "SET", name, right]).await;
        stage.server.rewritten().await;
    }
    let lenient = RedisDeskSettings { require_append_only_always: false, ..settings(&stage.server) };
    stage.server.command(&["CONFIG", "SET", "appendfsync", "everysec"]).await;
    assert!(RedisDesk::new(lenient).unwrap().unfit().await.unwrap().is_empty());
    stage.server.command(&["ACL", "SETUSER", "default", "-config"]).await;
    let words = stage.desk().unfit().await.unwrap();
    assert!(words.len() == 4 && words.iter().all(|text| text.contains("cannot be read")), "{words:?}");
}

#[tokio::test]
async fn many_calls_at_once_share_the_connections() {
    let seller = Seller::open(Real::start().await, 40, Terms { token_multiplier: 10, ..terms() }).await;
    let users: Vec<u64> = (1..=100).collect();
    let tokens = seller.tokens(&users).await;
    let calls = users.iter().zip(&tokens.outcomes).map(|(&user, outcome)| {
        let TokenOutcome::Token { nonce, .. } = *outcome else { panic!("{outcome:?}") };
        let call = ReserveCall { at: seller.at.clone(), items: vec![seller.item(user, nonce, 1)] };
        let desk = seller.desk().clone();
        tokio::spawn(async move { done(desk.reserve(call).await.unwrap()) })
    });
    let mut entries: Vec<EntryId> = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        let reply = call.await.unwrap();
        match (&reply.outcomes[0], reply.batch) {
            (ReserveOutcome::Reserved, Some(batch)) => entries.push(batch.entry),
            (ReserveOutcome::SoldOut, None) => {}
            other => panic!("{other:?}"),
        }
    }
    entries.sort();
    entries.dedup();
    assert_eq!((entries.len(), seller.inspect().await.free), (40, 0));
}

#[tokio::test]
async fn an_embedded_desk_forgets_what_came_after_its_snapshot() {
    let mut seller = Seller::open(Embedded::start(), 10, terms()).await;
    let (kept, _) = seller.order(1, 1).await;
    let snapshot = seller.stage.desk.save();
    let (lost, _) = seller.order(2, 1).await;
    seller.stage.desk.restore(&snapshot);
    let identity = seller.desk().identity(SALE).await.unwrap();
    assert_ne!(identity, seller.at.identity);
    seller.at.identity = identity;
    assert_eq!(seller.inspect().await.free, 9);
    assert!(matches!(seller.one(seller.item(1, kept, 1)).await, ReserveOutcome::Repeated { .. }));
    assert_eq!(seller.one(seller.item(2, lost, 1)).await, ReserveOutcome::Stale);
    seller.stage.desk.wipe();
    assert_eq!(seller.desk().inspect(SALE).await.unwrap(), Reply::Absent);
}

#[tokio::test]
async fn a_clock_set_back_neither_leaks_tokens_nor_revives_them() {
    let seller =
        Seller::open(Embedded::start(), 2, Terms { token_multiplier: 1, token_ttl_s: 10, ..terms() }).await;
    let old = seller.nonce(1).await;
    seller.stage.pass(Duration::from_secs(11)).await;
    seller.nonce(2).await;
    // The first token has been counted off; for the clock alone it would be alive again.
    seller.stage.set_back(Duration::from_secs(60));
    assert_eq!(seller.one(seller.item(1, old, 1)).await, ReserveOutcome::Stale);
    seller.nonce(3).await;
    assert_eq!(seller.token(4).await, TokenOutcome::NoTokenLeft);
    seller.stage.pass(Duration::from_secs(60 + 11)).await;
    assert_eq!(seller.inspect().await.live_tokens, 0, "all of them end");
    seller.nonce(4).await;
}
