//! What an order costs. The one calculation: check-out shows it, submitting charges it, and the rules of
//! coupons look at its first line.
//!
//! Whole numbers of minor units, no rounding anywhere. Deliberately absent: any look at a store.

use crate::envelope::money::MAX_MINOR;
use crate::error::Refusal;

/// A line of what is to be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Goods.
    pub goods_id: u64,
    /// Their category.
    pub category_id: u64,
    /// Price of a unit.
    pub price_minor: i64,
    /// Units.
    pub quantity: i32,
}

/// What buying in a group takes off each unit of some goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupOff {
    /// The goods.
    pub goods_id: u64,
    /// Off each unit.
    pub discount_minor: i64,
}

/// The freight rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freight {
    /// Freight of an order.
    pub value_minor: i64,
    /// From this goods total on, there is none.
    pub free_from_minor: i64,
}

/// What points take off. The mall gives none, so it is always 0; the ledger has a column for it.
pub const INTEGRAL_MINOR: i64 = 0;

/// The amounts of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// The lines, after what the group takes off.
    pub goods_minor: i64,
    /// Freight.
    pub freight_minor: i64,
    /// What the coupon takes off.
    pub coupon_minor: i64,
    /// Goods and freight less the coupon, never below 0.
    pub order_minor: i64,
    /// What points take off.
    pub integral_minor: i64,
    /// What is to be paid.
    pub actual_minor: i64,
}

/// The lines together, after what the group takes off; 402 for a sum no amount can hold.
pub fn goods_total(lines: &[Line], group: Option<GroupOff>) -> Result<i64, Refusal> {
    let unit = |line: &Line| match group {
        // A price lowered after the offer was made may be below it; goods never cost less than nothing.
        Some(group) if group.goods_id == line.goods_id => (line.price_minor - group.discount_minor).max(0),
        _ => line.price_minor,
    };
    sum(lines.iter().map(|line| (unit(line), line.quantity)))
}

/// Some lines together at their full price.
pub fn full_total<'a>(lines: impl Iterator<Item = &'a Line>) -> Result<i64, Refusal> {
    sum(lines.map(|line| (line.price_minor, line.quantity)))
}

fn sum(mut lines: impl Iterator<Item = (i64, i32)>) -> Result<i64, Refusal> {
    let total = lines.try_fold(0_i64, |total, (unit, quantity)| {
        total.checked_add(unit.checked_mul(i64::from(quantity))?).filter(|total| *total <= MAX_MINOR)
    });
    total.ok_or_else(|| Refusal::wrong_because("number", "the order's amount is too large"))
}

impl Freight {
    /// Of an order; what counts is the goods total after the group and before the coupon.
    pub fn of(self, goods_minor: i64) -> i64 {
        if goods_minor < self.free_from_minor { self.value_minor } else { 0 }
    }
}

/// The amounts, from the goods total and what the coupon takes off (0 without one).
pub fn prices(goods_minor: i64, coupon_minor: i64, freight: Freight) -> Prices {
    let freight_minor = freight.of(goods_minor);
    // Each of the three is within MAX_MINOR, see `sum` and the readers of coupons and settings.
    let order_minor = (goods_minor + freight_minor - coupon_minor).max(0);
    Prices {
        goods_minor,
        freight_minor,
        coupon_minor,
        order_minor,
        integral_minor: INTEGRAL_MINOR,
        actual_minor: order_minor - INTEGRAL_MINOR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREIGHT: Freight = Freight { value_minor: 800, free_from_minor: 8_800 };

    fn line(goods_id: u64, price_minor: i64, quantity: i32) -> Line {
        Line { goods_id, category_id: 1, price_minor, quantity }
    }

    #[test]
    fn the_group_takes_its_discount_off_each_unit_of_its_goods_only() {
        let lines = [line(1, 5_000, 2), line(2, 1_000, 3)];
        let off = |discount_minor| Some(GroupOff { goods_id: 1, discount_minor });
        assert_eq!(goods_total(&lines, None), Ok(13_000));
        assert_eq!(goods_total(&lines, off(500)), Ok(12_000));
        assert_eq!(goods_total(&lines, off(9_000)), Ok(3_000), "never below nothing");
        assert_eq!(full_total(lines.iter().filter(|line| line.goods_id == 2)), Ok(3_000));
        assert_eq!(goods_total(&[], None), Ok(0));
    }

    #[test]
    fn freight_looks_at_goods_after_the_group_and_before_the_coupon() {
        assert_eq!((FREIGHT.of(8_799), FREIGHT.of(8_800)), (800, 0));
        let free = prices(8_800, 2_000, FREIGHT);
        assert_eq!((free.freight_minor, free.order_minor, free.actual_minor), (0, 6_800, 6_800));
        assert_eq!(prices(8_799, 0, FREIGHT).order_minor, 9_599);
        assert_eq!(prices(0, 0, FREIGHT).actual_minor, 800, "an empty selection costs its freight");
    }

    #[test]
    fn a_coupon_larger_than_the_order_leaves_exactly_nothing_to_pay() {
        let paid = prices(1_000, 1_000_000, FREIGHT);
        assert_eq!((paid.order_minor, paid.actual_minor, paid.coupon_minor), (0, 0, 1_000_000));
    }

    #[test]
    fn a_sum_that_no_amount_can_hold_is_refused() {
        for lines in [vec![line(1, i64::MAX, 2)], vec![line(1, MAX_MINOR, 1), line(2, 1, 1)]] {
            assert_eq!(goods_total(&lines, None).unwrap_err().errno, 402);
        }
        assert_eq!(goods_total(&[line(1, MAX_MINOR, 1)], None), Ok(MAX_MINOR));
    }
}
