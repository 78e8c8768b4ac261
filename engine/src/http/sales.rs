//! The list of sales and one sale: what the ledger said last, with the desk's remaining units.

use super::purchases::sale_id;
use super::render::{self, Answer};
use super::route::Public;
use crate::clock::Clock;
use crate::handoff::Log;
use crate::purchase::KnownSale;
use crate::recovery::Step;
use crate::reservation::Desk;
use crate::settlement::Ledger;
use contract::ledger::{SaleKind, SaleState};
use contract::outcome::Code;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use hyper::{Request, StatusCode};
use serde::Serialize;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A sale on the wire. Members that do not fit the kind are left out.
#[derive(Serialize)]
struct SaleOut {
    id: u64,
    name: String,
    kind: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<&'static str>,
    #[serde(skip_serializing_if = "is_zero")]
    goods_id: u64,
    #[serde(skip_serializing_if = "is_zero")]
    product_id: u64,
    #[serde(skip_serializing_if = "is_zero")]
    coupon_id: u64,
    #[serde(skip_serializing_if = "is_zero")]
    ticket_type_id: u64,
    pic_url: String,
    price_minor: i64,
    starts_at: String,
    ends_at: String,
    starts_at_ms: u64,
    ends_at_ms: u64,
    stock: u64,
    remaining: u64,
    limit_per_order: u32,
    limit_per_user: u32,
    cooldown_s: u32,
    min_user_level: u8,
    pay_within_s: u32,
    version: u32,
}

fn is_zero(id: &u64) -> bool {
    *id == 0
}

impl SaleOut {
    fn of(known: &KnownSale) -> Self {
        let row = known.row();
        Self {
            id: row.id.0,
            name: row.name.clone(),
            kind: row.kind.name(),
            state: row.state.name(),
            recovery: Step::of_recovery(&row).map(Step::name),
            goods_id: row.goods_id,
            product_id: row.sku_id,
            coupon_id: row.coupon_id,
            ticket_type_id: row.ticket_type_id,
            pic_url: row.pic_url.clone(),
            price_minor: row.terms.price_minor,
            starts_at: render::rfc3339(row.terms.starts_at_ms),
            ends_at: render::rfc3339(row.terms.ends_at_ms),
            starts_at_ms: row.terms.starts_at_ms,
            ends_at_ms: row.terms.ends_at_ms,
            stock: row.put_on_sale,
            remaining: rounded(if row.desk_ready() { known.free() } else { row.free }),
            limit_per_order: row.terms.per_order_max,
            limit_per_user: row.terms.per_user_max,
            cooldown_s: row.terms.cooldown_s,
            min_user_level: row.min_user_level,
            pay_within_s: row.pay_within_s,
            version: row.terms.version,
        }
    }
}

/// Few units exactly, many in steps: a figure that moves with every order would defeat every cache.
fn rounded(units: u64) -> u64 {
    match units {
        0..20 => units,
        20..200 => units - units % 10,
        200..2000 => units - units % 100,
        _ => units - units % 1000,
    }
}

pub(super) fn list<D: Desk, L: Log, G: Ledger, C: Clock>(
    door: &Public<D, L, G, C>,
    request: &Request<Incoming>,
) -> Answer {
    let (mut kind, mut state) = (None, None);
    for pair in request.uri().query().unwrap_or("").split('&') {
        match pair.split_once('=') {
            Some(("kind", "")) | Some(("state", "")) => {}
            Some(("kind", text)) => match SaleKind::from_name(text) {
                Some(known) => kind = Some(known),
                None => return render::bad_field("kind", "must be goods, coupon or ticket"),
            },
            Some(("state", text)) => match SaleState::from_name(text) {
                Some(known) => state = Some(known),
                None => return render::bad_field("state", "must be a state of a sale"),
            },
            _ => {}
        }
    }
    let sales: Vec<SaleOut> = door
        .purchases
        .gate
        .sales
        .all()
        .iter()
        .filter(|known| {
            let row = known.row();
            kind.is_none_or(|kind| row.kind == kind) && state.is_none_or(|state| row.state == state)
        })
        .map(|known| SaleOut::of(known))
        .collect();
    let sales = serde_json::to_string(&sales).expect("plain numbers and text");
    let now_ms = door.purchases.gate.sales.ledger_clock_ms(door.purchases.clock.unix_ms());
    cached(
        request.headers().get(IF_NONE_MATCH),
        &sales,
        format!(
            "{{\"server_time\":\"{}\",\"server_time_ms\":{now_ms},\"sales\":{sales}}}",
            render::rfc3339(now_ms)
        ),
    )
}

pub(super) fn one<D: Desk, L: Log, G: Ledger, C: Clock>(
    door: &Public<D, L, G, C>,
    sale: &str,
    request: &Request<Incoming>,
) -> Answer {
    let known =
        match sale_id(sale).ok_or(Code::NotFound.into()).and_then(|sale| door.purchases.gate.sale(sale)) {
            Ok(known) => known,
            Err(refusal) => return render::refusal(refusal),
        };
    let out = serde_json::to_string(&SaleOut::of(&known)).expect("plain numbers and text");
    let unix_ms = door.purchases.clock.unix_ms();
    let now_ms =
        known.desk_clock_ms(unix_ms).unwrap_or_else(|| door.purchases.gate.sales.ledger_clock_ms(unix_ms));
    let body = format!(
        "{{\"server_time\":\"{}\",\"server_time_ms\":{now_ms},{}",
        render::rfc3339(now_ms),
        &out[1..]
    );
    cached(request.headers().get(IF_NONE_MATCH), &out, body)
}

/// An answer that may be kept for a second. Its tag is made of all but the time, so that a page that
/// looks again hears "not changed" while nothing did.
fn cached(known: Option<&HeaderValue>, tagged: &str, body: String) -> Answer {
    let mut hasher = DefaultHasher::new();
    tagged.hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let unchanged = known.and_then(|known| known.to_str().ok()).is_some_and(|known| {
        known == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == &tag[2..])
    });
    let mut answer = if unchanged {
        render::json(StatusCode::NOT_MODIFIED, Vec::new())
    } else {
        render::json(StatusCode::OK, body.into_bytes())
    };
    let head = answer.headers_mut();
    head.insert(ETAG, HeaderValue::from_str(&tag).expect("hexadecimal"));
    head.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=1"));
    answer
}
