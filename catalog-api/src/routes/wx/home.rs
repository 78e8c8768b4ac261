//! The home page, and what the shop says about itself.

use crate::cache::Subject;
use crate::envelope::{Answer, Envelope, Ready, Reply};
use crate::error::{Failure, Refusal};
use crate::extract::Query;
use crate::extract::caller::Caller;
use crate::state::App;
use crate::window::home::{self, HomePage};
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// -1
const WRONG_KEY: Refusal = Refusal::new(-1, "the key is wrong");
/// What is asked for before the caches are dropped. It is no secret: dropping them costs a few queries.
const CACHE_KEY: &str = "litemall_cache";

/// The shop.
#[derive(Debug, Serialize, ToSchema)]
pub struct About {
    name: String,
    address: String,
    phone: String,
    qq: String,
    longitude: String,
    latitude: String,
}

/// The home page.
#[utoipa::path(get, path = "/wx/home/index", tag = "shop: catalogue",
    responses((status = 200, body = Envelope<HomePage>)))]
pub async fn index(State(app): State<Arc<App>>, caller: Caller) -> Result<Ready, Failure> {
    home::page(&app, caller.known().map(|shopper| shopper.id)).await
}

/// Name, address and telephone of the shop.
#[utoipa::path(get, path = "/wx/home/about", tag = "shop: catalogue",
    responses((status = 200, body = Envelope<About>)))]
pub async fn about(State(app): State<Arc<App>>) -> Answer<About> {
    let settings = app.settings.read(&app.db).await?;
    Ok(Reply::data(About {
        name: settings.mall_name().to_owned(),
        address: settings.mall_address().to_owned(),
        phone: settings.mall_phone().to_owned(),
        qq: settings.mall_qq().to_owned(),
        longitude: settings.mall_longitude().to_owned(),
        latitude: settings.mall_latitude().to_owned(),
    }))
}

/// Make the home page anew. Failures: 402 without a key, -1 with a wrong one.
#[utoipa::path(get, path = "/wx/home/cache", tag = "shop: catalogue", params(("key" = String, Query)),
    responses((status = 200, body = Envelope<String>)))]
pub async fn cache(State(app): State<Arc<App>>, query: Query) -> Answer<&'static str> {
    let key = query.text("key").ok_or_else(|| Refusal::wrong_because("key", "is missing"))?;
    if key != CACHE_KEY {
        return Err(WRONG_KEY.into());
    }
    app.cache.changed(&app.redis, &[Subject::Ads]).await;
    Ok(Reply::data("the home page is made anew"))
}
