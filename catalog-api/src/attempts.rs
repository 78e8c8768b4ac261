//! Failed log-ins, counted per account and per address for ten minutes. They make the next try slower
//! and, for staff, ask for a captcha; nobody is ever locked out, since a stranger could cause that.

use crate::error::Fault;
use crate::extract::ClientAddress;
use crate::state::App;
use contract::session::Audience;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How long a failure counts.
const WINDOW_S: u64 = 600;
/// Failures that cost nothing: people mistype.
const FREE: u32 = 3;
const FIRST_DELAY: Duration = Duration::from_millis(100);
/// Shorter than the five seconds after which the stock clients give up.
const LONGEST_DELAY: Duration = Duration::from_secs(3);

/// Log-ins that may be waiting at the same time; at the bound the next one is refused.
pub const SLOWED_DOWN_MAX: usize = 128;

/// Takes a counted try back, unless it has expired meanwhile.
const TAKE_BACK: &str = "local n = redis.call('GET', KEYS[1]) \
    if n and tonumber(n) > 0 then return redis.call('DECR', KEYS[1]) end return 0";

/// A try that was counted as failed before it is known, so that tries at the same time see each other.
#[derive(Debug)]
pub struct Attempt {
    account: String,
    address: Option<String>,
    /// Failures of the account or the address before this try, whichever has more.
    pub failures: u64,
}

impl Attempt {
    /// Counts a try.
    pub async fn begin(
        app: &App,
        audience: Audience,
        name: &str,
        address: ClientAddress,
    ) -> Result<Self, Fault> {
        let surface = match audience {
            Audience::Shop => "shop",
            Audience::Staff => "staff",
        };
        let prefix = format!("{}:tries:{surface}", app.config.redis.prefix);
        // Names are as long as a client likes and compare without case; keys are neither.
        let name = crate::random::hex(&Sha256::digest(name.trim().to_lowercase())[..16]);
        let account = format!("{prefix}:account:{name}");
        // Everybody on a developer's machine has the same address.
        let exempt = app.config.is_dev() && address.0.is_loopback();
        let address = (!exempt).then(|| format!("{prefix}:address:{}", address.limit_key()));

        let mut commands = redis::pipe();
        for key in [Some(&account), address.as_ref()].into_iter().flatten() {
            commands.cmd("INCR").arg(key).cmd("EXPIRE").arg(key).arg(WINDOW_S).ignore();
        }
        let mut connection = app.redis.get().await?;
        let counts: Vec<u64> = commands.query_async(&mut connection).await?;
        let failures = counts.into_iter().max().unwrap_or(1).saturating_sub(1);
        Ok(Self { account, address, failures })
    }

    /// Waits as long as the failures so far demand.
    pub async fn slow_down(&self, app: &App) -> Result<(), Fault> {
        if let Some(delay) = delay(self.failures) {
            // Those who wait hold a request's place; they must not hold all of them.
            let busy = |_| Fault::Busy("too many log-ins are being slowed down");
            let _place = app.slowed_down.try_acquire().map_err(busy)?;
            tokio::time::sleep(delay).await;
        }
        Ok(())
    }

    /// The password was right: the account's failures are forgotten, the address's stay.
    pub async fn succeed(self, app: &App) -> Result<(), Fault> {
        let mut connection = app.redis.get().await?;
        redis::cmd("DEL").arg(&self.account).query_async::<()>(&mut connection).await?;
        if let Some(address) = &self.address {
            take_back(&mut connection, address).await?;
        }
        Ok(())
    }

    /// No password was tried: the try does not count.
    pub async fn withdraw(self, app: &App) -> Result<(), Fault> {
        let mut connection = app.redis.get().await?;
        for key in [Some(&self.account), self.address.as_ref()].into_iter().flatten() {
            take_back(&mut connection, key).await?;
        }
        Ok(())
    }
}

async fn take_back(connection: &mut deadpool_redis::Connection, key: &str) -> Result<(), Fault> {
    Ok(redis::cmd("EVAL").arg(TAKE_BACK).arg(1).arg(key).query_async::<()>(connection).await?)
}

fn delay(failures: u64) -> Option<Duration> {
    let doublings = u32::try_from(failures).unwrap_or(u32::MAX).checked_sub(FREE)?;
    Some(FIRST_DELAY.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_DELAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_ends() {
        assert_eq!((delay(0), delay(2)), (None, None));
        assert_eq!(delay(3), Some(FIRST_DELAY));
        assert_eq!(delay(5), Some(FIRST_DELAY * 4));
        assert_eq!(delay(40), Some(LONGEST_DELAY));
        assert_eq!(delay(u64::MAX), Some(LONGEST_DELAY));
    }
}
