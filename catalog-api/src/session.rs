//! Sessions: a signed text the client keeps, and a record in Redis without which the text is void.
//!
//! The record slides: every use moves its end. Ending a session deletes the record and appends the
//! session's id to the revocation feed, which the engine follows, since it does not read records on
//! every call. Each account has an index of its sessions, so that a password change or a ban ends all.

use crate::clock::unix_s;
use crate::config;
use crate::error::{Failure, Fault};
use crate::random::hex_128;
use axum::http::{HeaderMap, header};
use contract::keys;
use contract::session::{Audience, Claims, ISSUER, SessionKeys};
use deadpool_redis::Pool;
use serde::{Deserialize, Serialize};

/// Entries the revocation feed keeps, roughly; far more sessions than end within its readers' 10 s.
const REVOCATIONS_KEPT: u64 = 100_000;

/// Opens, finds and ends sessions.
pub struct Sessions {
    keys: SessionKeys,
    prefix: String,
    shop_idle_s: u64,
    staff_idle_s: u64,
    life_s: u64,
}

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whom it is for.
    pub audience: Audience,
    /// The account.
    pub user: u64,
    /// Its id.
    pub sid: String,
}

/// A session that was just opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What the client keeps.
    pub text: String,
    /// What it stands for.
    pub session: Session,
}

/// An account to open a session for.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Shopper or staff.
    pub audience: Audience,
    /// The account.
    pub user: u64,
    /// Level of a shopper, 0 for staff.
    pub level: u8,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    user_id: u64,
    audience: Audience,
}

impl Sessions {
    /// Sessions as configured.
    pub fn new(config: &config::Session, prefix: &str) -> Self {
        let mut keys = vec![(config.kid.as_str(), config.secret.expose().as_bytes())];
        if !config.previous_kid.is_empty() {
            keys.push((&config.previous_kid, config.previous_secret.expose().as_bytes()));
        }
        Self {
            keys: SessionKeys::new(keys),
            prefix: prefix.to_owned(),
            shop_idle_s: config.shop_idle_s,
            staff_idle_s: config.staff_idle_s,
            life_s: config.life_s,
        }
    }

    /// Opens a session.
    pub async fn open_one(&self, redis: &Pool, account: Account) -> Result<Opened, Fault> {
        let mut opened = self.open_these(redis, &[account]).await?;
        Ok(opened.remove(0))
    }

    /// Opens sessions in one round trip; the texts come in the order of the accounts.
    pub async fn open(&self, redis: &Pool, accounts: &[Account]) -> Result<Vec<String>, Fault> {
        Ok(self.open_these(redis, accounts).await?.into_iter().map(|opened| opened.text).collect())
    }

    async fn open_these(&self, redis: &Pool, accounts: &[Account]) -> Result<Vec<Opened>, Fault> {
        let now = unix_s();
        let mut commands = redis::pipe();
        let mut all = Vec::with_capacity(accounts.len());
        for account in accounts {
            let sid = hex_128();
            let record = Record { user_id: account.user, audience: account.audience };
            let record = serde_json::to_string(&record).expect("numbers and words are JSON");
            let index = self.index(account.audience, account.user);
            let idle_s = self.idle_s(account.audience);
            commands
                .cmd("SET")
                .arg(keys::session(&self.prefix, &sid))
                .arg(record)
                .arg("EX")
                .arg(idle_s)
                .ignore();
            // The index forgets what has ended by age, so that it does not grow with every log-in.
            commands.cmd("ZREMRANGEBYSCORE").arg(&index).arg("-inf").arg(now).ignore();
            commands.cmd("ZADD").arg(&index).arg(now + self.life_s).arg(&sid).ignore();
            commands.cmd("EXPIRE").arg(&index).arg(self.life_s).ignore();
            let text = self.keys.sign(&Claims {
                sub: account.user.to_string(),
                aud: account.audience,
                iss: ISSUER.to_owned(),
                nbf: now,
                exp: now + self.life_s,
                sid: sid.clone(),
                level: account.level,
            });
            let session = Session { audience: account.audience, user: account.user, sid };
            all.push(Opened { text, session });
        }
        let mut connection = redis.get().await?;
        commands.query_async::<()>(&mut connection).await?;
        Ok(all)
    }

    /// The session a request carries, if it holds, and moves its end. Redis failing is a fault, never
    /// an anonymous caller.
    pub async fn find(
        &self,
        redis: &Pool,
        headers: &HeaderMap,
        audience: Audience,
    ) -> Result<Option<Session>, Fault> {
        let Some(text) = presented(headers, audience) else { return Ok(None) };
        let Some(claims) = self.keys.verify(text, audience) else { return Ok(None) };
        let Some(user) = claims.user() else { return Ok(None) };
        let mut connection = redis.get().await?;
        let record: Option<String> = redis::cmd("GETEX")
            .arg(keys::session(&self.prefix, &claims.sid))
            .arg("EX")
            .arg(self.idle_s(audience))
            .query_async(&mut connection)
            .await?;
        let record = record.and_then(|record| serde_json::from_str::<Record>(&record).ok());
        let holds = record.is_some_and(|record| record.user_id == user.0 && record.audience == audience);
        Ok(holds.then_some(Session { audience, user: user.0, sid: claims.sid }))
    }

    /// Ends one session.
    pub async fn end(&self, redis: &Pool, session: &Session) -> Result<(), Failure> {
        self.end_these(redis, session.audience, session.user, std::slice::from_ref(&session.sid)).await
    }

    /// Ends all sessions of an account.
    pub async fn end_all(&self, redis: &Pool, audience: Audience, user: u64) -> Result<(), Failure> {
        let sids = self.sids(redis, audience, user).await?;
        self.end_these(redis, audience, user, &sids).await
    }

    /// Ends all sessions of an account but this one.
    pub async fn end_others(&self, redis: &Pool, session: &Session) -> Result<(), Failure> {
        let mut sids = self.sids(redis, session.audience, session.user).await?;
        sids.retain(|sid| *sid != session.sid);
        self.end_these(redis, session.audience, session.user, &sids).await
    }

    async fn sids(&self, redis: &Pool, audience: Audience, user: u64) -> Result<Vec<String>, Failure> {
        let mut connection = redis.get().await?;
        let mut all = redis::cmd("ZRANGE");
        all.arg(self.index(audience, user)).arg(&[0, -1]);
        Ok(all.query_async(&mut connection).await?)
    }

    async fn end_these(
        &self,
        redis: &Pool,
        audience: Audience,
        user: u64,
        sids: &[String],
    ) -> Result<(), Failure> {
        if sids.is_empty() {
            return Ok(());
        }
        let mut commands = redis::pipe();
        commands.atomic();
        for sid in sids {
            commands.cmd("DEL").arg(keys::session(&self.prefix, sid)).ignore();
            commands.cmd("ZREM").arg(self.index(audience, user)).arg(sid).ignore();
            commands
                .cmd("XADD")
                .arg(keys::revocations(&self.prefix))
                .arg(&["MAXLEN", "~"])
                .arg(REVOCATIONS_KEPT)
                .arg(&["*", "sid", sid])
                .ignore();
        }
        let mut connection = redis.get().await?;
        Ok(commands.query_async::<()>(&mut connection).await?)
    }

    fn idle_s(&self, audience: Audience) -> u64 {
        match audience {
            Audience::Shop => self.shop_idle_s,
            Audience::Staff => self.staff_idle_s,
        }
    }

    fn index(&self, audience: Audience, user: u64) -> String {
        let audience = match audience {
            Audience::Shop => "shop",
            Audience::Staff => "staff",
        };
        format!("{}:sessions:{audience}:{user}", self.prefix)
    }
}

/// The session text of a request: `Authorization: Bearer`, or the header the stock clients send, which
/// is empty when nobody is logged in.
fn presented(headers: &HeaderMap, audience: Audience) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let own = match audience {
        Audience::Shop => "x-litemall-token",
        Audience::Staff => "x-litemall-admin-token",
    };
    bearer.or_else(|| text(own)).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_present_a_session_and_an_empty_one_presents_none() {
        let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
        };
        let shop = Audience::Shop;
        assert_eq!(presented(&headers(&[("authorization", "Bearer a.b.c")]), shop), Some("a.b.c"));
        assert_eq!(presented(&headers(&[("x-litemall-token", "a.b.c")]), shop), Some("a.b.c"));
        assert_eq!(presented(&headers(&[("x-litemall-token", "")]), shop), None);
        assert_eq!(presented(&headers(&[("x-litemall-token", "a")]), Audience::Staff), None);
        assert_eq!(presented(&headers(&[("authorization", "Basic x")]), shop), None);
        assert_eq!(presented(&headers(&[]), shop), None);
    }
}
