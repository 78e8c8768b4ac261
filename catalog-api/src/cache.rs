//! Answers kept for a while: in this process, behind it in Redis. One caller fills a gap, the others
//! wait for it.
//!
//! Each entry names the subjects it was made from. A subject has a version in Redis, and the versions are
//! part of an entry's key: whoever writes replaces the version, and what was made from the old one is
//! never asked for again, in no instance. Versions are read anew every [`FRESH`], so a write is seen
//! everywhere within that time, and at once in the instance that made it.
//!
//! A version is read before what it stands for, never after, so an entry is at least as new as its key
//! says. Only a process that dies between its commit and [`Cache::changed`] leaves old answers behind,
//! for [`LIFE`] at most.
//!
//! Without Redis every answer lives for a second, and in this process alone.

use crate::envelope::chain;
use crate::envelope::ready::text_of;
use crate::error::{Failure, Fault};
use crate::random;
use deadpool_redis::Pool;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How old the versions this process knows may be.
pub const FRESH: Duration = Duration::from_millis(500);
/// How long an entry lives.
pub const LIFE: Duration = Duration::from_secs(30);
/// Bytes of entries in this process.
pub const LOCAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of an entry in Redis; a longer one stays in the process that made it.
pub const SHARED_BYTES_MAX: usize = 256 * 1024;

/// What an answer can be made from. Whoever changes rows of one says so with [`Cache::changed`]. What
/// ends by the clock, such as coupons and group-buy offers, is not among them and is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Goods with their SKUs, specifications and attributes. Stock is not kept.
    Goods,
    /// Categories.
    Categories,
    /// Brands.
    Brands,
    /// Topics.
    Topics,
    /// Common questions.
    Issues,
    /// Words to search for.
    Keywords,
    /// Advertisements.
    Ads,
}

const SUBJECTS: [(Subject, &str); 7] = [
    (Subject::Goods, "goods"),
    (Subject::Categories, "categories"),
    (Subject::Brands, "brands"),
    (Subject::Topics, "topics"),
    (Subject::Issues, "issues"),
    (Subject::Keywords, "keywords"),
    (Subject::Ads, "ads"),
];

type Versions = Arc<[String; SUBJECTS.len()]>;

/// What this process knows of the versions.
#[derive(Default)]
struct Known {
    /// When they were asked for, and what they were.
    versions: Option<(Instant, Versions)>,
    /// Changes made by this process; versions asked for before one of them are not kept.
    changes: u64,
}

/// The cache of one process.
pub struct Cache {
    prefix: String,
    local: moka::future::Cache<String, Arc<str>>,
    known: Mutex<Known>,
    /// Held by the one caller that reads the versions.
    reading: tokio::sync::Mutex<()>,
    since: Instant,
}

impl Cache {
    /// An empty one.
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: format!("{prefix}:cache"),
            local: moka::future::Cache::builder()
                .weigher(|key: &String, text: &Arc<str>| {
                    u32::try_from(key.len() + text.len()).unwrap_or(u32::MAX)
                })
                .max_capacity(LOCAL_BYTES_MAX)
                .time_to_live(LIFE)
                .build(),
            known: Mutex::default(),
            reading: tokio::sync::Mutex::new(()),
            since: Instant::now(),
        }
    }

    /// The answer of this name, as JSON text; made by `load` when it is not kept. `load` is told from which
    /// moment on it has to see every change. A refusal of `load` is passed on and not kept.
    pub async fn get<T, F>(
        &self,
        redis: &Pool,
        subjects: &[Subject],
        name: &str,
        load: impl FnOnce(Instant) -> F,
    ) -> Result<Arc<str>, Failure>
    where
        T: Serialize,
        F: Future<Output = Result<T, Failure>>,
    {
        let versions = self.versions(redis).await;
        // A version is told after the commit it stands for, so its changes are older than the look at it.
        let moment = versions.as_ref().map_or_else(Instant::now, |(asked_at, _)| *asked_at);
        let key = match &versions {
            Some((_, versions)) => {
                let of_these = SUBJECTS.iter().zip(versions.iter());
                let of_these = of_these.filter(|((subject, _), _)| subjects.contains(subject));
                of_these
                    .fold(format!("{}:{name}", self.prefix), |key, (_, version)| format!("{key}:{version}"))
            }
            None => format!("{}:{name}:alone:{}", self.prefix, self.since.elapsed().as_secs()),
        };
        let fill = async {
            if versions.is_some()
                && let Some(text) = shared(redis, &key).await
            {
                return Ok(text.into());
            }
            let text: Arc<str> = text_of(load(moment).await?)?.into();
            if versions.is_some() && text.len() <= SHARED_BYTES_MAX {
                share(redis, &key, &text).await;
            }
            Ok(text)
        };
        // On the heap: the futures of whoever waits for an answer stay small.
        Box::pin(self.local.try_get_with(key.clone(), fill)).await.map_err(own)
    }

    /// Says that rows of these subjects were changed. To be called after the commit.
    pub async fn changed(&self, redis: &Pool, subjects: &[Subject]) {
        let names = SUBJECTS.iter().filter(|(subject, _)| subjects.contains(subject));
        let fields: Vec<(&str, String)> = names.map(|(_, name)| (*name, random::hex_128())).collect();
        let written = async {
            let mut connection = redis.get().await?;
            let mut command = redis::cmd("HSET");
            command.arg(self.versions_key()).arg(&fields);
            Ok::<(), Fault>(command.query_async(&mut connection).await?)
        };
        if let Err(fault) = written.await {
            tracing::error!(
                fault = chain(&fault),
                "a change could not be told to the caches; they may answer as before for {LIFE:?}"
            );
            self.local.invalidate_all();
        }
        let mut known = self.known();
        known.versions = None;
        known.changes += 1;
    }

    fn versions_key(&self) -> String {
        format!("{}:versions", self.prefix)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // Nothing under this lock can leave the value half written.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self) -> Option<(Instant, Versions)> {
        self.known().versions.clone().filter(|(asked_at, _)| asked_at.elapsed() < FRESH)
    }

    /// When they were asked for, and the versions; none when Redis does not say.
    async fn versions(&self, redis: &Pool) -> Option<(Instant, Versions)> {
        if let Some(versions) = self.fresh() {
            return Some(versions);
        }
        let _turn = self.reading.lock().await;
        if let Some(versions) = self.fresh() {
            return Some(versions);
        }
        let (asked_at, changes) = (Instant::now(), self.known().changes);
        match self.read_versions(redis).await {
            Ok(versions) => {
                let versions = Arc::new(versions);
                let mut known = self.known();
                if known.changes == changes {
                    known.versions = Some((asked_at, Arc::clone(&versions)));
                }
                Some((asked_at, versions))
            }
            Err(fault) => {
                tracing::warn!(fault = chain(&fault), "answers are kept in this process only");
                None
            }
        }
    }

    async fn read_versions(&self, redis: &Pool) -> Result<[String; SUBJECTS.len()], Fault> {
        let mut connection = redis.get().await?;
        let key = self.versions_key();
        let mut ask = redis::pipe();
        for (_, name) in SUBJECTS {
            // A version nobody has set yet must not be one that was in use before the store was emptied.
            ask.cmd("HSETNX").arg(&key).arg(name).arg(random::hex_128()).ignore();
        }
        ask.cmd("HMGET").arg(&key).arg(&SUBJECTS.map(|(_, name)| name));
        let (versions,): (Vec<String>,) = ask.query_async(&mut connection).await?;
        versions.try_into().map_err(|_| Fault::Busy("the cache has other subjects than asked for"))
    }
}

async fn shared(redis: &Pool, key: &str) -> Option<String> {
    let mut connection = redis.get().await.ok()?;
    redis::cmd("GET").arg(key).query_async(&mut connection).await.ok()?
}

async fn share(redis: &Pool, key: &str, text: &str) {
    let Ok(mut connection) = redis.get().await else { return };
    let mut command = redis::cmd("SET");
    command.arg(key).arg(text).arg("PX").arg(LIFE.as_millis() as u64);
    // The answer is right without it; the next instance makes its own.
    let _: redis::RedisResult<()> = command.query_async(&mut connection).await;
}

/// The failure of a shared read as this caller's own.
fn own(failure: Arc<Failure>) -> Failure {
    Arc::try_unwrap(failure).unwrap_or_else(|shared| match &*shared {
        Failure::Refused(refusal) => Failure::Refused(refusal.clone()),
        Failure::Fault(fault) => Failure::Fault(Fault::SharedRead(chain(fault))),
    })
}
