//! Accounts whose password is their name. The buyers have an openid, so that a payment can be prepared
//! for them; `user123` has none, as an account that was never used inside WeChat.

use crate::staff::first::SUPER_ROLE;
use crate::state::App;
use crate::store::address::{self, NewAddress};
use crate::store::admin;
use crate::store::shopper::{self, NewShopper};
use anyhow::Context;

const BUYERS: usize = 20;

/// Permissions of the two managers, as the stock installation has them.
const MALL: &[&str] = &[
    "admin:category:list",
    "admin:category:create",
    "admin:category:read",
    "admin:category:update",
    "admin:category:delete",
    "admin:brand:list",
    "admin:brand:create",
    "admin:brand:read",
    "admin:brand:update",
    "admin:brand:delete",
];
const PROMOTION: &[&str] = &[
    "admin:ad:list",
    "admin:ad:create",
    "admin:ad:read",
    "admin:ad:update",
    "admin:ad:delete",
    "admin:groupon:list",
    "admin:groupon:create",
    "admin:groupon:read",
    "admin:groupon:update",
    "admin:groupon:delete",
    "admin:topic:list",
    "admin:topic:create",
    "admin:topic:read",
    "admin:topic:update",
    "admin:topic:delete",
    "admin:coupon:list",
    "admin:coupon:create",
    "admin:coupon:read",
    "admin:coupon:update",
    "admin:coupon:delete",
];

/// `admin123`, who may do everything, and two managers.
pub(super) async fn staff(app: &App) -> anyhow::Result<()> {
    for (name, role, description, permissions) in [
        ("admin123", SUPER_ROLE, "may do everything", ["*"].as_slice()),
        ("mall123", "mall manager", "brands and categories", MALL),
        ("promotion123", "promotion manager", "ads, groups, topics, coupons", PROMOTION),
    ] {
        let mut tx = app.db.begin().await.context("database (was it migrated?)")?;
        let role_id = match admin::role_id_of(&mut tx, role).await? {
            Some(id) => id,
            None => {
                let id = admin::insert_role(&mut tx, role, description).await?;
                for permission in permissions {
                    admin::grant(&mut tx, id, permission).await?;
                }
                id
            }
        };
        if admin::id_of(&mut tx, name).await?.is_none() {
            let hash = app.passwords.hash(name.into()).await?;
            admin::insert(&mut tx, name, &hash, &format!("[{role_id}]")).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// `user123` and the buyers, each with an address.
pub(super) async fn shoppers(app: &App) -> anyhow::Result<()> {
    person(app, "user123", "13800000000", "").await?;
    for number in 1..=BUYERS {
        let name = format!("buyer{number:02}");
        person(app, &name, &format!("139000000{number:02}"), &format!("local-{name}")).await?;
    }
    Ok(())
}

async fn person(app: &App, name: &str, mobile: &str, openid: &str) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    let id = match shopper::id_of(&mut tx, name).await? {
        Some(id) => id,
        None => {
            let password_hash = &app.passwords.hash(name.into()).await?;
            let new = NewShopper { username: name, password_hash, nickname: name, mobile, openid };
            shopper::insert(&mut tx, &new).await?
        }
    };
    if address::count(&mut tx, id).await? == 0 {
        let home = NewAddress { user_id: id, name, detail: "18 Lake Road", tel: mobile };
        address::insert_defaults(&mut tx, &[home]).await?;
    }
    Ok(tx.commit().await?)
}
