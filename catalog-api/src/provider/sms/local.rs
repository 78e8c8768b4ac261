//! Sends nothing: the last text to a number is kept in Redis, where `GET /dev/sms` of any instance finds
//! it.

use super::{Message, Sms};
use crate::provider::pay::Call;
use crate::random::hex_128;
use deadpool_redis::Pool;
use serde_json::json;

/// How long a text can be looked up.
const KEPT_S: u64 = 3600;

/// The sender for development.
pub struct LocalSms {
    redis: Pool,
    prefix: String,
}

impl LocalSms {
    /// Keeps texts under a prefix.
    pub fn new(redis: Pool, prefix: &str) -> Self {
        Self { redis, prefix: prefix.to_owned() }
    }
}

/// Where the last text to a number is kept.
pub fn key(prefix: &str, mobile: &str) -> String {
    format!("{prefix}:sms:last:{mobile}")
}

impl Sms for LocalSms {
    fn name(&self) -> &'static str {
        "local"
    }

    fn send<'a>(&'a self, message: &'a Message) -> Call<'a, String> {
        Box::pin(async move {
            let mut text = json!({ "mobile": message.mobile, "template": message.template.name() });
            for (name, value) in &message.parameters {
                text[name] = value.as_str().into();
            }
            let mut connection = self.redis.get().await?;
            redis::cmd("SET")
                .arg(key(&self.prefix, &message.mobile))
                .arg(text.to_string())
                .arg("EX")
                .arg(KEPT_S)
                .query_async::<()>(&mut connection)
                .await?;
            Ok(format!("local-{}", hex_128()))
        })
    }
}
