//! Reading the settings: defaults, then a file, then the environment.

use super::Config;
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use figment::value::Value;
use std::path::Path;

/// The commented defaults.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// How the names of our variables begin.
const PREFIX: &str = "MALL_CATALOG__";

/// Variables of settings that are texts, by key. Taken for what they look like, account numbers of vendors
/// would be numbers. In quotes a value is read as it always is.
fn texts(variables: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let defaults = Figment::from(Toml::string(DEFAULTS));
    let is_text = |key: &str| matches!(defaults.find_value(key), Ok(Value::String(..)));
    variables
        .filter_map(|(name, value)| {
            Some((name.strip_prefix(PREFIX)?.to_lowercase().replace("__", "."), value))
        })
        .filter(|(key, value)| is_text(key) && !value.starts_with(['"', '\'']))
        .collect()
}

/// Reads and checks the settings. The error names the key it is about.
pub fn load(file: Option<&Path>) -> anyhow::Result<Config> {
    let mut settings = Figment::from(Toml::string(DEFAULTS));
    if let Some(file) = file {
        anyhow::ensure!(file.is_file(), "configuration file {} does not exist", file.display());
        settings = settings.merge(Toml::file_exact(file));
    }
    settings = settings.merge(Env::prefixed(PREFIX).split("__"));
    for (key, text) in texts(
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    ) {
        settings = settings.merge((key, text));
    }
    for (variable, key) in [
        ("DATABASE_URL", "database.url"),
        ("DATABASE_READ_URL", "database.read_url"),
        ("REDIS_URL", "redis.url"),
    ] {
        if let Some(address) = std::env::var(variable).ok().filter(|address| !address.is_empty()) {
            settings = settings.merge((key, address));
        }
    }
    let config: Config = settings.extract().map_err(|error| anyhow::anyhow!("configuration: {error}"))?;
    super::check::check(&config).map_err(|problem| anyhow::anyhow!("configuration: {problem}"))?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CourierProvider, SmsProvider};

    fn with(overlay: &str) -> Result<Config, String> {
        let config: Config = Figment::from(Toml::string(DEFAULTS))
            .merge(Toml::string(overlay))
            .extract()
            .map_err(|error| error.to_string())?;
        super::super::check::check(&config)?;
        Ok(config)
    }

    const PRODUCTION: &str = "profile = 'production'\npay.provider = 'none'\npay.local_secret = ''\n";

    #[test]
    fn the_defaults_are_a_dev_installation() {
        let config = with("").unwrap();
        assert!(config.is_dev());
        assert_eq!(config.fixed_captcha_answer(), Some("test"));
    }

    #[test]
    fn texts_stay_texts_whatever_they_look_like() {
        let given = [
            ("MALL_CATALOG__SMS__APP_ID", "1400006666"),
            ("MALL_CATALOG__PAY__WECHAT__MERCHANT_ID", "0019000109"),
            ("MALL_CATALOG__SMS__KEY_ID", "\"17\""),
            ("MALL_CATALOG__PASSWORD__PARALLEL", "2"),
            ("ANOTHER__SMS__APP_ID", "1"),
        ];
        let found = texts(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let owned = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(found, [owned("sms.app_id", "1400006666"), owned("pay.wechat.merchant_id", "0019000109")]);
    }

    #[test]
    fn an_unknown_key_is_named() {
        assert!(with("[session]\nsecrit = 'x'").unwrap_err().contains("secrit"));
    }

    #[test]
    fn outside_dev_default_secrets_and_dev_things_refuse_and_are_named() {
        for (overlay, key) in [
            ("profile = 'production'".to_owned(), "session.secret"),
            (format!("{PRODUCTION}session.secret = 'too short'"), "session.secret"),
            (format!("{PRODUCTION}session.secret = '{}'\npay.provider = 'local'", "s".repeat(32)), "pay"),
            (
                format!("{PRODUCTION}session.secret = '{}'\ncaptcha.fixed_answer = 'test'", "k3".repeat(16)),
                "captcha.fixed_answer",
            ),
        ] {
            let problem = with(&overlay).unwrap_err();
            assert!(problem.contains(key), "{problem} should name {key}");
        }
        let config = with(&format!("{PRODUCTION}session.secret = '{}'", "k3".repeat(16))).unwrap();
        assert_eq!(config.fixed_captcha_answer(), None);
        // What nobody was named for is not set up, rather than played.
        assert_eq!(config.courier_provider(), CourierProvider::None);
        assert_eq!(config.sms_provider(), SmsProvider::None);
        let local = format!("{PRODUCTION}session.secret = '{}'\ncourier.provider = 'local'", "k3".repeat(16));
        assert!(with(&local).unwrap_err().contains("courier.provider"));
    }

    #[test]
    fn contradictions_refuse_and_are_named() {
        for (overlay, key) in [
            ("session.life_s = 60", "session.life_s"),
            ("session.previous_kid = 'old'", "session.previous_secret"),
            ("http.private_listen = '127.0.0.1:8080'", "http.private_listen"),
            ("time.offset = 'noon'", "time.offset"),
            ("cors.allowed_origins = ['*']", "cors.allowed_origins"),
            ("http.trusted_proxies = ['10.0.0.0/99']", "http.trusted_proxies"),
            ("timers.interval_ms = 5000", "timers.interval_ms"),
            ("password.parallel = 0", "password.parallel"),
            ("pay.provider = 'wechat'", "pay.wechat"),
            ("courier.provider = 'kdniao'", "courier.business_id"),
            ("courier.channels = []", "courier.channels"),
        ] {
            let problem = with(overlay).unwrap_err();
            assert!(problem.contains(key), "{problem} should name {key}");
        }
    }

    #[test]
    fn shown_settings_hold_no_secret() {
        let config =
            with("database.url = 'mysql://mall:hush@db/mall'\nredis.url = 'redis://:hush@r'").unwrap();
        let shown = serde_json::to_string(&config).unwrap() + &format!("{config:?}");
        assert!(!shown.contains("hush") && !shown.contains("dev-only"), "{shown}");
        assert!(shown.contains("mysql://mall:***@db/mall"));
    }
}
