//! Arming a sale: its units leave the own stock of what it sells in the transaction that writes it, so
//! that ordinary buying can never sell them too.

use super::input::Draft;
use super::{Scope, in_scope, logged};
use crate::envelope::{Answer, Reply};
use crate::error::{COUPON_UNFIT, Failure, Refusal, TOO_LITTLE_STOCK};
use crate::routes::admin::sale::Sale;
use crate::state::App;
use crate::store::resource::{self, Resource};
use crate::store::{retrying, sale, sale_write};
use serde_json::json;
use sqlx::MySqlConnection;

/// Creates an armed sale.
pub async fn create(app: &App, resource: Resource, draft: Draft) -> Answer<Sale> {
    let terms = draft.terms()?;
    let id = retrying(|| async {
        let mut tx = app.db.begin().await?;
        let pic_url = check(&mut tx, resource).await?;
        if !resource::take(&mut tx, resource, draft.stock).await? {
            return Err(TOO_LITTLE_STOCK.into());
        }
        let mut terms = terms.clone();
        if terms.pic_url.is_empty() {
            terms.pic_url = pic_url;
        }
        let id = sale_write::insert_armed(&mut tx, resource, &terms, draft.stock).await?;
        tx.commit().await?;
        Ok(id)
    })
    .await?;
    let row = in_scope(sale::find(&app.db, id).await?, Scope::All)?;
    let changes = json!({ "after": logged(&row) });
    Ok(Reply::data(Sale::show(row, app.zone)?).changing(changes))
}

/// Whether it can be put on sale at all; the answer is its picture.
async fn check(db: &mut MySqlConnection, resource: Resource) -> Result<String, Failure> {
    match resource {
        Resource::Sku { goods, sku } => {
            let found = resource::sku(db, sku).await?.filter(|found| found.goods_id == goods);
            let found = found.ok_or_else(|| Refusal::wrong_because("productId", "is no SKU of the goods"))?;
            if !found.on_shelf {
                return Err(Refusal::wrong_because("productId", "is not on the shelf").into());
            }
            Ok(found.pic_url)
        }
        Resource::Coupon(coupon) => match resource::coupon_fits(db, coupon).await? {
            Some(true) => Ok(String::new()),
            Some(false) => Err(COUPON_UNFIT.into()),
            None => Err(Refusal::wrong("couponId").into()),
        },
        Resource::Ticket(ticket) => match resource::ticket_fits(db, ticket).await? {
            Some(true) => Ok(String::new()),
            Some(false) => Err(Refusal::wrong_because("ticketTypeId", "its session is off or past").into()),
            None => Err(Refusal::wrong("ticketTypeId").into()),
        },
    }
}
