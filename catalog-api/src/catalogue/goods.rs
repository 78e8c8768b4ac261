//! The goods editor: goods with their SKUs, specifications and attributes in one call.
//!
//! Two people may have the same goods open, and shoppers buy meanwhile. Goods carry a version, and who
//! read an older one is refused (504). Stock is not set to what the editor shows but moved by what was
//! changed in it, so that units sold meanwhile stay sold.

mod input;
mod parts;

pub use input::{Attribute, Draft, Product, Seen, Specification};

use super::changes;
use crate::audit;
use crate::cache::Subject;
use crate::error::{CHANGED_MEANWHILE, Failure, GOODS_NAME_TAKEN, Refusal};
use crate::posters;
use crate::state::App;
use crate::store::goods::{self, Goods, GoodsRow};
use crate::store::goods_part::{self, Sku};
use crate::store::{brand, cart_write, category, error_number, goods_write, retrying};
use serde_json::json;
use sqlx::MySqlConnection;

/// The number of a unique key that is taken.
const DUPLICATE: u16 = 1062;

/// Puts goods on the shelf.
pub async fn create(app: &App, draft: &Draft) -> Result<(), Failure> {
    let new = draft.goods_on(Goods::default())?;
    let skus = draft.new_skus();
    let specifications = draft.new_specifications();
    let attributes = draft.new_attributes();
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        known_parents(&mut tx, &new).await?;
        if goods_write::name_is_on_sale(&mut tx, &new.name, 0).await? {
            return Err(GOODS_NAME_TAKEN.into());
        }
        let id = goods_write::insert(&mut tx, &new, lowest(&skus)).await.map_err(name_taken)?;
        goods_write::insert_specifications(&mut tx, id, &specifications).await?;
        goods_write::insert_attributes(&mut tx, id, &attributes).await?;
        goods_write::insert_skus(&mut tx, id, &skus).await?;
        let after = changes::shortened(&new);
        let changed = json!({ "id": id, "after": after, "skus": changes::shortened(&skus) });
        audit::record(&mut tx, &changed).await?;
        posters::ask(app, &mut tx, id).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    app.cache.changed(&app.redis, &[Subject::Goods]).await;
    Ok(())
}

/// Changes goods.
pub async fn update(app: &App, id: u64, draft: &Draft) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let old = goods::lock(&mut tx, id).await?.ok_or_else(|| Refusal::wrong("goods.id"))?;
        if !is_current(app, &old, &draft.seen) {
            return Err(CHANGED_MEANWHILE.into());
        }
        let new = draft.goods_on(old.goods.clone())?;
        known_parents(&mut tx, &new).await?;
        if new.name != old.goods.name && goods_write::name_is_on_sale(&mut tx, &new.name, id).await? {
            return Err(GOODS_NAME_TAKEN.into());
        }
        let moved = parts::update_skus(&mut tx, id, draft).await?;
        parts::update_specifications(&mut tx, id, draft).await?;
        parts::update_attributes(&mut tx, id, draft).await?;
        let skus: Vec<Sku> =
            goods_part::lock_skus(&mut tx, id).await?.into_iter().map(|row| row.sku).collect();
        goods_write::update(&mut tx, id, &new, lowest(&skus)).await.map_err(name_taken)?;
        cart_write::refresh(&mut tx, id).await?;
        let mut changed = changes::between(id, &old.goods, &new);
        changed["skus"] = moved.into();
        audit::record(&mut tx, &changed).await?;
        posters::ask(app, &mut tx, id).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    app.cache.changed(&app.redis, &[Subject::Goods]).await;
    Ok(())
}

/// Takes goods away with what belongs to them; unknown ones are no mistake. Carts are cleaned by the shop
/// when it reads them.
pub async fn delete(app: &App, id: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let Some(old) = goods::lock(&mut tx, id).await? else { return Ok(()) };
        goods_write::delete_specifications(&mut tx, id).await?;
        goods_write::delete_attributes(&mut tx, id).await?;
        goods_write::delete_skus(&mut tx, id).await?;
        goods_write::delete(&mut tx, id).await?;
        audit::record(&mut tx, &json!({ "id": id, "before": changes::shortened(&old.goods) })).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    app.cache.changed(&app.redis, &[Subject::Goods]).await;
    Ok(())
}

/// Whether what the editor showed is what there is. The version decides; a client that does not send it
/// back sends the time of the last change, which people see in whole seconds.
fn is_current(app: &App, row: &GoodsRow, seen: &Seen) -> bool {
    match (seen.version, &seen.updated_at) {
        (Some(version), _) => u64::try_from(version) == Ok(u64::from(row.version)),
        (None, Some(time)) => *time == app.zone.show(row.updated_at),
        (None, None) => true,
    }
}

/// Brand and category, where they are given, are there.
async fn known_parents(db: &mut MySqlConnection, goods: &Goods) -> Result<(), Failure> {
    if goods.brand_id != 0 && !brand::exists(db, goods.brand_id).await? {
        return Err(Refusal::wrong("goods.brandId").into());
    }
    if goods.category_id != 0 && category::level(db, goods.category_id).await?.is_none() {
        return Err(Refusal::wrong("goods.categoryId").into());
    }
    Ok(())
}

fn lowest(skus: &[Sku]) -> i64 {
    skus.iter().map(|sku| sku.price_minor).min().unwrap_or(0)
}

/// Goods that are not deleted have different names, on sale or not.
fn name_taken(error: sqlx::Error) -> Failure {
    if error_number(&error) == Some(DUPLICATE) { GOODS_NAME_TAKEN.into() } else { error.into() }
}
