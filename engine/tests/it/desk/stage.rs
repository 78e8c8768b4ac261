//! Where the suite plays: a desk, and the hands behind it that log in, pass time and break things.

use super::server::RedisServer;
use contract::ids::SaleId;
use contract::keys::{self, DeskKeys};
use engine::clock::Clock;
use engine::reservation::Desk;
use engine::reservation::embedded::EmbeddedDesk;
use engine::reservation::redis::{RedisDesk, RedisDeskSettings};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) const PREFIX: &str = "test";

pub(crate) trait Stage {
    type Desk: Desk;
    fn desk(&self) -> &Self::Desk;
    fn keys(&self, sale: SaleId) -> DeskKeys;
    async fn add_session(&self, session: &str);
    async fn revoke_session(&self, session: &str);
    /// Deletes a key behind the desk's back; it must have been there.
    async fn forget_key(&self, key: &str);
    /// Returns once this much time has passed at the desk.
    async fn pass(&self, time: Duration);
    /// Crashes the desk and starts it with its data intact.
    async fn restart(&mut self);
    /// How long random tests may last here, in operations, and how rarely time may pass in them.
    fn patience(&self) -> (usize, u64);
}

/// A clock that a test moves by hand.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<AtomicU64>);

impl Clock for HandClock {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.unix_ms())
    }

    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) struct Embedded {
    pub(crate) desk: EmbeddedDesk<HandClock>,
    clock: HandClock,
}

impl Embedded {
    pub(crate) fn start() -> Self {
        let clock = HandClock(Arc::new(AtomicU64::new(1_700_000_000_000)));
        Self { desk: EmbeddedDesk::new(clock.clone()), clock }
    }

    /// Sets the clock back, as only a clock by hand lets itself.
    pub(crate) fn set_back(&self, time: Duration) {
        self.clock.0.fetch_sub(time.as_millis() as u64, Ordering::Relaxed);
    }
}

impl Stage for Embedded {
    type Desk = EmbeddedDesk<HandClock>;

    fn desk(&self) -> &Self::Desk {
        &self.desk
    }

    fn keys(&self, sale: SaleId) -> DeskKeys {
        self.desk.keys(sale)
    }

    async fn add_session(&self, session: &str) {
        self.desk.add_session(session);
    }

    async fn revoke_session(&self, session: &str) {
        self.desk.revoke_session(session);
    }

    async fn forget_key(&self, key: &str) {
        assert!(self.desk.forget_key(key), "{key} was there");
    }

    async fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }

    async fn restart(&mut self) {
        self.desk.restart();
    }

    fn patience(&self) -> (usize, u64) {
        (3000, 10)
    }
}

pub(crate) struct Real {
    pub(crate) server: RedisServer,
    desk: RedisDesk,
}

impl Real {
    pub(crate) async fn start() -> Self {
        let server = RedisServer::start().await;
        let desk = RedisDesk::new(settings(&server)).unwrap();
        Self { server, desk }
    }
}

/// Two connections, so that every test meets both.
pub(crate) fn settings(server: &RedisServer) -> RedisDeskSettings {
    RedisDeskSettings {
        url: server.url(),
        prefix: PREFIX.to_owned(),
        connections: 2,
        connect_timeout: Duration::from_secs(5),
        response_timeout: Duration::from_secs(10),
        require_append_only_always: true,
    }
}

impl Stage for Real {
    type Desk = RedisDesk;

    fn desk(&self) -> &RedisDesk {
        &self.desk
    }

    fn keys(&self, sale: SaleId) -> DeskKeys {
        DeskKeys::new(PREFIX, sale)
    }

    async fn add_session(&self, session: &str) {
        self.server.command(&["SET", &keys::session(PREFIX, session), "somebody", "EX", "600"]).await;
    }

    async fn revoke_session(&self, session: &str) {
        self.server.command(&["DEL", &keys::session(PREFIX, session)]).await;
        self.server.command(&["XADD", &keys::revocations(PREFIX), "*", "sid", session]).await;
    }

    async fn forget_key(&self, key: &str) {
        assert_eq!(self.server.command(&["DEL", key]).await, redis::Value::Int(1), "{key} was there");
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn restart(&mut self) {
        self.server.restart().await;
    }

    fn patience(&self) -> (usize, u64) {
        (400, 60)
    }
}
