//! The three calls of a purchase: decode, one call, render.

use super::decode;
use super::render::{self, Answer};
use super::route::Public;
use crate::admission::Refusal;
use crate::clock::Clock;
use crate::handoff::Log;
use crate::reservation::Desk;
use crate::settlement::Ledger;
use contract::ids::{OrderSn, SaleId};
use contract::outcome::Code;
use hyper::Request;
use hyper::body::Incoming;
use std::net::SocketAddr;

pub(super) async fn token<D: Desk, L: Log, G: Ledger, C: Clock>(
    door: &Public<D, L, G, C>,
    sale: &str,
    request: Request<Incoming>,
    from: SocketAddr,
) -> Answer {
    let Some(sale) = sale_id(sale) else { return render::refusal(Code::NotFound.into()) };
    let (head, body) = request.into_parts();
    let head = head.headers;
    // A token needs no body; one that is sent is read within the bounds and not looked at.
    if let Err(answer) = decode::body(&head, body, door.limits.body_bytes_max, door.limits.read_within).await
    {
        return answer;
    }
    let client = decode::client(&head, from.ip(), &door.trust);
    match door.purchases.token(sale, decode::session(&head), client).await {
        Ok(token) => render::token(&token),
        Err(refusal) => refused(door, refusal),
    }
}

pub(super) async fn order<D: Desk, L: Log, G: Ledger, C: Clock>(
    door: &Public<D, L, G, C>,
    sale: &str,
    request: Request<Incoming>,
    from: SocketAddr,
) -> Answer {
    let Some(sale) = sale_id(sale) else { return render::refusal(Code::NotFound.into()) };
    let (head, body) = request.into_parts();
    let head = head.headers;
    let body = match decode::body(&head, body, door.limits.body_bytes_max, door.limits.read_within).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let attempt = match decode::attempt(&body) {
        Ok(attempt) => attempt,
        Err(answer) => return answer,
    };
    let client = decode::client(&head, from.ip(), &door.trust);
    match door.purchases.order(sale, decode::session(&head), client, attempt).await {
        Ok(order) => render::order(order),
        Err(refusal) => refused(door, refusal),
    }
}

pub(super) async fn status<D: Desk, L: Log, G: Ledger, C: Clock>(
    door: &Public<D, L, G, C>,
    sn: &str,
    request: &Request<Incoming>,
) -> Answer {
    let Ok(sn) = sn.parse::<OrderSn>() else { return render::refusal(Code::NotFound.into()) };
    match door.purchases.status(sn, decode::session(request.headers())).await {
        Ok(status) => render::status(sn, &status),
        Err(refusal) => render::refusal(refusal),
    }
}

fn refused<D: Desk, L: Log, G: Ledger, C: Clock>(door: &Public<D, L, G, C>, refusal: Refusal) -> Answer {
    if let Some(bound) = refusal.bound {
        door.purchases.metrics.bound(bound);
    }
    render::refusal(refusal)
}

pub(super) fn sale_id(text: &str) -> Option<SaleId> {
    // One sale has one address: no sign, no leading zeros.
    text.parse().ok().filter(|sale: &SaleId| sale.to_string() == text)
}
