//! Time passes: coupons and claims whose window is over are marked as such, and what other services had a
//! month to read is forgotten. Whether a claim is in force is judged by the clock anyway; the mark is
//! what lists show.

use crate::error::Failure;
use crate::store::due_task::{self, Task};
use crate::store::{cart_write, coupon_write};
use sqlx::MySqlConnection;

/// Rows one statement marks.
const ROWS_AT_ONCE: u32 = 500;
/// How often it is looked for.
const EVERY_S: u32 = 60;

/// One turn of the task that never ends.
pub async fn turn(db: &mut MySqlConnection, task: &Task) -> Result<(), Failure> {
    let more = coupon_write::expire(db, ROWS_AT_ONCE).await?;
    let more_events = cart_write::delete_old_events(db, ROWS_AT_ONCE).await?;
    let rest_s = if more || more_events { 0 } else { EVERY_S };
    Ok(due_task::postpone(db, task.id, rest_s, None).await?)
}
