//! Accounts and roles of staff. Nobody gives or takes what they do not have themselves: a role with more
//! than the caller's own permissions is neither given to an account nor changed, and an account with more
//! is neither changed nor deleted.

pub mod accounts;
pub mod first;
pub mod roles;

use crate::access::Staff;
use crate::error::{Failure, NO_PERMISSION};
use crate::permission::allows;

/// 506 unless the caller has all of these permissions.
fn has_all(caller: &Staff, wanted: &[String]) -> Result<(), Failure> {
    if wanted.iter().all(|wanted| allows(&caller.permissions, wanted)) {
        Ok(())
    } else {
        Err(NO_PERMISSION.into())
    }
}
