//! Settings by group. Each path shows its own group and takes keys of any.

use crate::envelope::{Answer, Envelope, Nothing, Reply};
use crate::error::Failure;
use crate::extract::Entity;
use crate::settings::{KEYS, change};
use crate::state::App;
use axum::extract::State;
use std::collections::BTreeMap;
use std::sync::Arc;

type Group = BTreeMap<&'static str, String>;

async fn group(app: &App, prefix: &str) -> Answer<Group> {
    let values = app.settings.read(&app.db).await?;
    let keys = KEYS.iter().filter(|key| key.name.starts_with(prefix));
    Ok(Reply::data(keys.map(|key| (key.name, values.text(key).to_owned())).collect()))
}

async fn store(app: &App, body: &Entity) -> Result<Reply<Nothing>, Failure> {
    change::store(app, &body.texts_by_name()?).await?;
    Ok(Reply::done())
}

macro_rules! groups {
    ($($get:ident $set:ident $path:literal $prefix:literal $what:literal,)+) => {
        $(
            #[doc = concat!("Settings of ", $what, ".")]
            #[utoipa::path(get, path = $path, tag = "staff: settings",
                responses((status = 200, body = Envelope<BTreeMap<String, String>>)),
                security(("staff" = []), ("bearer" = [])))]
            pub async fn $get(State(app): State<Arc<App>>) -> Answer<Group> {
                group(&app, $prefix).await
            }

            #[doc = concat!("Change settings of ", $what, "; they count at once. Failures: 402.")]
            #[utoipa::path(post, path = $path, tag = "staff: settings",
                request_body = BTreeMap<String, String>,
                responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
            pub async fn $set(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
                store(&app, &body).await
            }
        )+
    };
}

groups! {
    mall set_mall "/admin/config/mall" "litemall_mall_" "the mall",
    express set_express "/admin/config/express" "litemall_express_" "freight",
    order set_order "/admin/config/order" "litemall_order_" "orders",
    wx set_wx "/admin/config/wx" "litemall_wx_" "the mini-program",
}
