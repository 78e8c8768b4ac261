//! Coupons of every kind that is claimed, and offers of group buying for some of the goods.

use crate::state::App;
use crate::store::coupon::{AT_REGISTRATION, BY_CODE, CLAIMABLE};
use crate::store::coupon_write::{self, Terms};
use crate::store::groupon_rule_write::{self, ForGoods};
use anyhow::Context;
use chrono::{Duration, NaiveDateTime};
use sqlx::MySqlConnection;

/// The code of the demo coupon that is redeemed by one.
const CODE: &str = "TEAHOUSE";
/// Goods that get an offer.
const OFFERS: u32 = 6;

/// Makes what is missing; the goods are there already.
pub(super) async fn before_orders(app: &App) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    // Whole seconds, as from a form.
    let now: NaiveDateTime = sqlx::query_scalar("select now()").fetch_one(&mut *tx).await?;
    let goods = some_goods(&mut tx).await?;
    for terms in coupons(now, &goods) {
        coupon(&mut tx, &terms).await?;
    }
    offers(&mut tx, now, &goods).await?;
    Ok(tx.commit().await?)
}

fn coupons(now: NaiveDateTime, goods: &[u64]) -> Vec<Terms> {
    let plain = |kind, name: &str, discount_minor, min_minor| Terms {
        name: name.to_owned(),
        description: "for every goods of the shop".to_owned(),
        tag: "all goods".to_owned(),
        total: 0,
        discount_minor,
        min_minor,
        per_user_limit: 1,
        kind,
        status: 0,
        goods_scope: 0,
        goods_scope_ids: Vec::new(),
        time_kind: 0,
        days: 10,
        starts_at: None,
        ends_at: None,
    };
    vec![
        plain(CLAIMABLE, "Five off fifty", 500, 5_000),
        Terms {
            description: "two for each of the first five hundred".to_owned(),
            tag: "season".to_owned(),
            total: 1_000,
            per_user_limit: 2,
            time_kind: 1,
            starts_at: Some(now - Duration::days(1)),
            ends_at: Some(now + Duration::days(90)),
            ..plain(CLAIMABLE, "Thirty off two hundred", 3_000, 20_000)
        },
        Terms {
            description: "for some goods only".to_owned(),
            tag: "picked".to_owned(),
            goods_scope: 2,
            goods_scope_ids: goods.to_vec(),
            ..plain(CLAIMABLE, "Eight off picked goods", 800, 3_000)
        },
        Terms {
            description: "for a new account".to_owned(),
            tag: "welcome".to_owned(),
            days: 30,
            ..plain(AT_REGISTRATION, "Welcome: ten off ninety-nine", 1_000, 9_900)
        },
        Terms {
            description: "ask at the counter for the code".to_owned(),
            tag: "code".to_owned(),
            total: 200,
            ..plain(BY_CODE, "Six off sixty-six", 600, 6_600)
        },
    ]
}

async fn some_goods(db: &mut MySqlConnection) -> sqlx::Result<Vec<u64>> {
    sqlx::query_scalar("select id from goods where deleted = false and on_sale = true order by id limit ?")
        .bind(OFFERS)
        .fetch_all(db)
        .await
}

async fn coupon(db: &mut MySqlConnection, terms: &Terms) -> anyhow::Result<()> {
    let known: Option<u64> = sqlx::query_scalar("select id from coupon where name = ? and kind = ? limit 1")
        .bind(&terms.name)
        .bind(terms.kind)
        .fetch_optional(&mut *db)
        .await?;
    if known.is_none() {
        let code = coupon_write::has_code(terms.kind).then_some(CODE);
        coupon_write::insert(db, terms, code, 0).await?.context("the demo code is another coupon's")?;
    }
    Ok(())
}

/// An offer of a tenth off for each of the goods that never had one.
async fn offers(db: &mut MySqlConnection, now: NaiveDateTime, goods: &[u64]) -> anyhow::Result<()> {
    for (number, id) in goods.iter().enumerate() {
        let had: bool = sqlx::query_scalar("select exists(select 1 from groupon_rule where goods_id = ?)")
            .bind(id)
            .fetch_one(&mut *db)
            .await?;
        let Some(found) = groupon_rule_write::goods(db, *id).await?.filter(|_| !had) else { continue };
        let terms = terms(*id, &found, now, number);
        let rule = groupon_rule_write::insert(db, &terms, &found).await?;
        groupon_rule_write::ask_expiry(db, rule.context("an offer stands already")?).await?;
    }
    Ok(())
}

fn terms(goods_id: u64, goods: &ForGoods, now: NaiveDateTime, number: usize) -> groupon_rule_write::Terms {
    groupon_rule_write::Terms {
        goods_id,
        discount_minor: goods.lowest_minor.unwrap_or(0) / 10,
        // Groups of two to four people.
        members: 2 + number as u32 % 3,
        expires_at: now + Duration::days(30),
    }
}
