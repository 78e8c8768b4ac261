//! The table of contents: every public path, which feature it serves, what it needs, and for staff
//! where it stands in the permission tree; one section file per part of the mall. `/dev/*`, health and
//! metrics are on the private listener (`routes::private`).

mod account;
mod catalogue;
mod community;
mod order;
mod sale;
mod trade;

use crate::access::{Gate, Kind, gate};
use crate::audit::sensitive;
use crate::envelope::Outcome;
use crate::error::NOT_SUPPORTED;
use crate::metrics::Counter;
use crate::permission::{Entry, Need, Registry, SharedRegistry};
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

fn table(app: &Arc<App>) -> Table {
    let sections =
        [account::routes, catalogue::routes, trade::routes, order::routes, community::routes, sale::routes];
    sections.into_iter().fold(Table::new(app), |table, section| section(table))
}

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
    if app.config.is_dev() {
        // Pictures of the demo goods, which exist in this profile only.
        router = router.merge(crate::art::router());
    }
    let router = router
        .merge(crate::pages::router(app))
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
    fn shop(self, features: &'static str, need: Need, routes: UtoipaMethodRouter<Arc<App>>) -> Self {
        self.add(features, need, None, false, routes)
    }

    /// A shopper's route whose calls are written into the operation log.
    fn sensitive(self, features: &'static str, need: Need, routes: UtoipaMethodRouter<Arc<App>>) -> Self {
        let layer = middleware::from_fn_with_state((Arc::clone(&self.app), need == Need::Open), sensitive);
        self.add(features, need, None, true, routes.layer(layer))
    }

    /// A staff route without a permission of its own.
    fn staff(
        self,
        features: &'static str,
        need: Need,
        kind: Kind,
        routes: UtoipaMethodRouter<Arc<App>>,
    ) -> Self {
        let gated = self.gated(need, kind, routes);
        self.add(features, need, None, false, gated)
    }

    /// A staff route with a permission.
    fn may(
        self,
        features: &'static str,
        permission: &'static str,
        menu: [&'static str; 3],
        routes: UtoipaMethodRouter<Arc<App>>,
    ) -> Self {
        let need = Need::Permission(permission);
        let gated = self.gated(need, Kind::Ordinary, routes);
        self.add(features, need, Some(menu), false, gated)
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
        features: &'static str,
        need: Need,
        menu: Option<[&'static str; 3]>,
        sensitive: bool,
        routes: UtoipaMethodRouter<Arc<App>>,
    ) -> Self {
        for (path, item) in &routes.1.paths {
            let methods = [("GET", item.get.is_some()), ("POST", item.post.is_some())];
            for (method, _) in methods.into_iter().filter(|(_, there)| *there) {
                let (method, path) = (method.into(), path.clone());
                self.registry.0.push(Entry { method, path, features, need, menu, sensitive });
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
