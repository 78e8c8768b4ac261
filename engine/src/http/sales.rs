//! The list of sales and one sale: what the ledger said last, with the desk's remaining units.
//!
//! A page that is open during a sale needs two documents of it: its terms, which never change under their
//! address and may be kept for ever, and its state, which is small and may be kept for a second.

use super::purchases::sale_id;
use super::render::{self, Answer};
use super::route::Public;
use crate::clock::Clock;
use crate::handoff::Log;
use crate::purchase::{KnownSale, Purchases};
use crate::recovery::Step;
use crate::reservation::Desk;
use crate::settlement::{Ledger, Sale};
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

/// What changes while a sale is watched.
#[derive(Serialize)]
struct StateOut {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<&'static str>,
    stock: u64,
    remaining: u64,
    /// Under which the terms are to be had.
    terms: String,
}

/// What does not; another version of it has another address.
#[derive(Serialize)]
struct TermsOut {
    id: u64,
    name: String,
    kind: &'static str,
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
    starts_at_ms: u64,
    ends_at_ms: u64,
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
            remaining: remaining(known, &row),
            limit_per_order: row.terms.per_order_max,
            limit_per_user: row.terms.per_user_max,
            cooldown_s: row.terms.cooldown_s,
            min_user_level: row.min_user_level,
            pay_within_s: row.pay_within_s,
            version: row.terms.version,
        }
    }
}

impl TermsOut {
    fn of(row: &Sale) -> Self {
        Self {
            id: row.id.0,
            name: row.name.clone(),
            kind: row.kind.name(),
            goods_id: row.goods_id,
            product_id: row.sku_id,
            coupon_id: row.coupon_id,
            ticket_type_id: row.ticket_type_id,
            pic_url: row.pic_url.clone(),
            price_minor: row.terms.price_minor,
            starts_at_ms: row.terms.starts_at_ms,
            ends_at_ms: row.terms.ends_at_ms,
            limit_per_order: row.terms.per_order_max,
            limit_per_user: row.terms.per_user_max,
            cooldown_s: row.terms.cooldown_s,
            min_user_level: row.min_user_level,
            pay_within_s: row.pay_within_s,
            version: row.terms.version,
        }
    }
}

/// Units left as far as buyers are told.
fn remaining(known: &KnownSale, row: &Sale) -> u64 {
    rounded(if row.desk_ready() { known.free() } else { row.free })
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
    let now_ms = now_ms(&door.purchases, None);
    cached(
        SECOND,
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
    let now_ms = now_ms(&door.purchases, Some(&known));
    let body = format!(
        "{{\"server_time\":\"{}\",\"server_time_ms\":{now_ms},{}",
        render::rfc3339(now_ms),
        &out[1..]
    );
    cached(SECOND, request.headers().get(IF_NONE_MATCH), &out, body)
}

/// What changes of a sale, with the time: what a page looks at again and again.
pub(super) fn state_of<D: Desk, L: Log, G: Ledger, C: Clock>(
    door: &Public<D, L, G, C>,
    sale: &str,
    request: &Request<Incoming>,
) -> Answer {
    let known =
        match sale_id(sale).ok_or(Code::NotFound.into()).and_then(|sale| door.purchases.gate.sale(sale)) {
            Ok(known) => known,
            Err(refusal) => return render::refusal(refusal),
        };
    let state = state(&known);
    let body = with_time(now_ms(&door.purchases, Some(&known)), &state);
    cached(SECOND, request.headers().get(IF_NONE_MATCH), &state, body)
}

/// What does not change of a sale, if it is still what stands under this address.
pub(super) fn terms<D: Desk, L: Log, G: Ledger, C: Clock>(
    door: &Public<D, L, G, C>,
    sale: &str,
    tag: &str,
    request: &Request<Incoming>,
) -> Answer {
    let known =
        match sale_id(sale).ok_or(Code::NotFound.into()).and_then(|sale| door.purchases.gate.sale(sale)) {
            Ok(known) => known,
            Err(refusal) => return render::refusal(refusal),
        };
    let terms = terms_text(&known.row());
    if tag_of(&terms) != tag {
        return render::refusal(Code::NotFound.into());
    }
    cached(FOR_EVER, request.headers().get(IF_NONE_MATCH), &terms, terms.clone())
}

/// The state of a sale, without the time.
pub(super) fn state(known: &KnownSale) -> String {
    let row = known.row();
    let out = StateOut {
        state: row.state.name(),
        recovery: Step::of_recovery(&row).map(Step::name),
        stock: row.put_on_sale,
        remaining: remaining(known, &row),
        terms: tag_of(&terms_text(&row)),
    };
    serde_json::to_string(&out).expect("plain numbers and text")
}

/// A JSON object with the time before its members.
pub(super) fn with_time(now_ms: u64, object: &str) -> String {
    format!("{{\"server_time_ms\":{now_ms},{}", &object[1..])
}

/// The time by which a sale starts, or all of them.
pub(super) fn now_ms<D: Desk, L: Log, G: Ledger, C: Clock>(
    purchases: &Purchases<D, L, G, C>,
    known: Option<&KnownSale>,
) -> u64 {
    let unix_ms = purchases.clock.unix_ms();
    known
        .and_then(|known| known.desk_clock_ms(unix_ms))
        .unwrap_or_else(|| purchases.gate.sales.ledger_clock_ms(unix_ms))
}

fn terms_text(row: &Sale) -> String {
    serde_json::to_string(&TermsOut::of(row)).expect("plain numbers and text")
}

/// A name for a text, the same in every engine of this version: FNV-1a, 64 bits.
fn tag_of(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// For answers that are true for a moment.
const SECOND: HeaderValue = HeaderValue::from_static("public, max-age=1");
/// For answers that are true for ever.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// An answer that may be kept for a while. Its tag is made of all but the time, so that a page that
/// looks again hears "not changed" while nothing did.
fn cached(keep: HeaderValue, known: Option<&HeaderValue>, tagged: &str, body: String) -> Answer {
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
    head.insert(CACHE_CONTROL, keep);
    answer
}
