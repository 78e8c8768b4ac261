//! The faults, and how each is done.

use super::{damage, pass};
use crate::house::{House, STORES};
use crate::proxy::Mode;
use anyhow::Result;
use fastrand::Rng;
use std::time::Duration;
use xtask::process::Signal;

/// One way to break the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// kill -9 of an engine, and its start.
    EngineKilled,
    /// SIGTERM of an engine, and its start.
    EngineEnded,
    /// SIGSTOP of an engine, past its leases now and then.
    EnginePaused,
    /// kill -9 of the mall.
    MallKilled,
    /// kill -9 of Redis; its data stays.
    RedisKilled,
    /// kill -9 of Redis; its data is gone.
    RedisEmptied,
    /// kill -9 of Redis; the last bytes of its log are gone.
    RedisTailCut,
    /// A copy of Redis's data of a moment ago comes back, as when a replica that lagged is promoted.
    RedisRolledBack,
    /// SIGSTOP of Redis.
    RedisPaused,
    /// No byte more fits on the disk of Redis.
    RedisDiskFull,
    /// kill -9 of the broker.
    KafkaKilled,
    /// kill -9 of the broker; the last bytes of the order log are gone.
    KafkaTailCut,
    /// SIGSTOP of the broker.
    KafkaPaused,
    /// kill -9 of the database.
    DatabaseKilled,
    /// SIGSTOP of the database.
    DatabasePaused,
    /// Somebody holds the rows of every sale.
    LedgerRowsLocked,
    /// A wire is cut.
    WireCut,
    /// A wire is reset.
    WireReset,
    /// A wire passes nothing.
    WireStalled,
    /// A wire passes requests and no reply.
    RepliesLost,
    /// A wire is cut in the middle of what is sent.
    WireCutShort,
}

/// All of them.
pub(super) const ALL: [Kind; 21] = [
    Kind::EngineKilled,
    Kind::EngineEnded,
    Kind::EnginePaused,
    Kind::MallKilled,
    Kind::RedisKilled,
    Kind::RedisEmptied,
    Kind::RedisTailCut,
    Kind::RedisRolledBack,
    Kind::RedisPaused,
    Kind::RedisDiskFull,
    Kind::KafkaKilled,
    Kind::KafkaTailCut,
    Kind::KafkaPaused,
    Kind::DatabaseKilled,
    Kind::DatabasePaused,
    Kind::LedgerRowsLocked,
    Kind::WireCut,
    Kind::WireReset,
    Kind::WireStalled,
    Kind::RepliesLost,
    Kind::WireCutShort,
];

impl Kind {
    /// What it is called in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EngineKilled => "engine killed",
            Self::EngineEnded => "engine asked to end",
            Self::EnginePaused => "engine paused",
            Self::MallKilled => "mall killed",
            Self::RedisKilled => "redis killed",
            Self::RedisEmptied => "redis emptied",
            Self::RedisTailCut => "redis tail cut",
            Self::RedisRolledBack => "redis rolled back",
            Self::RedisPaused => "redis paused",
            Self::RedisDiskFull => "redis disk full",
            Self::KafkaKilled => "kafka killed",
            Self::KafkaTailCut => "kafka tail cut",
            Self::KafkaPaused => "kafka paused",
            Self::DatabaseKilled => "database killed",
            Self::DatabasePaused => "database paused",
            Self::LedgerRowsLocked => "ledger rows locked",
            Self::WireCut => "wire cut",
            Self::WireReset => "wire reset",
            Self::WireStalled => "wire stalled",
            Self::RepliesLost => "replies lost",
            Self::WireCutShort => "wire cut short",
        }
    }

    /// Does it and undoes it; how many processes were killed for it.
    pub(super) fn strike(self, house: &mut House, dice: &mut Rng, lasts: Duration) -> Result<u64> {
        let engine = dice.usize(..house.engines.len());
        match self {
            Self::EngineKilled => {
                house.engines[engine].kill9();
                pass(lasts);
                house.engines[engine].start()?;
            }
            Self::EngineEnded => {
                house.engines[engine].terminate()?;
                pass(lasts);
                house.engines[engine].start()?;
                return Ok(0);
            }
            Self::EnginePaused => {
                house.engines[engine].signal(Signal::Stop)?;
                pass(lasts * 2);
                house.engines[engine].signal(Signal::Cont)?;
                return Ok(0);
            }
            Self::MallKilled => {
                house.catalog.kill9();
                pass(lasts);
                house.catalog.start()?;
            }
            Self::RedisKilled => {
                house.redis.kill9();
                pass(lasts);
                house.redis.restart()?;
            }
            Self::RedisEmptied => {
                house.redis.kill9();
                damage::empty_redis(&house.dir.join("redis"))?;
                pass(lasts / 4);
                house.redis.restart()?;
            }
            Self::RedisTailCut => {
                house.redis.kill9();
                damage::cut_redis(&house.dir.join("redis"), dice.u64(1..4_000))?;
                house.redis.restart()?;
            }
            Self::RedisRolledBack => {
                let dir = house.dir.join("redis");
                let copy = dir.join("a-moment-ago");
                damage::copy_redis(&dir, &copy)?;
                pass(lasts / 4);
                house.redis.kill9();
                damage::put_back(&copy, &dir)?;
                house.redis.restart()?;
            }
            Self::RedisPaused => return paused(&house.redis, lasts),
            Self::RedisDiskFull => {
                if let Some(disk) = &house.disk {
                    disk.fill()?;
                    pass(lasts);
                    // It ends by itself when it cannot keep its word.
                    house.redis.kill9();
                    disk.clear()?;
                    house.redis.restart()?;
                }
                return Ok(0);
            }
            Self::KafkaKilled => {
                house.kafka.kill9();
                pass(lasts / 4);
                house.kafka.restart()?;
            }
            Self::KafkaTailCut => {
                house.kafka.kill9();
                damage::cut_kafka(&house.dir.join("kafka"), dice)?;
                house.kafka.restart()?;
            }
            Self::KafkaPaused => return paused(&house.kafka, lasts),
            Self::DatabaseKilled => {
                house.database.kill9();
                pass(lasts);
                house.database.restart()?;
            }
            Self::DatabasePaused => return paused(&house.database, lasts),
            Self::LedgerRowsLocked => {
                tokio::runtime::Handle::current()
                    .block_on(damage::hold_the_sales(&house.database.url(), lasts))?;
                return Ok(0);
            }
            Self::WireCut | Self::WireReset | Self::WireStalled | Self::RepliesLost | Self::WireCutShort => {
                self.bend_a_wire(house, engine, dice, lasts);
                return Ok(0);
            }
        }
        Ok(1)
    }

    fn bend_a_wire(self, house: &House, engine: usize, dice: &mut Rng, lasts: Duration) {
        let store = dice.usize(..STORES.len());
        let mode = match self {
            Self::WireReset => Mode::Reset,
            Self::WireStalled => Mode::Stall,
            Self::RepliesLost => Mode::LoseReplies,
            Self::WireCutShort => Mode::CutAfter(dice.u64(100..20_000)),
            _ => Mode::Cut,
        };
        let wire = &house.wires[engine][store];
        wire.set(mode);
        pass(lasts);
        wire.set(Mode::Pass);
    }
}

fn paused(server: &xtask::services::Server, lasts: Duration) -> Result<u64> {
    server.pause()?;
    pass(lasts);
    server.resume()?;
    Ok(0)
}
