//! WeChat's `GET /sns/jscode2session`.

use super::application::Application;
use super::{Weixin, WeixinLogin};
use crate::config;
use crate::error::Fault;
use crate::provider::outside::{Outside, authority, escaped};
use crate::provider::pay::Call;
use axum::body::Bytes;
use axum::http::Request;
use serde_json::Value;

/// The client.
pub struct Code2Session {
    config: config::Weixin,
    outside: Outside,
    application: Application,
}

impl Code2Session {
    /// As configured.
    pub fn new(config: &config::Weixin, outside: Outside) -> Self {
        let application = Application::new(config, outside.clone());
        Self { config: config.clone(), outside, application }
    }
}

/// WeChat's codes for a log-in code that is wrong (40029), was used before (40163) or belongs to somebody
/// it does not trust (40226). Anything else is trouble of ours or of WeChat's.
const REFUSED: [i64; 3] = [40029, 40163, 40226];

impl Weixin for Code2Session {
    fn login<'a>(&'a self, code: &'a str) -> Call<'a, Option<WeixinLogin>> {
        Box::pin(async move {
            let endpoint = &self.config.endpoint;
            let address = format!(
                "{endpoint}/sns/jscode2session?appid={}&secret={}&js_code={}&grant_type=authorization_code",
                escaped(&self.config.app_id),
                escaped(self.config.app_secret.expose()),
                escaped(code)
            );
            let request = Request::get(address)
                .header("host", authority(endpoint))
                .body(String::new())
                .map_err(|_| Fault::Provider("weixin.endpoint is no address".into()))?;
            let answer = self.outside.send(request).await?;
            let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            match said["errcode"].as_i64() {
                None | Some(0) => {
                    let login = said["openid"].as_str().zip(said["session_key"].as_str());
                    let login = login.and_then(|(openid, key)| WeixinLogin::checked(openid, key));
                    login.map(Some).ok_or_else(|| {
                        Fault::Provider(format!("weixin answered {} without an account", answer.status()))
                    })
                }
                Some(code) if REFUSED.contains(&code) => Ok(None),
                Some(code) => Err(Fault::Provider(format!("weixin answered {code}"))),
            }
        })
    }

    fn app_id(&self) -> Option<&str> {
        Some(&self.config.app_id)
    }

    fn mini_code<'a>(&'a self, scene: &'a str) -> Call<'a, Bytes> {
        Box::pin(self.application.mini_code(scene))
    }

    fn say<'a>(&'a self, openid: &'a str, text: &'a str) -> Call<'a, ()> {
        Box::pin(self.application.say(openid, text))
    }
}
