//! Group buying: an order opens a group or joins one, its payment brings the group nearer to its number,
//! and what ends an order ends its place. All of it happens inside the order's transaction.
//!
//! Whoever counts members has locked the opener's row, so that two payments at the same time cannot both
//! believe that one is missing.

// What staff do.
pub mod desk;
// The end of an offer.
pub mod expiry;

use crate::error::{Failure, GROUP_FULL, GROUP_JOINED, GROUP_RULE_EXPIRED, GROUP_RULE_WITHDRAWN, Refusal};
use crate::pricing::{GroupOff, Line};
use crate::store::due_task;
use crate::store::groupon::{self, FAILED, GroupRow, RUNNING, SUCCEEDED, UNPAID};
use crate::store::groupon_rule::{self, EXPIRED, RuleRow, WITHDRAWN};
use sqlx::MySqlConnection;

/// A place an order is about to take.
#[derive(Clone, Debug)]
pub struct Place {
    rule: RuleRow,
    /// The opener's row, locked; nothing when the order opens a group.
    group: Option<GroupRow>,
}

impl Place {
    /// What it takes off each unit.
    pub fn off(&self) -> GroupOff {
        self.rule.off()
    }

    /// 402 unless the goods of the offer are among the lines.
    pub fn fits(&self, lines: &[Line]) -> Result<(), Refusal> {
        if lines.iter().any(|line| line.goods_id == self.rule.goods_id) {
            return Ok(());
        }
        Err(Refusal::wrong_because("grouponRulesId", "the goods of the group are not in the order"))
    }
}

/// Whether a shopper may open a group (`link` 0) or join one, in the order of checks of the contract;
/// locks the group that is joined.
pub async fn admit(db: &mut MySqlConnection, user: u64, rule: u64, link: u64) -> Result<Place, Failure> {
    let found = groupon_rule::find(&mut *db, rule).await?;
    let rule = found.ok_or(Refusal::new(401, "grouponRulesId is unknown"))?;
    match rule.status {
        WITHDRAWN => return Err(GROUP_RULE_WITHDRAWN.into()),
        EXPIRED => return Err(GROUP_RULE_EXPIRED.into()),
        _ if rule.is_over => return Err(GROUP_RULE_EXPIRED.into()),
        _ => {}
    }
    if link == 0 {
        return Ok(Place { rule, group: None });
    }
    let group = opener(db, link).await?.filter(|group| group.rule_id == rule.id);
    let group = group.ok_or_else(|| Refusal::wrong("grouponLinkId"))?;
    let paid = groupon::paid_participants(db, group.id).await?;
    if paid >= rule.members - 1 || group.status == SUCCEEDED {
        return Err(GROUP_FULL.into());
    }
    if group.creator_user_id == user || groupon::holds_a_place(db, group.id, user).await? {
        return Err(GROUP_JOINED.into());
    }
    if group.status != RUNNING {
        return Err(Refusal::wrong_because("grouponLinkId", "the group is not running").into());
    }
    Ok(Place { rule, group: Some(group) })
}

/// The opener's row of any record of a group, locked.
async fn opener(db: &mut MySqlConnection, link: u64) -> Result<Option<GroupRow>, Failure> {
    match groupon::lock(db, link).await? {
        Some(row) if row.groupon_id != 0 => Ok(groupon::lock(db, row.groupon_id).await?),
        found => Ok(found),
    }
}

/// Takes the place for an order; the answer is the opener's record, new or joined.
pub async fn take(db: &mut MySqlConnection, place: &Place, user: u64, order: u64) -> Result<u64, Failure> {
    let inserted = groupon::insert(db, &place.rule, place.group.as_ref(), user, order).await?;
    let id = inserted.ok_or(GROUP_JOINED)?;
    Ok(place.group.as_ref().map_or(id, |group| group.id))
}

/// What a payment did to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// The order is in no group.
    NoGroup,
    /// Others are waited for.
    Running,
    /// Enough people have paid now.
    Succeeded,
    /// The group had failed before the payment came; the order's money has to go back.
    Failed,
}

/// An order was paid; called by who has locked it and moves it to paid.
pub async fn order_paid(db: &mut MySqlConnection, order: u64) -> Result<Paid, Failure> {
    let Some(record) = groupon::of_order(db, order).await? else { return Ok(Paid::NoGroup) };
    // Found without a lock, so that groups are always locked from the opener on.
    let opener = groupon::lock(db, record.group()).await?;
    let rule = groupon_rule::lock(db, record.rule_id).await?;
    let (Some(opener), Some(rule)) = (opener, rule) else { return Ok(Paid::Failed) };
    if !groupon::advance(db, record.id, UNPAID, RUNNING).await? {
        return Ok(Paid::Failed);
    }
    let joined = record.groupon_id != 0;
    if !joined {
        due_task::ask(db, due_task::GROUP_POSTER, record.id).await?;
    }
    if joined && opener.status == FAILED || rule.status == EXPIRED {
        groupon::advance(db, record.id, RUNNING, FAILED).await?;
        return Ok(Paid::Failed);
    }
    if joined && groupon::paid_participants(db, opener.id).await? >= rule.members - 1 {
        groupon::succeed(db, opener.id).await?;
        return Ok(Paid::Succeeded);
    }
    Ok(Paid::Running)
}

/// An order was cancelled, lapsed or refunded; called by who has locked it. The others go on.
pub async fn order_ended(db: &mut MySqlConnection, order: u64) -> Result<(), Failure> {
    Ok(groupon::fail_of_order(db, order).await?)
}
