//! Orders of `user123`, one in each state the pages of a shopper and of staff show something for. They
//! are made by the functions real orders are made by, so that their stock, payments and tasks are right.

use crate::envelope::Money;
use crate::error::Failure;
use crate::orders::aftersales::{self, Request};
use crate::orders::place::{Placed, place};
use crate::provider::pay::Notice;
use crate::state::App;
use crate::store::order_state::{self, Receipt};
use crate::store::order_write::{NewLine, NewOrder};
use crate::store::payment::{self, APPLIED};
use crate::store::resource::{self, Resource};
use crate::store::shopper;
use anyhow::Context;
use chrono::DateTime;
use sqlx::{FromRow, MySqlConnection};

const OWNER: &str = "user123";
const FREIGHT_MINOR: i64 = 800;
/// Nobody looks at a demo within half an hour.
const PAY_WITHIN_S: u32 = 30 * 86_400;

/// How far an order gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Stage {
    Unpaid,
    Paid,
    Shipped,
    Received,
    Aftersale,
}

#[derive(Debug, FromRow)]
struct Sku {
    id: u64,
    goods_id: u64,
    goods_name: String,
    goods_sn: String,
    price_minor: i64,
    specifications: String,
    pic_url: String,
}

/// Makes them, unless the account has orders.
pub(super) async fn fill(app: &App) -> anyhow::Result<()> {
    let owner =
        shopper::id_of(&mut *app.db.acquire().await?, OWNER).await?.context("user123 is not there")?;
    let known: i64 = sqlx::query_scalar("select count(*) from orders where user_id = ?")
        .bind(owner)
        .fetch_one(&app.db)
        .await?;
    if known > 0 {
        return Ok(());
    }
    let stages = [Stage::Unpaid, Stage::Paid, Stage::Shipped, Stage::Received, Stage::Aftersale];
    for (sku, stage) in on_the_shelf(app).await?.iter().zip(stages) {
        order(app, owner, sku, stage).await.map_err(|failure| anyhow::anyhow!("demo orders: {failure:?}"))?;
    }
    Ok(())
}

async fn on_the_shelf(app: &App) -> sqlx::Result<Vec<Sku>> {
    sqlx::query_as(
        "select s.id, s.goods_id, g.name as goods_name, g.goods_sn, s.price_minor, \
         cast(s.specifications as char) as specifications, if(s.pic_url = '', g.pic_url, s.pic_url) as pic_url \
         from sku s join goods g on g.id = s.goods_id \
         where g.on_sale = true and g.deleted = false and s.deleted = false and s.stock >= 10 \
         order by s.id desc limit 5",
    )
    .fetch_all(&app.db)
    .await
}

async fn order(app: &App, owner: u64, sku: &Sku, stage: Stage) -> Result<(), Failure> {
    let mut tx = app.db.begin().await?;
    if !resource::take(&mut tx, Resource::Sku { goods: sku.goods_id, sku: sku.id }, 1).await? {
        return Ok(());
    }
    let placed = placed(app, &mut tx, owner, sku).await?;
    if stage >= Stage::Paid {
        paid(&mut tx, &placed).await?;
    }
    if stage >= Stage::Shipped
        && let Some(order) = order_state::lock(&mut tx, placed.id).await?
    {
        order_state::ship(&mut tx, &order, "ZTO", &format!("DEMO{:08}", order.id)).await?;
        if stage >= Stage::Received {
            order_state::confirm(&mut tx, &order, Receipt::Owner).await?;
        }
    }
    tx.commit().await?;
    if stage == Stage::Aftersale {
        let request = Request {
            order_id: placed.id,
            kind: 2,
            amount: Money(placed.actual_minor - FREIGHT_MINOR),
            reason: "not as described".into(),
            pictures: Vec::new(),
            comment: String::new(),
        };
        aftersales::submit(app, owner, &request).await?;
    }
    Ok(())
}

async fn placed(app: &App, db: &mut MySqlConnection, owner: u64, sku: &Sku) -> Result<Placed, Failure> {
    let order = NewOrder {
        user_id: owner,
        kind: 0,
        consignee: OWNER,
        mobile: "13800000000",
        address: "ZhejiangHangzhouXihu 18 Lake Road",
        message: "",
        goods_minor: sku.price_minor,
        freight_minor: FREIGHT_MINOR,
        coupon_minor: 0,
        groupon_minor: 0,
        actual_minor: sku.price_minor + FREIGHT_MINOR,
        pay_within_s: PAY_WITHIN_S,
    };
    let line = NewLine {
        goods_id: sku.goods_id,
        goods_name: &sku.goods_name,
        goods_sn: &sku.goods_sn,
        sku_id: sku.id,
        quantity: 1,
        price_minor: sku.price_minor,
        specifications: &sku.specifications,
        pic_url: &sku.pic_url,
    };
    place(db, app.zone, &order, &[line]).await
}

/// As the local provider's call-back would do it.
async fn paid(db: &mut MySqlConnection, placed: &Placed) -> Result<(), Failure> {
    let Some(order) = order_state::lock(db, placed.id).await? else { return Ok(()) };
    let notice = Notice {
        transaction_id: format!("demo-{}", placed.order_sn),
        order_sn: placed.order_sn.clone(),
        amount_minor: placed.actual_minor,
        paid_at: DateTime::from_timestamp(crate::clock::unix_s().cast_signed(), 0)
            .unwrap_or_default()
            .naive_utc(),
    };
    payment::note(db, order.id, "local", &notice, APPLIED).await?;
    order_state::mark_paid(db, &order, &notice.transaction_id, notice.amount_minor, notice.paid_at).await?;
    Ok(())
}
