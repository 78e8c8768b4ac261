//! What WeChat does for an application that shows an access token: codes that open the mini-program, and
//! messages of its customer service. The token is WeChat's "stable" one, which any number of our processes
//! may ask for without making each other's worthless.

use crate::config;
use crate::error::Fault;
use crate::provider::outside::{Outside, authority, escaped};
use axum::body::Bytes;
use axum::http::Request;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A token is not used in the last minute of its life.
const SPARE: Duration = Duration::from_secs(60);
/// WeChat's codes for a token that is wrong, was replaced, or is too old.
const TOKEN_OVER: [i64; 3] = [40001, 40014, 42001];
/// The page of the mini-program a code opens; what follows is told by its scene.
const PAGE: &str = "pages/index/index";

/// The application.
pub struct Application {
    config: config::Weixin,
    outside: Outside,
    /// Held while a new one is asked for, so that one caller asks and the others wait.
    token: Mutex<Option<Token>>,
}

struct Token {
    text: String,
    good_until: Instant,
}

impl Application {
    /// As configured.
    pub fn new(config: &config::Weixin, outside: Outside) -> Self {
        Self { config: config.clone(), outside, token: Mutex::new(None) }
    }

    /// The picture of a code.
    pub async fn mini_code(&self, scene: &str) -> Result<Bytes, Fault> {
        let body = json!({ "scene": scene, "page": PAGE, "check_path": false, "width": 430 });
        self.with_token("wxa/getwxacodeunlimit", &body).await
    }

    /// Says something to a customer who wrote within the last two days.
    pub async fn say(&self, openid: &str, text: &str) -> Result<(), Fault> {
        let body = json!({ "touser": openid, "msgtype": "text", "text": { "content": text } });
        self.with_token("cgi-bin/message/custom/send", &body).await.map(drop)
    }

    /// A call with the token; with a new one if WeChat does not take the one that was kept.
    async fn with_token(&self, path: &str, body: &Value) -> Result<Bytes, Fault> {
        for attempt in 0..2 {
            let token = self.token().await?;
            let answer = self.post(&format!("{path}?access_token={}", escaped(&token)), body).await?;
            // A picture is no JSON, and a success of the others has the code 0.
            let said = serde_json::from_slice::<Value>(&answer).unwrap_or_default();
            match said["errcode"].as_i64() {
                None | Some(0) => return Ok(answer),
                Some(code) if attempt == 0 && TOKEN_OVER.contains(&code) => self.forget(&token).await,
                Some(code) => return Err(Fault::Provider(format!("weixin answered {code}"))),
            }
        }
        Err(Fault::Provider("weixin takes no token it gave".into()))
    }

    async fn token(&self) -> Result<String, Fault> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| Instant::now() < token.good_until) {
            return Ok(token.text.clone());
        }
        let body = json!({ "grant_type": "client_credential", "appid": self.config.app_id,
            "secret": self.config.app_secret.expose() });
        let answer = self.post("cgi-bin/stable_token", &body).await?;
        let said = serde_json::from_slice::<Value>(&answer).unwrap_or_default();
        let (Some(text), Some(life_s)) = (said["access_token"].as_str(), said["expires_in"].as_u64()) else {
            return Err(Fault::Provider(format!("weixin gave no token: {}", said["errcode"])));
        };
        let life = Duration::from_secs(life_s.min(86_400)).saturating_sub(SPARE);
        *kept = Some(Token { text: text.to_owned(), good_until: Instant::now() + life });
        Ok(text.to_owned())
    }

    /// Somebody may have asked for a newer one meanwhile; that one stays.
    async fn forget(&self, token: &str) {
        let mut kept = self.token.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.text == token) {
            *kept = None;
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Bytes, Fault> {
        let endpoint = &self.config.endpoint;
        let request = Request::post(format!("{endpoint}/{path}"))
            .header("host", authority(endpoint))
            .header("content-type", "application/json")
            .body(body.to_string())
            .map_err(|_| Fault::Provider("weixin.endpoint is no address".into()))?;
        Ok(self.outside.send(request).await?.into_body())
    }
}
