//! Settings that contradict each other, or that are not safe here, refuse to start; the message names
//! the key.

use super::{Config, PayProvider};
use crate::envelope::Zone;
use crate::extract::client_address::Network;

/// Defaults and other well-known texts that are no secrets.
const KNOWN_SECRETS: &[&str] =
    &["dev-only-session-secret-do-not-use-elsewhere", "dev-only-local-pay-secret-do-not-use-elsewhere"];

/// Says what is wrong with the settings.
pub fn check(config: &Config) -> Result<(), String> {
    secrets(config)?;
    bounds(config)?;
    super::storage::check(config)?;
    super::money::check(&config.pay, &config.courier, config.is_dev())?;
    super::accounts::check(config)?;
    if config.http.listen == config.http.private_listen {
        return Err("http.private_listen must differ from http.listen".into());
    }
    for network in &config.http.trusted_proxies {
        network.parse::<Network>().map_err(|_| format!("http.trusted_proxies: {network} is no network"))?;
    }
    config.time.offset.parse::<Zone>().map_err(|_| "time.offset must look like +08:00".to_owned())?;
    for origin in &config.cors.allowed_origins {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['*', '/', ' '])) {
            return Err(format!("cors.allowed_origins: {origin} is no exact origin"));
        }
    }
    let prefix = &config.redis.prefix;
    if prefix.is_empty() || prefix.contains(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)) {
        return Err("redis.prefix must be letters, digits, - and _".into());
    }
    Ok(())
}

fn secrets(config: &Config) -> Result<(), String> {
    let session = &config.session;
    let long_enough = |secret: &str| secret.len() >= 32;
    if !long_enough(session.secret.expose()) {
        return Err("session.secret must have at least 32 bytes".into());
    }
    if session.previous_secret.expose().is_empty() != session.previous_kid.is_empty() {
        return Err("session.previous_secret and session.previous_kid belong together".into());
    }
    if !session.previous_kid.is_empty() {
        if !long_enough(session.previous_secret.expose()) {
            return Err("session.previous_secret must have at least 32 bytes".into());
        }
        if session.previous_kid == session.kid {
            return Err("session.previous_kid must differ from session.kid".into());
        }
    }
    if session.kid.is_empty() {
        return Err("session.kid must not be empty".into());
    }
    if config.is_dev() {
        return Ok(());
    }
    for (key, secret) in [
        ("session.secret", &session.secret),
        ("session.previous_secret", &session.previous_secret),
        ("pay.local_secret", &config.pay.local_secret),
    ] {
        let text = secret.expose();
        let repeated = text.len() > 1 && text.bytes().all(|byte| Some(byte) == text.bytes().next());
        // The local provider's default secret is harmless where that provider is not used.
        let unused = key == "pay.local_secret" && config.pay.provider != PayProvider::Local;
        if !unused && (KNOWN_SECRETS.contains(&text) || repeated) {
            return Err(format!("{key} is a well-known value, which only the dev profile accepts"));
        }
    }
    if config.pay.provider == PayProvider::Local {
        return Err("pay.provider: the local provider exists in the dev profile only".into());
    }
    if config.pages.engine.is_some() {
        return Err(
            "pages.engine exists in the dev profile only: the proxy in front of both makes one origin".into(),
        );
    }
    if config.captcha.fixed_answer.as_ref().is_some_and(|answer| !answer.is_empty()) {
        return Err("captcha.fixed_answer exists in the dev profile only".into());
    }
    Ok(())
}

/// Engines one board asks for each look at it.
const BOARD_ENGINES_MAX: usize = 16;

fn bounds(config: &Config) -> Result<(), String> {
    let session = &config.session;
    if session.life_s < session.shop_idle_s.max(session.staff_idle_s) {
        return Err("session.life_s must not be shorter than session.shop_idle_s and staff_idle_s".into());
    }
    if !config.http.tls_certificate.is_empty() && config.pay.provider == PayProvider::Local {
        return Err("http.tls_certificate: the local payment provider calls `listen` without TLS".into());
    }
    if config.timers.interval_ms > 1000 {
        return Err("timers.interval_ms must be at most 1000".into());
    }
    for (key, value) in [
        ("http.connections_max", config.http.connections_max as u64),
        ("http.requests_max", config.http.requests_max as u64),
        ("http.header_read_timeout_ms", config.http.header_read_timeout_ms),
        ("http.body_read_timeout_ms", config.http.body_read_timeout_ms),
        ("http.request_timeout_ms", config.http.request_timeout_ms),
        ("database.connections_max", config.database.connections_max.into()),
        ("database.acquire_timeout_ms", config.database.acquire_timeout_ms),
        ("redis.connections_max", config.redis.connections_max as u64),
        ("redis.timeout_ms", config.redis.timeout_ms),
        ("session.shop_idle_s", session.shop_idle_s),
        ("session.staff_idle_s", session.staff_idle_s),
        ("password.parallel", config.password.parallel as u64),
        ("password.waiting_max", config.password.waiting_max as u64),
        ("captcha.life_s", config.captcha.life_s),
        ("timers.interval_ms", config.timers.interval_ms),
        ("timers.batch", config.timers.batch.into()),
    ] {
        if value == 0 || value > 1_000_000_000 {
            return Err(format!("{key} is out of range"));
        }
    }
    let engines = &config.board.engines;
    let named = |engine: &String| {
        engine.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    };
    if engines.len() > BOARD_ENGINES_MAX || !engines.iter().all(named) {
        return Err(format!(
            "board.engines must be at most {BOARD_ENGINES_MAX} addresses like 127.0.0.1:9081"
        ));
    }
    if let Some(answer) = config.fixed_captcha_answer()
        && !answer.chars().all(crate::captcha::can_draw)
    {
        return Err("captcha.fixed_answer has characters no image can show".into());
    }
    Ok(())
}
