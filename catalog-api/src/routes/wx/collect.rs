//! A shopper's favourites.

use super::comment::known_kind;
use crate::envelope::{Answer, Envelope, Money, Nothing, Page, Reply};
use crate::error::Refusal;
use crate::extract::loose::ShopperLoose;
use crate::extract::{Caller, Query};
use crate::state::App;
use crate::store::collect::{self, FavouriteRow};
use crate::store::comment::ON_TOPIC;
use crate::store::retrying;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A favourite: goods have `name`, `brief` and `retailPrice`, topics have `title`, `subtitle` and
/// `price`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Favourite {
    id: u64,
    /// 0 goods, 1 topic
    r#type: u8,
    value_id: u64,
    name: Option<String>,
    brief: Option<String>,
    title: Option<String>,
    subtitle: Option<String>,
    pic_url: String,
    retail_price: Option<Money>,
    price: Option<Money>,
}

/// What adding or removing a favourite sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes a loose body")]
pub struct FavouriteForm {
    /// 0 goods, 1 topic
    r#type: u8,
    value_id: u64,
}

/// Own favourites of a type; what is not there any more is left out. Failures: 402, 501.
#[utoipa::path(get, path = "/wx/collect/list", tag = "shop: favourites",
    params(("type" = i64, Query), ("page" = Option<i64>, Query), ("limit" = Option<i64>, Query),
        ("sort" = Option<String>, Query), ("order" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Favourite>>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Answer<Page<Favourite>> {
    let kind = known_kind(query.required_int("type")?)?;
    let listing = query.listing()?;
    let shopper = caller.shopper()?;
    let rows = listing.rows(collect::count_own(&app.db, shopper.id, kind).await?)?;
    let found = collect::list_own(&app.db, shopper.id, kind, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| shown(kind, row)).collect())))
}

fn shown(kind: u8, row: FavouriteRow) -> Favourite {
    let price = Some(Money(row.price_minor));
    let (name, brief) = (Some(row.name), Some(row.brief));
    let blank = Favourite {
        id: row.id,
        r#type: kind,
        value_id: row.value_id,
        name: None,
        brief: None,
        title: None,
        subtitle: None,
        pic_url: row.pic_url,
        retail_price: None,
        price: None,
    };
    if kind == ON_TOPIC {
        Favourite { title: name, subtitle: brief, price, ..blank }
    } else {
        Favourite { name, brief, retail_price: price, ..blank }
    }
}

/// Add to the favourites, or remove from them. Failures: 401, 402, 501.
#[utoipa::path(post, path = "/wx/collect/addordelete", tag = "shop: favourites", request_body = FavouriteForm,
    responses((status = 200, body = Envelope<Nothing>)), security(("shopper" = []), ("bearer" = [])))]
pub async fn toggle(
    State(app): State<Arc<App>>,
    ShopperLoose(shopper, body): ShopperLoose,
) -> Answer<Nothing> {
    let kind = body.int("type").ok_or_else(|| Refusal::missing("type"))?;
    let value = body.id("valueId").ok_or_else(|| Refusal::missing("valueId"))?;
    let kind = known_kind(kind)?;
    let there = collect::target_exists(&app.db, kind, value).await?;
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        // Calls of one shopper at the same time wait here, and not for each other's gaps.
        collect::lock_owner(&mut tx, shopper.id).await?;
        if !collect::remove(&mut tx, shopper.id, kind, value).await? {
            if !there {
                return Err(Refusal::wrong("valueId").into());
            }
            collect::add(&mut tx, shopper.id, kind, value).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?;
    Ok(Reply::done())
}
