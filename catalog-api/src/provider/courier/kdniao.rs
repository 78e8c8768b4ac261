//! Kdniao: a form whose data is signed with MD5 over the data and the shop's key. Weak as that is, it is
//! what the service asks for; nothing but the question for a tracking number is signed with it.

use super::{Courier, Parcel, Step, Track};
use crate::config::Courier as Settings;
use crate::error::Fault;
use crate::provider::outside::{Outside, escaped};
use crate::provider::pay::Call;
use crate::random::hex;
use axum::http::{Request, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::json;

/// A shop's access to it.
pub struct Kdniao {
    settings: Settings,
    outside: Outside,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    success: bool,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    traces: Vec<Trace>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Trace {
    #[serde(default)]
    accept_station: String,
    #[serde(default)]
    accept_time: String,
}

impl Kdniao {
    /// With the settings.
    pub fn new(settings: &Settings, outside: Outside) -> Self {
        Self { settings: settings.clone(), outside }
    }

    fn request(&self, parcel: &Parcel) -> Result<Request<String>, Fault> {
        let data = json!({
            "OrderCode": "", "ShipperCode": parcel.channel, "LogisticCode": parcel.number,
        })
        .to_string();
        let digest = hex(&Md5::digest(format!("{data}{}", self.settings.api_key.expose())));
        let form = [
            ("RequestData", data.as_str()),
            ("EBusinessID", &self.settings.business_id),
            ("RequestType", &self.settings.request_type),
            ("DataSign", &STANDARD.encode(digest)),
            ("DataType", "2"),
        ];
        let body: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        Request::post(&self.settings.endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=utf-8")
            .body(body.join("&"))
            .map_err(|error| Fault::Provider(format!("the request cannot be written: {error}")))
    }
}

impl Courier for Kdniao {
    fn track<'a>(&'a self, parcel: &'a Parcel) -> Call<'a, Track> {
        Box::pin(async move {
            let response = self.outside.send(self.request(parcel)?).await?;
            if !response.status().is_success() {
                return Err(Fault::Provider(format!("tracking was refused with {}", response.status())));
            }
            let answer: Answer = serde_json::from_slice(response.body())
                .map_err(|error| Fault::Provider(format!("the tracking service wrote no answer: {error}")))?;
            let step = |trace: Trace| Step { station: trace.accept_station, at: trace.accept_time };
            Ok(Track {
                state: answer.state.unwrap_or_default(),
                business_id: self.settings.business_id.clone(),
                success: answer.success,
                reason: answer.reason.unwrap_or_default(),
                steps: answer.traces.into_iter().map(step).collect(),
            })
        })
    }
}
