//! `POST /dev/sessions` `{"count": n}`: n buyers with live sessions and an address, one JSON line each,
//! so that a load test needs no password hashes. Buyers are made once and used again.

use crate::error::{Failure, Refusal};
use crate::extract::Entity;
use crate::session::Account;
use crate::state::App;
use crate::store::address::{self, NewAddress};
use crate::store::shopper::{self, LoadBuyer};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use contract::session::Audience;
use serde::Serialize;
use std::sync::Arc;

const COUNT_MAX: i64 = 10_000;
/// Rows of one statement and accounts of one pipeline.
const CHUNK: usize = 1_000;

#[derive(Serialize)]
struct Line<'a> {
    user_id: u64,
    token: &'a str,
    address_id: u64,
}

/// Answers the lines.
pub async fn sessions(State(app): State<Arc<App>>, body: Entity) -> Result<impl IntoResponse, Failure> {
    let count = body.int_within("count", 1, COUNT_MAX)?.ok_or_else(|| Refusal::missing("count"))?;
    let buyers = buyers(&app, count as usize).await?;
    let mut lines = String::with_capacity(buyers.len() * 400);
    for some in buyers.chunks(CHUNK) {
        let account =
            |buyer: &LoadBuyer| Account { audience: Audience::Shop, user: buyer.id, level: buyer.level };
        let accounts: Vec<Account> = some.iter().map(account).collect();
        let tokens = app.sessions.open(&app.redis, &accounts).await?;
        for (buyer, token) in some.iter().zip(&tokens) {
            let line = Line { user_id: buyer.id, token, address_id: buyer.address_id };
            lines.push_str(&serde_json::to_string(&line).expect("numbers and text are JSON"));
            lines.push('\n');
        }
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines))
}

fn name(number: usize) -> String {
    format!("load-{number:06}")
}

/// The first `count` load buyers; those that are missing are made.
async fn buyers(app: &App, count: usize) -> Result<Vec<LoadBuyer>, Failure> {
    let _alone = app.load_buyers.lock().await;
    let (first, last) = (name(1), name(count));
    let mut tx = app.db.begin().await?;
    let known = shopper::load_buyers(&mut tx, &first, &last).await?;
    let known: std::collections::HashSet<&str> = known.iter().map(|buyer| buyer.username.as_str()).collect();
    let missing: Vec<String> = (1..=count).map(name).filter(|name| !known.contains(name.as_str())).collect();
    for some in missing.chunks(CHUNK) {
        shopper::insert_load_buyers(&mut tx, some).await?;
    }
    let buyers = shopper::load_buyers(&mut tx, &first, &last).await?;
    let homeless: Vec<&LoadBuyer> = buyers.iter().filter(|buyer| buyer.address_id == 0).collect();
    for some in homeless.chunks(CHUNK) {
        let addresses: Vec<NewAddress<'_>> = some
            .iter()
            .map(|buyer| NewAddress {
                user_id: buyer.id,
                name: &buyer.username,
                detail: "18 Lake Road",
                tel: "13000000000",
            })
            .collect();
        address::insert_defaults(&mut tx, &addresses).await?;
    }
    let buyers =
        if homeless.is_empty() { buyers } else { shopper::load_buyers(&mut tx, &first, &last).await? };
    tx.commit().await?;
    Ok(buyers)
}
