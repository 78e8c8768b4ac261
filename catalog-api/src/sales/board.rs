//! What the engines say of themselves and of a sale, for the board of staff: the document each renders from
//! its metrics, as it came.
//!
//! Deliberately absent: figures of our own, and adding up. The board shows what Prometheus gets, engine by
//! engine; one that does not answer is named with the reason.

use super::{Scope, in_scope};
use crate::error::Failure;
use crate::provider::http_call;
use crate::state::App;
use crate::store::sale;
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use utoipa::ToSchema;

/// Longest wait for an engine; all are asked at once.
const WITHIN: Duration = Duration::from_millis(1500);
/// Largest document; a reading takes about 15 kB.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// The engines as they were found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SaleBoard)]
pub struct Board {
    /// Every engine of the settings, in their order.
    engines: Vec<EngineFigures>,
}

/// One engine.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EngineFigures {
    /// Its private address.
    address: String,
    /// Whether it answered.
    reachable: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// What it answered: `at_ms`, its `metrics`, and the `sale` if it serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    figures: Option<Value>,
}

/// Asks every engine.
pub async fn board(app: &App, scope: Scope, id: u64) -> Result<Board, Failure> {
    in_scope(sale::find(&app.db, id).await?, scope)?;
    let path = format!("/metrics.json?sale={id}");
    let engines = app.config.board.engines.iter().map(|address| ask(address, &path));
    Ok(Board { engines: join_all(engines).await })
}

async fn ask(address: &str, path: &str) -> EngineFigures {
    let address = address.to_owned();
    let found = match http_call::get(&address, path, WITHIN, DOCUMENT_BYTES_MAX).await {
        Ok((200, body)) => {
            serde_json::from_slice(&body).map_err(|_| "it answered something else than figures".to_owned())
        }
        Ok((status, _)) => Err(format!("it answered {status}")),
        Err(problem) => Err(problem.to_string()),
    };
    match found {
        Ok(figures) => EngineFigures { address, reachable: true, problem: None, figures: Some(figures) },
        Err(problem) => EngineFigures { address, reachable: false, problem: Some(problem), figures: None },
    }
}
