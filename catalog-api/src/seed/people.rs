//! Accounts whose password is their name. The buyers have an openid, so that a payment can be prepared
//! for them; `user123` has none, as an account that was never used inside WeChat.

use crate::state::App;
use crate::store::address::{self, NewAddress};
use crate::store::admin;
use crate::store::shopper::{self, NewShopper};
use anyhow::Context;

const SUPER_ROLE: &str = "super administrator";
const BUYERS: usize = 20;

/// `admin123`, who may do everything.
pub(super) async fn staff(app: &App) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await.context("database (was it migrated?)")?;
    let role = match admin::role_id_of(&mut tx, SUPER_ROLE).await? {
        Some(role) => role,
        None => {
            let role = admin::insert_role(&mut tx, SUPER_ROLE, "may do everything").await?;
            admin::grant(&mut tx, role, "*").await?;
            role
        }
    };
    if admin::id_of(&mut tx, "admin123").await?.is_none() {
        let hash = app.passwords.hash("admin123".into()).await?;
        admin::insert(&mut tx, "admin123", &hash, &format!("[{role}]")).await?;
    }
    Ok(tx.commit().await?)
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
