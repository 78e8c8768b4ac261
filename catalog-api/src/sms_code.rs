//! One-time codes by text message: six digits from the system's generator, for one action at one number,
//! good for one use and a few tries within their life. A number has one at a time and gets the next one
//! after a while.

use crate::envelope::chain;
use crate::error::{CODE_TOO_SOON, Failure, Fault, SMS_NOT_SET_UP};
use crate::extract::ClientAddress;
use crate::provider::sms::Message;
use crate::state::App;
use redis::Script;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To register, or to set a forgotten password: the front ends ask for both in the same way.
    Anonymous,
    /// To set a new password, asked for by somebody who is logged in.
    ChangePassword,
    /// To bind this number to the account that asked.
    BindMobile(u64),
}

impl Purpose {
    fn text(self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::ChangePassword => "change-password".to_owned(),
            Self::BindMobile(user) => format!("bind-mobile:{user}"),
        }
    }
}

/// Takes the number's turn: KEYS turn, day; ARGV seconds between turns, turns a day. 1 if it may.
const TAKE_TURN: &str = r"
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
if redis.call('INCR', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[2], 86400) end
return 1";

/// Compares a code: KEYS code; ARGV the code, then the purposes it may have. 1 if it fits, and then, or
/// after the last try, it is gone. A code for another purpose is left alone.
const COMPARE: &str = r"
local stored = redis.call('HMGET', KEYS[1], 'code', 'purpose', 'tries')
if not stored[1] then return 0 end
local meant = false
for at = 2, #ARGV do if ARGV[at] == stored[2] then meant = true end end
if not meant then return 0 end
if stored[1] == ARGV[1] then redis.call('DEL', KEYS[1]) return 1 end
if redis.call('HINCRBY', KEYS[1], 'tries', -1) <= 0 then redis.call('DEL', KEYS[1]) end
return 0";

/// Counts a code that was asked for from an address within an hour; how many there are now.
const COUNT: &str = r"
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], 3600) end
return n";

/// Sends a code to a number. 701 when texts are not set up, 702 when it is too soon or too often.
pub async fn send(app: &App, purpose: Purpose, mobile: &str, address: ClientAddress) -> Result<(), Failure> {
    let sms = app.sms.as_deref().ok_or(SMS_NOT_SET_UP)?;
    let config = &app.config.sms;
    let keys = Keys::of(app, mobile);
    let mut connection = app.redis.get().await?;
    // Everybody on a developer's machine has the same address.
    if !(app.config.is_dev() && address.0.is_loopback()) {
        let key = format!("{}:sms:address:{}", app.config.redis.prefix, address.limit_key());
        let asked: u64 = Script::new(COUNT).key(key).invoke_async(&mut connection).await?;
        if asked > config.codes_per_address {
            return Err(CODE_TOO_SOON.into());
        }
    }
    let may: u8 = Script::new(TAKE_TURN)
        .key(&keys.turn)
        .key(&keys.day)
        .arg(config.resend_after_s)
        .arg(config.codes_per_day)
        .invoke_async(&mut connection)
        .await?;
    if may == 0 {
        return Err(CODE_TOO_SOON.into());
    }
    let code = random_code();
    redis::pipe()
        .atomic()
        .cmd("DEL")
        .arg(&keys.code)
        .ignore()
        .cmd("HSET")
        .arg(&keys.code)
        .arg(&["code", &code, "purpose", &purpose.text(), "tries", &config.code_tries.to_string()])
        .ignore()
        .cmd("EXPIRE")
        .arg(&keys.code)
        .arg(config.code_life_s)
        .ignore()
        .query_async::<()>(&mut connection)
        .await?;
    drop(connection);
    if let Err(fault) = sms.send(&Message::code(mobile, &code)).await {
        tracing::error!(provider = sms.name(), fault = chain(&fault), "a code could not be sent");
        // Nobody has the code, so the number need not wait for the next one.
        let mut connection = app.redis.get().await?;
        redis::cmd("DEL").arg(&[&keys.turn, &keys.code]).query_async::<()>(&mut connection).await?;
        return Err(Fault::Busy("a code could not be sent").into());
    }
    Ok(())
}

/// Whether this is the number's code for one of these purposes; if it is, it is used up.
pub async fn redeem(app: &App, purposes: &[Purpose], mobile: &str, code: &str) -> Result<bool, Failure> {
    let script = Script::new(COMPARE);
    let mut call = script.key(Keys::of(app, mobile).code);
    call.arg(code.trim());
    for purpose in purposes {
        call.arg(purpose.text());
    }
    let mut connection = app.redis.get().await?;
    Ok(call.invoke_async::<u8>(&mut connection).await? == 1)
}

struct Keys {
    code: String,
    turn: String,
    day: String,
}

impl Keys {
    fn of(app: &App, mobile: &str) -> Self {
        // One hash tag, so that a cluster holds a number's keys together.
        let key = |name: &str| format!("{}:sms:{name}:{{{mobile}}}", app.config.redis.prefix);
        Self { code: key("code"), turn: key("turn"), day: key("day") }
    }
}

fn random_code() -> String {
    const CODES: u32 = 1_000_000;
    loop {
        let number = u32::from_le_bytes(crate::random::bytes());
        // Above the last multiple of a million some codes would be likelier than others.
        if number < u32::MAX - u32::MAX % CODES {
            return format!("{:06}", number % CODES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_and_hardly_ever_the_same() {
        let codes: std::collections::HashSet<String> = (0..200).map(|_| random_code()).collect();
        assert!(codes.len() > 190, "{}", codes.len());
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())));
    }

    #[test]
    fn a_code_to_bind_a_number_belongs_to_who_asked() {
        assert_ne!(Purpose::BindMobile(1).text(), Purpose::BindMobile(11).text());
    }
}
