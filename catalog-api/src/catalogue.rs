//! What staff do with the rows of the catalogue. Transactions begin and end here and in the files below;
//! after each the caches are told. The row of the operation log is written in the same transaction.

// The rows that are written whole: which they are, and what may be written into them.
pub mod input;
mod kinds;
// Goods, with what belongs to them.
pub mod goods;
// What was changed, for the operation log.
pub mod changes;

use crate::audit;
use crate::cache::Subject;
use crate::error::{Failure, Refusal, UPDATE_FAILED};
use crate::state::App;
use crate::store::retrying;
use serde::Serialize;
use serde_json::json;
use sqlx::MySqlConnection;

/// A kind of row that staff write whole.
pub trait Kind: Clone + Serialize + Send + Sync {
    /// What is made from it.
    const SUBJECT: Subject;
    /// Reads and locks a row.
    fn lock(db: &mut MySqlConnection, id: u64) -> impl Future<Output = sqlx::Result<Option<Self>>> + Send;
    /// Looks at a row against others before it is written; `id` is 0 for a new one.
    fn check(&self, _db: &mut MySqlConnection, _id: u64) -> impl Future<Output = Result<(), Failure>> + Send {
        async { Ok(()) }
    }
    /// Adds it.
    fn insert(&self, db: &mut MySqlConnection) -> impl Future<Output = sqlx::Result<u64>> + Send;
    /// Writes it.
    fn update(&self, db: &mut MySqlConnection, id: u64) -> impl Future<Output = sqlx::Result<()>> + Send;
    /// Takes it away.
    fn delete(db: &mut MySqlConnection, id: u64) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// Adds a row; its id.
pub async fn create<K: Kind>(app: &App, new: &K) -> Result<u64, Failure> {
    let id = retrying(|| async {
        let mut tx = app.db.begin().await?;
        new.check(&mut tx, 0).await?;
        let id = new.insert(&mut tx).await?;
        audit::record(&mut tx, &json!({ "id": id, "after": changes::shortened(new) })).await?;
        tx.commit().await?;
        Ok(id)
    })
    .await?;
    app.cache.changed(&app.redis, &[K::SUBJECT]).await;
    Ok(id)
}

/// Changes a row as `edit` says; 505 when there is none.
pub async fn update<K: Kind>(
    app: &App,
    id: u64,
    edit: impl Fn(K) -> Result<K, Refusal> + Sync,
) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let old = K::lock(&mut tx, id).await?.ok_or(UPDATE_FAILED)?;
        let new = edit(old.clone())?;
        new.check(&mut tx, id).await?;
        new.update(&mut tx, id).await?;
        audit::record(&mut tx, &changes::between(id, &old, &new)).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    app.cache.changed(&app.redis, &[K::SUBJECT]).await;
    Ok(())
}

/// Takes rows away; those that are not there are no mistake.
pub async fn delete<K: Kind>(app: &App, ids: &[u64]) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let mut gone = Vec::new();
        for id in ids {
            if let Some(old) = K::lock(&mut tx, *id).await? {
                K::delete(&mut tx, *id).await?;
                gone.push(json!({ "id": id, "before": changes::shortened(&old) }));
            }
        }
        audit::record(&mut tx, &json!({ "deleted": gone })).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    app.cache.changed(&app.redis, &[K::SUBJECT]).await;
    Ok(())
}
