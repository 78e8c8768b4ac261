//! The table of contents: every public path, what it needs, and for staff where it stands in the
//! permission tree. `/dev/*`, health and metrics are on the private listener (`routes::private`).

use crate::access::{Gate, Kind, gate};
use crate::envelope::Outcome;
use crate::error::NOT_SUPPORTED;
use crate::metrics::Counter;
use crate::permission::{Entry, Need, Registry, SharedRegistry};
use crate::routes::admin::{auth as staff, coupon_seckill, seckill};
use crate::routes::wx::{address, auth, order, pay_notify};
use crate::routes::{description, docs};
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

const SALES: &str = "Flash sales";
const COUPON_SALES: &str = "Coupon flash sales";

#[rustfmt::skip]
fn table(app: &Arc<App>) -> Table {
    Table::new(app)
        // Shoppers: account.
        .shop(Need::Open, routes!(auth::login))
        .shop(Need::Login, routes!(auth::info))
        .shop(Need::Login, routes!(auth::logout))
        .shop(Need::Login, routes!(address::list))
        // Shoppers: orders.
        .shop(Need::Login, routes!(order::list))
        .shop(Need::Login, routes!(order::detail))
        .shop(Need::Login, routes!(order::cancel))
        .shop(Need::Login, routes!(order::prepay))
        // The payment provider; its signature is its log-in.
        .shop(Need::Open, routes!(pay_notify::pay_notify))
        // Staff: account.
        .staff(Need::Open, Kind::Ordinary, routes!(staff::kaptcha))
        .staff(Need::Open, Kind::Login, routes!(staff::login))
        .staff(Need::Login, Kind::Ordinary, routes!(staff::info))
        .staff(Need::Login, Kind::Logout, routes!(staff::logout))
        // Staff: flash sales.
        .may("admin:seckill:list", [PROMOTION, SALES, "Query"], routes!(seckill::list))
        .may("admin:seckill:read", [PROMOTION, SALES, "Detail"], routes!(seckill::read))
        .may("admin:seckill:create", [PROMOTION, SALES, "Add"], routes!(seckill::create))
        .may("admin:seckill:update", [PROMOTION, SALES, "Edit"], routes!(seckill::update))
        .may("admin:seckill:delete", [PROMOTION, SALES, "Delete"], routes!(seckill::delete))
        .may("admin:seckill:force-start", [PROMOTION, SALES, "Start now"], routes!(seckill::force_start))
        .may("admin:seckill:close", [PROMOTION, SALES, "Close"], routes!(seckill::close))
        .may("admin:seckill:read", [PROMOTION, SALES, "Books"], routes!(seckill::books))
        // Staff: coupon flash sales.
        .may("admin:coupon-seckill:list", [PROMOTION, COUPON_SALES, "Query"], routes!(coupon_seckill::list))
        .may("admin:coupon-seckill:read", [PROMOTION, COUPON_SALES, "Detail"], routes!(coupon_seckill::read))
        .may("admin:coupon-seckill:create", [PROMOTION, COUPON_SALES, "Add"], routes!(coupon_seckill::create))
        .may("admin:coupon-seckill:update", [PROMOTION, COUPON_SALES, "Edit"], routes!(coupon_seckill::update))
        .may("admin:coupon-seckill:delete", [PROMOTION, COUPON_SALES, "Delete"], routes!(coupon_seckill::delete))
        .may("admin:coupon-seckill:force-start", [PROMOTION, COUPON_SALES, "Start now"], routes!(coupon_seckill::force_start))
        .may("admin:coupon-seckill:close", [PROMOTION, COUPON_SALES, "Close"], routes!(coupon_seckill::close))
        .may("admin:coupon-seckill:read", [PROMOTION, COUPON_SALES, "Books"], routes!(coupon_seckill::books))
}

const PROMOTION: &str = "Promotion";

/// The public listener's router, with what it was built from.
pub struct Public {
    /// Ready to serve.
    pub router: Router,
    /// Every route.
    pub registry: SharedRegistry,
    /// The API description.
    pub openapi: OpenApi,
}

/// Builds it.
pub fn public(app: &Arc<App>) -> Public {
    let Table { router, registry, .. } = table(app);
    let registry = Arc::new(registry);
    let (router, openapi) = router.split_for_parts();
    let openapi = description::complete(openapi);
    let mut router = router.method_not_allowed_fallback(async || NOT_SUPPORTED);
    if app.config.docs_are_public() {
        router = router.merge(docs::router(&openapi));
    }
    let router = router
        .layer(Extension(Arc::clone(&registry)))
        .layer(middleware::from_fn_with_state(Arc::clone(app), watch))
        // A pre-flight is answered before anything else looks at it.
        .layer(cors(app))
        .with_state(Arc::clone(app));
    Public { router, registry, openapi }
}

struct Table {
    app: Arc<App>,
    router: OpenApiRouter<Arc<App>>,
    registry: Registry,
}

impl Table {
    fn new(app: &Arc<App>) -> Self {
        Self { app: Arc::clone(app), router: OpenApiRouter::default(), registry: Registry::default() }
    }

    /// A shopper's route. Its log-in is checked by the extractor of its handler, because shoppers'
    /// input is looked at first; `tests/it/matrix.rs` compares the two.
    fn shop(self, need: Need, routes: UtoipaMethodRouter<Arc<App>>) -> Self {
        self.add(need, None, routes)
    }

    /// A staff route without a permission of its own.
    fn staff(self, need: Need, kind: Kind, routes: UtoipaMethodRouter<Arc<App>>) -> Self {
        let gated = self.gated(need, kind, routes);
        self.add(need, None, gated)
    }

    /// A staff route with a permission.
    fn may(
        self,
        permission: &'static str,
        menu: [&'static str; 3],
        routes: UtoipaMethodRouter<Arc<App>>,
    ) -> Self {
        let need = Need::Permission(permission);
        let gated = self.gated(need, Kind::Ordinary, routes);
        self.add(need, Some(menu), gated)
    }

    fn gated(
        &self,
        need: Need,
        kind: Kind,
        routes: UtoipaMethodRouter<Arc<App>>,
    ) -> UtoipaMethodRouter<Arc<App>> {
        let guard = Gate { app: Arc::clone(&self.app), need, kind };
        routes.layer(middleware::from_fn_with_state(guard, gate))
    }

    fn add(
        mut self,
        need: Need,
        menu: Option<[&'static str; 3]>,
        routes: UtoipaMethodRouter<Arc<App>>,
    ) -> Self {
        for (path, item) in &routes.1.paths {
            let methods = [("GET", item.get.is_some()), ("POST", item.post.is_some())];
            for (method, _) in methods.into_iter().filter(|(_, there)| *there) {
                self.registry.0.push(Entry { method: method.into(), path: path.clone(), need, menu });
            }
        }
        Self { router: self.router.routes(routes), ..self }
    }
}

fn cors(app: &App) -> CorsLayer {
    let cors = &app.config.cors;
    let origins: Vec<HeaderValue> =
        cors.allowed_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .max_age(Duration::from_secs(cors.max_age_s))
}

/// Bounds the time of a request, counts it, and keeps answers about people out of caches.
async fn watch(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let shop = request.uri().path().starts_with("/wx/");
    let limit = Duration::from_millis(app.config.http.request_timeout_ms);
    let mut response = match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => crate::error::INTERNAL.into_response(),
    };
    if shop {
        app.metrics.count(Counter::ShopCalls);
    }
    if let Some(outcome) = response.extensions().get::<Outcome>() {
        if outcome.errno == 502 {
            app.metrics.count(Counter::Faults);
        }
        response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    }
    response
}
