//! Every path of the public listener and of the private one, and what all requests go through.

use super::board::{self, SaleFigures};
use super::connection::Service;
use super::events::{self, Events};
use super::render::{self, Answer};
use super::{DoorLimits, DoorTrust, decode, purchases, sales};
use crate::clock::Clock;
use crate::handoff::Log;
use crate::metrics::{Call, Metrics};
use crate::purchase::Purchases;
use crate::reservation::Desk;
use crate::settlement::Ledger;
use contract::ids::SaleId;
use contract::outcome::Code;
use hyper::body::Incoming;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CONTENT_TYPE, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, Request, StatusCode};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

/// The public listener.
pub struct Public<D, L, G, C> {
    /// The spine.
    pub purchases: Arc<Purchases<D, L, G, C>>,
    /// Bounds.
    pub limits: DoorLimits,
    /// Whom to believe.
    pub trust: DoorTrust,
    /// Who listens.
    pub events: Arc<Events>,
}

impl<D: Desk, L: Log, G: Ledger, C: Clock> Public<D, L, G, C> {
    async fn route(&self, request: Request<Incoming>, from: SocketAddr) -> (Call, Answer) {
        let target_bytes = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        if let Err(answer) = decode::check_head(request.headers(), target_bytes, self.limits.target_bytes_max)
        {
            return (Call::Other, answer);
        }
        // Shares the bytes, so that the request can be taken apart while its path is looked at.
        let uri = request.uri().clone();
        let Some(below) = uri.path().strip_prefix("/seckill/v1/") else {
            return (Call::Other, render::refusal(Code::NotFound.into()));
        };
        let mut steps = below.split('/');
        let steps = (steps.next(), steps.next(), steps.next(), steps.next(), steps.next());
        match (request.method(), steps) {
            (&Method::OPTIONS, (Some("sales" | "orders"), ..)) => (Call::Other, preflight()),
            (&Method::GET, (Some("sales"), None, ..)) => (Call::Sales, sales::list(self, &request)),
            (&Method::GET, (Some("sales"), Some(sale), None, ..)) => {
                (Call::Sales, sales::one(self, sale, &request))
            }
            (&Method::GET, (Some("sales"), Some(sale), Some("state"), None, _)) => {
                (Call::Sales, sales::state_of(self, sale, &request))
            }
            (&Method::GET, (Some("sales"), Some(sale), Some("terms"), Some(tag), None)) => {
                (Call::Sales, sales::terms(self, sale, tag, &request))
            }
            (&Method::GET, (Some("sales"), Some(sale), Some("events"), None, _)) => {
                (Call::Events, events::sale(self, sale))
            }
            (&Method::POST, (Some("sales"), Some(sale), Some("token"), None, _)) => {
                (Call::Token, purchases::token(self, sale, request, from).await)
            }
            (&Method::POST, (Some("sales"), Some(sale), Some("orders"), None, _)) => {
                (Call::Order, purchases::order(self, sale, request, from).await)
            }
            (&Method::GET, (Some("orders"), Some(sn), None, ..)) => {
                (Call::Status, purchases::status(self, sn, &request).await)
            }
            (&Method::GET, (Some("orders"), Some(sn), Some("events"), None, _)) => {
                (Call::Events, events::order(self, sn, &request).await)
            }
            (_, (Some("sales"), None, ..) | (Some("sales" | "orders"), Some(_), None, ..))
            | (_, (Some("sales"), Some(_), Some("state" | "events"), None, _))
            | (_, (Some("sales"), Some(_), Some("terms"), Some(_), None))
            | (_, (Some("orders"), Some(_), Some("events"), None, _)) => {
                (Call::Other, render::method_not_allowed("GET, OPTIONS"))
            }
            (_, (Some("sales"), Some(_), Some("token" | "orders"), None, _)) => {
                (Call::Other, render::method_not_allowed("POST, OPTIONS"))
            }
            _ => (Call::Other, render::refusal(Code::NotFound.into())),
        }
    }

    /// Lets pages of allowed origins read the answer; others are answered without the header, which
    /// keeps their browser from handing it out.
    fn share(&self, origin: Option<HeaderValue>, answer: &mut Answer) {
        let Some(origin) = origin else { return };
        let head = answer.headers_mut();
        head.insert(VARY, HeaderValue::from_static("origin"));
        if self.trust.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
            head.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            head.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after, etag"));
        }
    }
}

impl<D: Desk, L: Log, G: Ledger, C: Clock> Service for Public<D, L, G, C> {
    async fn answer(&self, request: Request<Incoming>, from: SocketAddr) -> Answer {
        let began = self.purchases.clock.elapsed();
        let origin = request.headers().get(ORIGIN).cloned();
        let (call, mut answer) = self.route(request, from).await;
        self.share(origin, &mut answer);
        let code = answer.extensions().get::<Code>().copied();
        self.purchases.metrics.answered(call, code, self.purchases.clock.elapsed() - began);
        answer
    }
}

/// The answer to a browser that asks before it sends.
fn preflight() -> Answer {
    let mut answer = render::json(StatusCode::OK, b"{}".to_vec());
    let head = answer.headers_mut();
    head.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    head.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, if-none-match, x-litemall-token"),
    );
    head.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    answer
}

/// The private listener: life signs and figures, never on the public port.
pub struct Private<R, S, C> {
    /// What is missing before buyers can be served; empty when nothing is.
    pub missing: R,
    /// What is known of a sale.
    pub sale: S,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// The clock.
    pub clock: C,
}

impl<R, F, S, C> Service for Private<R, S, C>
where
    R: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = serde_json::Value> + Send,
    S: Fn(SaleId) -> Option<SaleFigures> + Send + Sync + 'static,
    C: Clock,
{
    async fn answer(&self, request: Request<Incoming>, _: SocketAddr) -> Answer {
        if request.method() != Method::GET {
            return render::method_not_allowed("GET");
        }
        match request.uri().path() {
            "/livez" => render::json(StatusCode::OK, b"{\"alive\":true}".to_vec()),
            "/readyz" => {
                let readiness = (self.missing)().await;
                let ready = readiness["ready"] == true;
                let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                render::json(status, readiness.to_string().into_bytes())
            }
            "/metrics" => {
                let mut answer = render::json(StatusCode::OK, self.metrics.render().into_bytes());
                answer.headers_mut().insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
                );
                answer
            }
            "/metrics.json" => {
                board::document(&self.metrics, self.clock.unix_ms(), request.uri().query(), &self.sale)
            }
            _ => render::refusal(Code::NotFound.into()),
        }
    }
}
