//! `GET /metrics.json` of the private listener: the reading of `/metrics` as JSON and, for the sale that is
//! named, what this process knows of it. The board of staff is made of it.
//!
//! Deliberately absent: asking a store. A board that is looked at in the middle of a sale costs it nothing.

use super::purchases::sale_id;
use super::render::{self, Answer};
use crate::metrics::{Metrics, figures};
use crate::purchase::KnownSale;
use crate::reconcile::Counted;
use crate::recovery::Step;
use contract::ids::SaleId;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderValue};
use serde::Serialize;
use serde_json::json;

/// What this process knows of a sale.
#[derive(Serialize)]
pub struct SaleFigures {
    id: SaleId,
    name: String,
    kind: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<&'static str>,
    generation: u32,
    starts_at_ms: u64,
    ends_at_ms: u64,
    put_on_sale: u64,
    /// As the desk said last, else the ledger; buyers are told a rounded one.
    free: u64,
    waiting_tokens: usize,
    waiting_orders: usize,
    /// The keeper's last count, in the process that keeps the sales.
    #[serde(skip_serializing_if = "Option::is_none")]
    books: Option<Counted>,
}

impl SaleFigures {
    /// Of a sale, with its last count.
    pub fn of(known: &KnownSale, books: Option<Counted>) -> Self {
        let row = known.row();
        Self {
            id: row.id,
            name: row.name.clone(),
            kind: row.kind.name(),
            state: row.state.name(),
            recovery: Step::of_recovery(&row).map(Step::name),
            generation: row.generation.0,
            starts_at_ms: row.terms.starts_at_ms,
            ends_at_ms: row.terms.ends_at_ms,
            put_on_sale: row.put_on_sale,
            free: if row.desk_ready() { known.free() } else { row.free },
            waiting_tokens: known.tokens.waiting(),
            waiting_orders: known.orders.waiting(),
            books,
        }
    }
}

/// The document. A sale that is not named, or not known, is left out.
pub(super) fn document(
    metrics: &Metrics,
    at_ms: u64,
    query: Option<&str>,
    sale: impl FnOnce(SaleId) -> Option<SaleFigures>,
) -> Answer {
    let asked = query.unwrap_or("").split('&').find_map(|pair| pair.strip_prefix("sale="));
    let mut document = json!({ "at_ms": at_ms, "metrics": figures::json(&metrics.figures()) });
    match asked.map(sale_id) {
        None => {}
        Some(None) => return render::bad_field("sale", "must be the id of a sale"),
        Some(Some(id)) => {
            if let Some(figures) = sale(id) {
                document["sale"] = serde_json::to_value(figures).expect("words and numbers");
            }
        }
    }
    let mut answer = render::json(StatusCode::OK, document.to_string().into_bytes());
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
