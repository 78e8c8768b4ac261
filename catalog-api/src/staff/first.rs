//! The first account of an installation outside the dev profile: its password is made here, shown once,
//! and has to be changed before anything else.

use super::accounts::is_name;
use crate::config::Config;
use crate::random::hex_128;
use crate::state::App;
use crate::store::{admin, admin_desk};

/// The role that may do everything.
pub const SUPER_ROLE: &str = "super administrator";

/// Makes it and prints the password.
pub async fn run(config: Config, username: &str) -> anyhow::Result<()> {
    anyhow::ensure!(
        is_name(username),
        "a name has 6 to 20 letters, digits, underscores or Chinese characters"
    );
    let password = make(&*App::new(config)?, username).await?;
    println!("{username} may do everything after changing this password: {password}");
    Ok(())
}

/// Makes it; the password. Refused where any account ever was.
pub async fn make(app: &App, username: &str) -> anyhow::Result<String> {
    let password = hex_128();
    let hash = app.passwords.hash(password.clone()).await?;
    let mut tx = app.db.begin().await?;
    anyhow::ensure!(admin_desk::ever(&mut tx).await? == 0, "there are accounts of staff already");
    let role = match admin::role_id_of(&mut tx, SUPER_ROLE).await? {
        Some(role) => role,
        None => {
            let role = admin::insert_role(&mut tx, SUPER_ROLE, "may do everything").await?;
            admin::grant(&mut tx, role, "*").await?;
            role
        }
    };
    let id = admin::insert(&mut tx, username, &hash, &format!("[{role}]")).await?;
    admin_desk::demand_new_password(&mut tx, id).await?;
    tx.commit().await?;
    Ok(password)
}
