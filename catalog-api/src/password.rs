//! Passwords: argon2id (19 MiB, two passes, one lane), a bounded number at a time, off the async
//! threads. Hashes of earlier systems are read, so that their accounts can log in once more, and are
//! replaced then ([`Fit::Outdated`]).

pub mod earlier;

use crate::error::Fault;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Characters of a password at most: more than anybody remembers, and little work to hash.
pub const CHARS_MAX: usize = 128;

/// Nobody learns sooner that a password does not fit: longer than our hashes and those of imported accounts
/// take on a machine with time for them, so that how long it took says neither whether there is such an
/// account nor how old its password is. Where log-ins queue, or for bcrypt of a higher cost, it still may.
const REFUSAL_TAKES: Duration = Duration::from_millis(300);

/// Hashes and verifies.
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    /// Verified for accounts that do not exist or have no password, so that they take as long as those
    /// that do.
    decoy: String,
}

/// Whether a password fits a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It does not.
    No,
    /// It does.
    Yes,
    /// It does, and the hash is of a kind that has to be replaced.
    Outdated,
}

impl Fit {
    /// Whether it fits at all.
    pub fn fits(self) -> bool {
        self != Self::No
    }
}

impl Passwords {
    /// With bounds on what runs and what waits.
    pub fn new(parallel: usize, waiting_max: usize) -> Self {
        let decoy = hashed(&crate::random::hex_128());
        Self { running: Arc::new(Semaphore::new(parallel)), waiting: Semaphore::new(waiting_max), decoy }
    }

    /// The hash to store.
    pub async fn hash(&self, password: String) -> Result<String, Fault> {
        self.run(move || hashed(&password)).await
    }

    /// Whether a password fits a stored hash; without one it takes as long and does not fit.
    pub async fn fits(&self, password: String, stored: Option<String>) -> Result<Fit, Fault> {
        let told_at = Instant::now() + REFUSAL_TAKES;
        let stored = stored.filter(|stored| !stored.is_empty());
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let fit = self.run(move || fit(&password, &stored)).await?;
        if known && fit.fits() {
            return Ok(fit);
        }
        tokio::time::sleep_until(told_at).await;
        Ok(Fit::No)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let _place = self.waiting.try_acquire().map_err(|_| Fault::Busy("too many log-ins are waiting"))?;
        let running = Arc::clone(&self.running);
        let slot = running.acquire_owned().await.expect("the semaphore is never closed");
        // The slot goes along, so that a caller who hangs up does not free it before its work is done.
        let work = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work()
        });
        work.await.map_err(|_| Fault::Busy("a password could not be hashed"))
    }
}

fn fit(password: &str, stored: &str) -> Fit {
    if stored.starts_with("$argon2") {
        return if is_of(password, stored) { Fit::Yes } else { Fit::No };
    }
    if earlier::fits(password, stored) { Fit::Outdated } else { Fit::No }
}

/// Whether an argon2id hash is that of a text.
fn is_of(text: &str, hash: &str) -> bool {
    let parsed = PasswordHash::new(hash).ok();
    parsed.is_some_and(|hash| argon2id().verify_password(text.as_bytes(), &hash).is_ok())
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the constants above are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hashed(password: &str) -> String {
    argon2id().hash_password(password.as_bytes()).expect("any text can be hashed").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_takes_its_time_whatever_is_stored() {
        let passwords = Passwords::new(1, 4);
        let ours = passwords.hash("plum tree".into()).await.unwrap();
        let sealed = earlier::sealed(&format!("$md5$salt${}", "0".repeat(32))).unwrap();
        let bcrypt = bcrypt::hash("plum tree", 4).unwrap();
        for stored in [None, Some(ours), Some(sealed), Some(bcrypt)] {
            let asked = Instant::now();
            assert_eq!(passwords.fits("cherry tree".into(), stored).await.unwrap(), Fit::No);
            assert!(asked.elapsed() >= REFUSAL_TAKES);
        }
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new(1, 4);
        let hash = passwords.hash("plum tree".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("plum tree".into()).await.unwrap());
        assert_eq!(passwords.fits("plum tree".into(), Some(hash.clone())).await.unwrap(), Fit::Yes);
        assert_eq!(passwords.fits("plum".into(), Some(hash)).await.unwrap(), Fit::No);
        for nothing in [None, Some(String::new()), Some("plum tree".into())] {
            assert_eq!(passwords.fits("plum tree".into(), nothing).await.unwrap(), Fit::No);
        }
        assert_eq!(passwords.fits(String::new(), Some(String::new())).await.unwrap(), Fit::No);
    }

    #[tokio::test]
    async fn at_the_bound_a_log_in_is_refused_at_once() {
        let passwords = Arc::new(Passwords::new(1, 1));
        let _all = passwords.waiting.try_acquire().unwrap();
        assert!(matches!(passwords.fits("x".into(), None).await, Err(Fault::Busy(_))));
    }
}
