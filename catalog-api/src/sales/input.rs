//! Terms of a sale as they came in, and which of them can be accepted.

use crate::envelope::Money;
use crate::envelope::money::MAX_MINOR;
use crate::error::Refusal;
use crate::store::sale::SaleRow;
use crate::store::sale_write::Terms;
use chrono::NaiveDateTime;

/// A sale to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Draft {
    pub name: String,
    pub price: Money,
    pub stock: i64,
    pub starts_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
    /// The members that have defaults.
    pub rest: Edit,
}

/// Members that may be left out.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Edit {
    pub name: Option<String>,
    pub pic_url: Option<String>,
    pub price: Option<Money>,
    pub starts_at: Option<NaiveDateTime>,
    pub ends_at: Option<NaiveDateTime>,
    pub stock_delta: Option<i64>,
    pub per_order_max: Option<i64>,
    pub per_user_max: Option<i64>,
    pub cooldown_s: Option<i64>,
    pub token_multiplier: Option<i64>,
    pub min_user_level: Option<i64>,
    pub pay_within_minutes: Option<i64>,
    pub pay_within_s: Option<i64>,
}

/// Units a sale may hold; stock columns are 32 bit.
pub const UNITS_MAX: i64 = i32::MAX as i64;
/// The same bound as the ledger's check.
const LIMIT_MAX: i64 = 65_535;
const COOLDOWN_MAX_S: i64 = 30 * 86_400;
const MULTIPLIER_MAX: i64 = 1_000;
const PAY_WITHIN_MAX_S: i64 = 30 * 86_400;
const DEFAULT_PAY_WITHIN_S: u32 = 900;
const DEFAULT_MULTIPLIER: u32 = 5;

impl Draft {
    /// The terms with the defaults filled in, or the first member that cannot be accepted.
    pub fn terms(&self) -> Result<Terms, Refusal> {
        if !(1..=UNITS_MAX).contains(&self.stock) {
            return Err(Refusal::wrong("stock"));
        }
        let rest = &self.rest;
        let per_order_max = limit("limitPerOrder", rest.per_order_max)?.unwrap_or(1);
        let terms = Terms {
            name: self.name.clone(),
            pic_url: String::new(),
            price_minor: self.price.0,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            pay_within_s: DEFAULT_PAY_WITHIN_S,
            per_order_max,
            // One order may always be as large as the limit of an order.
            per_user_max: per_order_max,
            cooldown_s: 0,
            token_multiplier: DEFAULT_MULTIPLIER,
            min_user_level: 0,
        };
        rest.applied_to(&terms)
    }
}

impl Edit {
    /// The terms with these members changed, or the first member that cannot be accepted.
    pub fn applied_to(&self, old: &Terms) -> Result<Terms, Refusal> {
        let minutes = self.pay_within_minutes.map(|minutes| minutes.saturating_mul(60));
        // A row that is posted back has both members; minutes are the rounded ones.
        let seconds = match (self.pay_within_s, minutes) {
            (Some(seconds), Some(minutes)) if seconds == i64::from(old.pay_within_s) => {
                let rounded = i64::from(old.pay_within_s.div_ceil(60)) * 60;
                Some(if minutes == rounded { seconds } else { minutes })
            }
            (Some(seconds), _) => Some(seconds),
            (None, minutes) => minutes,
        };
        let pay_member = if self.pay_within_s.is_some() { "payWithinSeconds" } else { "payWithinMinutes" };
        let new = Terms {
            name: self.name.clone().unwrap_or_else(|| old.name.clone()),
            pic_url: self.pic_url.clone().unwrap_or_else(|| old.pic_url.clone()),
            price_minor: self.price.map_or(old.price_minor, |price| price.0),
            starts_at: self.starts_at.unwrap_or(old.starts_at),
            ends_at: self.ends_at.unwrap_or(old.ends_at),
            pay_within_s: within(pay_member, seconds, 1, PAY_WITHIN_MAX_S)?.unwrap_or(old.pay_within_s),
            per_order_max: limit("limitPerOrder", self.per_order_max)?.unwrap_or(old.per_order_max),
            per_user_max: limit("limitPerUser", self.per_user_max)?.unwrap_or(old.per_user_max),
            cooldown_s: within("cooldownSeconds", self.cooldown_s, 0, COOLDOWN_MAX_S)?
                .unwrap_or(old.cooldown_s),
            token_multiplier: within("tokenMultiplier", self.token_multiplier, 1, MULTIPLIER_MAX)?
                .unwrap_or(old.token_multiplier),
            min_user_level: within("minUserLevel", self.min_user_level, 0, 2)?
                .map_or(old.min_user_level, |level| level as u8),
        };
        accept(&new)?;
        Ok(new)
    }
}

fn within(member: &str, value: Option<i64>, min: i64, max: i64) -> Result<Option<u32>, Refusal> {
    match value {
        Some(value) if !(min..=max).contains(&value) => Err(Refusal::wrong(member)),
        other => Ok(other.map(|value| value as u32)),
    }
}

fn limit(member: &str, value: Option<i64>) -> Result<Option<u32>, Refusal> {
    within(member, value, 1, LIMIT_MAX)
}

fn accept(terms: &Terms) -> Result<(), Refusal> {
    // The sizes of the columns, in characters.
    if terms.name.trim().is_empty() || terms.name.chars().count() > 127 {
        return Err(Refusal::wrong("name"));
    }
    if terms.pic_url.chars().count() > 255 {
        return Err(Refusal::wrong("picUrl"));
    }
    // A sale's amount, price times the units of one order, stays writable as well.
    if terms.price_minor < 0 || terms.price_minor > MAX_MINOR / LIMIT_MAX {
        return Err(Refusal::wrong("price"));
    }
    if terms.ends_at <= terms.starts_at {
        return Err(Refusal::wrong_because("endTime", "must be after startTime"));
    }
    if terms.per_order_max > terms.per_user_max {
        return Err(Refusal::wrong_because("limitPerOrder", "must not be above limitPerUser"));
    }
    Ok(())
}

/// The terms of a row.
pub fn terms_of(row: &SaleRow) -> Terms {
    Terms {
        name: row.name.clone(),
        pic_url: row.pic_url.clone(),
        price_minor: row.price_minor,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        pay_within_s: row.pay_within_s,
        per_order_max: row.per_order_max,
        per_user_max: row.per_user_max,
        cooldown_s: row.cooldown_s,
        token_multiplier: row.token_multiplier,
        min_user_level: row.min_user_level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            name: "tea".into(),
            price: Money(990),
            stock: 10,
            starts_at: "2025-11-11T12:00:00".parse().unwrap(),
            ends_at: "2025-11-11T14:00:00".parse().unwrap(),
            rest: Edit::default(),
        }
    }

    fn refused(change: impl FnOnce(&mut Draft)) -> String {
        let mut draft = draft();
        change(&mut draft);
        let refusal = draft.terms().unwrap_err();
        assert_eq!(refusal.errno, 402);
        refusal.errmsg.into_owned()
    }

    #[test]
    fn what_cannot_be_accepted_is_named() {
        assert!(draft().terms().is_ok());
        assert!(refused(|d| d.ends_at = d.starts_at).starts_with("endTime"));
        assert!(refused(|d| d.price = Money(-1)).starts_with("price"));
        assert!(refused(|d| d.price = Money(MAX_MINOR)).starts_with("price"));
        assert!(refused(|d| d.stock = 0).starts_with("stock"));
        assert!(refused(|d| d.stock = UNITS_MAX + 1).starts_with("stock"));
        assert!(refused(|d| d.rest.per_order_max = Some(0)).starts_with("limitPerOrder"));
        assert!(refused(|d| d.rest.per_user_max = Some(1 << 40)).starts_with("limitPerUser"));
        assert!(refused(|d| d.name = "x".repeat(128)).starts_with("name"));
        assert!(refused(|d| d.rest.min_user_level = Some(3)).starts_with("minUserLevel"));
        assert!(refused(|d| d.rest.token_multiplier = Some(0)).starts_with("tokenMultiplier"));
        assert!(refused(|d| d.rest.pay_within_minutes = Some(i64::MAX)).starts_with("payWithinMinutes"));
        let above = refused(|d| (d.rest.per_order_max, d.rest.per_user_max) = (Some(3), Some(2)));
        assert!(above.starts_with("limitPerOrder"));
    }

    #[test]
    fn a_row_that_is_posted_back_changes_nothing() {
        let mut terms = draft().terms().unwrap();
        terms.pay_within_s = 90;
        let posted = Edit { pay_within_minutes: Some(2), pay_within_s: Some(90), ..Edit::default() };
        assert_eq!(posted.applied_to(&terms).unwrap(), terms);
        let edited = Edit { pay_within_minutes: Some(5), ..posted };
        assert_eq!(edited.applied_to(&terms).unwrap().pay_within_s, 300);
    }
}
