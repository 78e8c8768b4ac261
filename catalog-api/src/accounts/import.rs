//! Accounts that were imported from an earlier system with MD5 hashes: the hashes are wrapped in argon2id
//! as soon as the tables are migrated, so that none of them lies there bare.

use crate::password::earlier::sealed;
use crate::state::App;
use crate::store::bare_hash::{self, Table};

/// Rows wrapped in one go; each costs as much as a log-in.
const BATCH: u32 = 100;

/// Wraps all there are.
pub async fn seal(app: &App) -> anyhow::Result<()> {
    for table in [Table::Shopper, Table::Admin] {
        let mut after = 0;
        loop {
            let rows = bare_hash::after(&app.db, table, after, BATCH).await?;
            let Some((last, _)) = rows.last() else { break };
            after = *last;
            for (id, old) in rows {
                // What only looks like one stays as it is, and nobody logs in with it.
                let wrapped = tokio::task::spawn_blocking({
                    let old = old.clone();
                    move || sealed(&old)
                });
                if let Some(new) = wrapped.await? {
                    bare_hash::replace(&app.db, table, id, &old, &new).await?;
                }
            }
        }
    }
    Ok(())
}
