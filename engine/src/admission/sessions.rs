//! Who is calling: signed sessions, checked here without asking anybody, and the revocations this
//! process has heard of.
//!
//! A verified session is remembered by its text, so that a flood of one buyer costs one signature.
//! Not here: whether the session's record still exists; the token call asks the desk's Redis for that.

use contract::ids::UserId;
use contract::session::{Audience, SessionKeys};
use dashmap::{DashMap, DashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Revocations are followed at least this often, otherwise nobody is let in.
pub const FEED_AGE_MAX: Duration = Duration::from_secs(10);
/// Sessions remembered at once; at the bound all are forgotten and verified anew.
const REMEMBERED_MAX: usize = 200_000;

/// A caller with a valid session.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Account.
    pub user: UserId,
    /// Level.
    pub level: u8,
    /// Session id.
    pub session: Arc<str>,
    expires_s: u64,
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// No session, or one that is wrong, expired or revoked.
    NotLoggedIn,
    /// Revocations could not be followed for too long: nobody can be trusted.
    CannotTell,
}

/// Verified sessions and revocations.
pub struct Sessions {
    keys: SessionKeys,
    verified: DashMap<Box<str>, Caller>,
    revoked: DashSet<Box<str>>,
    heard_at_ms: AtomicU64,
}

impl Sessions {
    /// Nobody verified yet, and no revocation heard of: closed until the feed was read once.
    pub fn new(keys: SessionKeys) -> Self {
        Self {
            keys,
            verified: DashMap::new(),
            revoked: DashSet::new(),
            heard_at_ms: AtomicU64::new(u64::MAX),
        }
    }

    /// The caller behind a session. `now` is monotonic, `unix_ms` the wall clock.
    pub fn check(&self, text: &str, now: Duration, unix_ms: u64) -> Result<Caller, Stranger> {
        let heard_at_ms = self.heard_at_ms.load(Ordering::Relaxed);
        if heard_at_ms == u64::MAX || now.as_millis() as u64 > heard_at_ms + FEED_AGE_MAX.as_millis() as u64 {
            return Err(Stranger::CannotTell);
        }
        let remembered = self.verified.get(text).map(|caller| caller.clone());
        let caller = match remembered {
            Some(caller) => caller,
            None => self.verify(text)?,
        };
        if unix_ms / 1000 > caller.expires_s + contract::session::LEEWAY_S
            || self.revoked.contains(&*caller.session)
        {
            self.verified.remove(text);
            return Err(Stranger::NotLoggedIn);
        }
        Ok(caller)
    }

    /// Sessions that were revoked, as just read from the feed at a monotonic time.
    pub fn heard(&self, revoked: Vec<String>, now: Duration) {
        for sid in revoked {
            self.revoked.insert(sid.into_boxed_str());
        }
        self.heard_at_ms.store(now.as_millis() as u64, Ordering::Relaxed);
    }

    fn verify(&self, text: &str) -> Result<Caller, Stranger> {
        let claims = self.keys.verify(text, Audience::Shop).ok_or(Stranger::NotLoggedIn)?;
        let caller = Caller {
            user: claims.user().ok_or(Stranger::NotLoggedIn)?,
            level: claims.level,
            session: claims.sid.into(),
            expires_s: claims.exp,
        };
        if self.verified.len() >= REMEMBERED_MAX {
            self.verified.clear();
        }
        self.verified.insert(text.into(), caller.clone());
        Ok(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::session::{Claims, ISSUER};

    #[test]
    fn a_revoked_session_is_refused_and_silence_refuses_everybody() {
        let keys = || SessionKeys::new([("a", b"secret".as_slice())]);
        let sessions = Sessions::new(keys());
        let session = keys().sign(&Claims {
            sub: "42".into(),
            aud: Audience::Shop,
            iss: ISSUER.into(),
            nbf: 1,
            exp: u32::MAX.into(),
            sid: "s1".into(),
            level: 2,
        });
        let at = Duration::from_secs;
        assert_eq!(sessions.check(&session, at(1), 0).unwrap_err(), Stranger::CannotTell);
        sessions.heard(vec![], at(1));
        assert_eq!(sessions.check(&session, at(2), 0).unwrap().user, UserId(42));
        assert_eq!(sessions.check("nonsense", at(2), 0).unwrap_err(), Stranger::NotLoggedIn);
        assert_eq!(sessions.check(&session, at(12), 0).unwrap_err(), Stranger::CannotTell);
        sessions.heard(vec!["s1".into()], at(12));
        assert_eq!(sessions.check(&session, at(12), 0).unwrap_err(), Stranger::NotLoggedIn);
        assert_eq!(sessions.check(&session, at(12), 0).unwrap_err(), Stranger::NotLoggedIn);
    }

    #[test]
    fn a_remembered_session_still_expires() {
        let keys = || SessionKeys::new([("a", b"secret".as_slice())]);
        let sessions = Sessions::new(keys());
        let exp = u64::from(u32::MAX);
        let session = keys().sign(&Claims {
            sub: "42".into(),
            aud: Audience::Shop,
            iss: ISSUER.into(),
            nbf: 1,
            exp,
            sid: "s1".into(),
            level: 0,
        });
        sessions.heard(vec![], Duration::ZERO);
        assert!(sessions.check(&session, Duration::ZERO, exp * 1000).is_ok());
        assert!(sessions.check(&session, Duration::ZERO, (exp + 60) * 1000).is_err());
    }
}
