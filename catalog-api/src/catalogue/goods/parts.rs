//! Changing what belongs to goods, inside the editor's transaction. Only rows whose time of change was
//! left empty were edited; the others were posted back as they were read.

use super::changes;
use super::input::{Draft, Product, STOCK_MAX};
use crate::error::{CHANGED_MEANWHILE, Failure, Refusal};
use crate::store::goods_part::{self, Sku, SkuRow};
use crate::store::goods_write;
use serde_json::Value;
use sqlx::MySqlConnection;

/// Writes the edited SKUs; what changed, for the operation log.
pub(super) async fn update_skus(
    db: &mut MySqlConnection,
    goods: u64,
    draft: &Draft,
) -> Result<Vec<Value>, Failure> {
    let known = goods_part::lock_skus(db, goods).await?;
    let mut changed = Vec::new();
    for product in draft.products.iter().filter(|product| product.edited) {
        let row = known.iter().find(|row| Some(row.id) == id_of(product.id));
        let row = row.ok_or_else(|| Refusal::wrong_because("products", "one is not of these goods"))?;
        let delta = stock_delta(row, product)?;
        let new = Sku {
            specifications: product.specifications.clone(),
            price_minor: product.price_minor,
            stock: row.sku.stock + delta,
            pic_url: product.pic_url.clone().unwrap_or_else(|| row.sku.pic_url.clone()),
        };
        goods_write::update_sku(db, row.id, &new, delta).await?;
        changed.push(changes::between(row.id, &row.sku, &new));
    }
    Ok(changed)
}

/// By how much the stock moves. A client that does not say what it showed sets the stock as it is now.
fn stock_delta(row: &SkuRow, product: &Product) -> Result<i64, Refusal> {
    let delta = product.stock - product.stock_seen.unwrap_or(row.sku.stock);
    match row.sku.stock + delta {
        // More was taken away than is left, because shoppers bought meanwhile.
        stock if stock < 0 => Err(CHANGED_MEANWHILE),
        stock if stock > STOCK_MAX => Err(Refusal::wrong("number")),
        _ => Ok(delta),
    }
}

/// Gives the edited specifications their pictures; names and values stay, because SKUs are chosen by
/// them.
pub(super) async fn update_specifications(
    db: &mut MySqlConnection,
    goods: u64,
    draft: &Draft,
) -> Result<(), Failure> {
    for specification in draft.specifications.iter().filter(|specification| specification.edited) {
        let Some(pic_url) = &specification.pic_url else { continue };
        let id = id_of(specification.id).unwrap_or(0);
        if !goods_write::set_specification_picture(db, goods, id, pic_url).await? {
            return Err(Refusal::wrong_because("specifications", "one is not of these goods").into());
        }
    }
    Ok(())
}

/// Adds, changes and removes attributes.
pub(super) async fn update_attributes(
    db: &mut MySqlConnection,
    goods: u64,
    draft: &Draft,
) -> Result<(), Failure> {
    let mut new = Vec::new();
    for attribute in &draft.attributes {
        let (name, value) = (&attribute.name, &attribute.value);
        match id_of(attribute.id) {
            // Added and removed before it was ever saved.
            None if attribute.deleted => {}
            None => new.push((name.clone(), value.clone())),
            Some(id) if attribute.deleted => goods_write::delete_attribute(db, goods, id).await?,
            Some(id) if attribute.edited => {
                if !goods_write::update_attribute(db, goods, id, name, value).await? {
                    return Err(Refusal::wrong_because("attributes", "one is not of these goods").into());
                }
            }
            Some(_) => {}
        }
    }
    Ok(goods_write::insert_attributes(db, goods, &new).await?)
}

/// No id and 0 both mean a new row.
fn id_of(id: Option<i64>) -> Option<u64> {
    id.and_then(|id| u64::try_from(id).ok()).filter(|id| *id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(stock: i64) -> SkuRow {
        let time = "2025-11-11T12:00:00".parse().unwrap();
        let sku = Sku { specifications: "[]".into(), price_minor: 1, stock, pic_url: String::new() };
        SkuRow { id: 1, goods_id: 1, sku, added_at: time, updated_at: time }
    }

    fn product(stock: i64, stock_seen: Option<i64>) -> Product {
        Product {
            id: Some(1),
            specifications: "[]".into(),
            price_minor: 1,
            stock,
            stock_seen,
            pic_url: None,
            edited: true,
        }
    }

    #[test]
    fn units_sold_meanwhile_stay_sold() {
        // Ten were shown, two were bought meanwhile: whoever adds five has thirteen.
        assert_eq!(stock_delta(&row(8), &product(15, Some(10))), Ok(5));
        assert_eq!(stock_delta(&row(8), &product(10, Some(10))), Ok(0));
        assert_eq!(stock_delta(&row(8), &product(0, Some(10))), Err(CHANGED_MEANWHILE));
        assert_eq!(stock_delta(&row(8), &product(3, None)), Ok(-5));
        assert_eq!(stock_delta(&row(STOCK_MAX), &product(2, Some(1))).unwrap_err().errno, 402);
    }
}
