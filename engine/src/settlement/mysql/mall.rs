//! The mall's own rows of settled orders: order, line, ticket, granted coupon, and the end of the time
//! to pay. From here on catalog-api's state machine owns them.

mod address;
mod rows;
mod subject;

use super::facts::LockedSale;
use super::failure::Failure;
use super::purchases::Purchase;
use address::Recipient;
use contract::ids::SaleId;
use sqlx::mysql::MySqlConnection;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use subject::Subject;

/// Inserts the mall's rows and notes the ids of the mall's orders.
pub(super) async fn insert(
    connection: &mut MySqlConnection,
    purchases: &mut [Purchase<'_>],
    locked: &BTreeMap<SaleId, LockedSale>,
) -> Result<(), Failure> {
    let mut subjects = HashMap::new();
    for purchase in purchases.iter() {
        let sale = purchase.batch.sale;
        if let Entry::Vacant(place) = subjects.entry(sale) {
            place.insert(subject::find(connection, purchase.kind, &locked[&sale]).await?);
        }
    }
    let subject_of = |purchase: &Purchase<'_>| &subjects[&purchase.batch.sale];

    let granted: Vec<(&Purchase<'_>, &Subject)> = purchases
        .iter()
        .filter(|purchase| purchase.granted())
        .map(|purchase| (purchase, subject_of(purchase)))
        .collect();
    rows::insert_coupons(connection, &granted).await?;

    let ordered: Vec<&Purchase<'_>> = purchases.iter().filter(|purchase| !purchase.granted()).collect();
    if ordered.is_empty() {
        return Ok(());
    }
    let wanted: Vec<_> =
        ordered.iter().map(|purchase| (purchase.order.user, purchase.order.address)).collect();
    let recipients = address::find(connection, &wanted).await?;
    let nobody = Recipient::default();
    let addressed: Vec<(&Purchase<'_>, &Recipient)> = ordered
        .iter()
        .zip(&wanted)
        .map(|(purchase, wanted)| (*purchase, recipients.get(wanted).unwrap_or(&nobody)))
        .collect();
    let guess = rows::insert_orders(connection, &addressed).await?;
    let ids = rows::order_ids(connection, &ordered, guess).await?;
    for purchase in purchases.iter_mut().filter(|purchase| !purchase.granted()) {
        let id = ids.get(purchase.sn.as_str()).ok_or(Failure::Broken("an order just inserted is missing"))?;
        purchase.order_id = Some(*id);
    }
    let lines: Vec<(u64, &Purchase<'_>, &Subject)> = purchases
        .iter()
        .filter_map(|purchase| Some((purchase.order_id?, purchase, subject_of(purchase))))
        .collect();
    rows::insert_lines(connection, &lines).await?;
    rows::insert_tickets(connection, &lines).await?;
    rows::insert_due(connection, &lines).await
}
