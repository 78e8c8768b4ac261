//! What becomes of coupons: claimed, given at registration, chosen for an order. Using one for an order
//! is `store::coupon_user::use_for_order`, in the order's transaction.
//!
//! A claim locks its coupon's row, so that claims of one coupon come one after another and its limits
//! hold exactly; claims of different coupons do not meet.

// What staff do.
pub mod desk;
// Time passes.
pub mod expiry;

use crate::error::{
    COUPON_CODE_WRONG, COUPON_NOT_THIS_WAY, COUPON_SOLD_OUT, COUPON_USER_LIMIT, COUPON_WITHDRAWN, Failure,
    Refusal,
};
use crate::pricing::{Line, full_total};
use crate::state::App;
use crate::store::coupon::{self, BY_CODE, CLAIMABLE, CouponRow};
use crate::store::coupon_user::{self, Claim};
use crate::store::{coupon_write, retrying};
use sqlx::MySqlConnection;

/// A shopper claims a coupon of the list.
pub async fn receive(app: &App, user: u64, id: u64) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let found = coupon::lock(&mut tx, id).await?;
        let coupon = found.ok_or_else(|| Refusal::wrong("couponId"))?;
        has_left(&mut tx, &coupon, user).await?;
        if coupon.kind != CLAIMABLE {
            return Err(COUPON_NOT_THIS_WAY.into());
        }
        if coupon.status == 2 {
            return Err(COUPON_WITHDRAWN.into());
        }
        claim(&mut tx, &coupon, user).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// A shopper redeems a code.
pub async fn exchange(app: &App, user: u64, code: &str) -> Result<(), Failure> {
    retrying(|| async {
        let mut tx = app.db.begin().await?;
        let id = coupon::of_code(&mut tx, code).await?.ok_or(COUPON_CODE_WRONG)?;
        let coupon = coupon::lock(&mut tx, id).await?;
        let coupon = coupon.filter(|coupon| coupon.kind == BY_CODE && coupon.status == 0);
        let coupon = coupon.ok_or(COUPON_CODE_WRONG)?;
        has_left(&mut tx, &coupon, user).await?;
        claim(&mut tx, &coupon, user).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Whether a locked coupon has a claim left for a shopper.
async fn has_left(db: &mut MySqlConnection, coupon: &CouponRow, user: u64) -> Result<(), Failure> {
    if coupon.total != 0 && coupon.claimed >= coupon.total {
        return Err(COUPON_SOLD_OUT.into());
    }
    let limit = i64::from(coupon.per_user_limit);
    if limit != 0 && coupon_user::held(db, coupon.id, user).await? >= limit {
        return Err(COUPON_USER_LIMIT.into());
    }
    Ok(())
}

async fn claim(db: &mut MySqlConnection, coupon: &CouponRow, user: u64) -> Result<(), Failure> {
    if coupon.status != 0 || coupon.is_over {
        return Err(COUPON_NOT_THIS_WAY.into());
    }
    if !coupon_write::take_claims(db, coupon.id, 1).await? {
        return Err(COUPON_SOLD_OUT.into());
    }
    Ok(coupon_user::grant(db, coupon, user, 1).await?)
}

/// Gives a new account what is given at registration, in the transaction that makes the account: of each
/// such coupon that the account does not hold as many as one may have, or as there are left.
pub async fn grant_registration_coupons(db: &mut MySqlConnection, user: u64) -> Result<(), Failure> {
    for id in coupon::at_registration(db).await? {
        let Some(coupon) = coupon::lock(db, id).await? else { continue };
        if coupon.status != 0 || coupon_user::held(db, id, user).await? > 0 {
            continue;
        }
        let limit = i32::from(coupon.per_user_limit);
        let left = if coupon.total == 0 { limit } else { limit.min(coupon.total - coupon.claimed) };
        let count = u32::try_from(left).unwrap_or(0);
        if count > 0 && coupon_write::take_claims(db, id, count).await? {
            coupon_user::grant(db, &coupon, user, count).await?;
        }
    }
    Ok(())
}

/// What a caller asks for when an order is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// No coupon.
    None,
    /// The one that takes most off.
    Best,
    /// This one. A claim that is not an unused one of this coupon stands for the newest that is.
    This {
        /// The coupon.
        coupon: u64,
        /// The claim.
        claim: u64,
    },
}

/// A shopper's unused claims, each with whether it is good for this selection (A7).
pub fn judged(claims: Vec<Claim>, lines: &[Line], goods_minor: i64) -> Result<Vec<(Claim, bool)>, Refusal> {
    let judge = |claim: Claim| {
        let good = is_good(&claim, lines, goods_minor)?;
        Ok((claim, good))
    };
    claims.into_iter().map(judge).collect()
}

/// Whether a claim is good for a selection. The scope looks at full prices, the minimum at the goods
/// total after a group's discount.
fn is_good(claim: &Claim, lines: &[Line], goods_minor: i64) -> Result<bool, Refusal> {
    if !claim.is_in_force || goods_minor < claim.min_minor {
        return Ok(false);
    }
    if claim.goods_scope == 0 {
        return Ok(true);
    }
    let ids: Vec<u64> = serde_json::from_str(&claim.goods_scope_ids).unwrap_or_default();
    let in_scope =
        |line: &&Line| ids.contains(if claim.goods_scope == 1 { &line.category_id } else { &line.goods_id });
    let mut found = lines.iter().filter(in_scope).peekable();
    Ok(found.peek().is_some() && full_total(found)? >= claim.min_minor)
}

/// The claim a choice means among judged ones, which are the newest first.
pub fn chosen(claims: &[(Claim, bool)], choice: Choice) -> Option<&Claim> {
    let good = claims.iter().filter(|(_, good)| *good).map(|(claim, _)| claim);
    match choice {
        Choice::None => None,
        // The first of the largest: `max_by_key` would give the last.
        Choice::Best => {
            good.reduce(|best, claim| if claim.discount_minor > best.discount_minor { claim } else { best })
        }
        Choice::This { coupon, claim: wanted } => {
            let of_coupon = || claims.iter().filter(move |(claim, _)| claim.coupon_id == coupon);
            let found = of_coupon().find(|(claim, _)| claim.id == wanted).or_else(|| of_coupon().next());
            found.filter(|(_, good)| *good).map(|(claim, _)| claim)
        }
    }
}

/// The claim an order is to use, inside its transaction; 402 when the one that is asked for is not good.
/// It is taken with `store::coupon_user::use_for_order` once the order has an id.
pub async fn for_order(
    db: &mut MySqlConnection,
    user: u64,
    choice: Choice,
    lines: &[Line],
    goods_minor: i64,
) -> Result<Option<Claim>, Failure> {
    if choice == Choice::None {
        return Ok(None);
    }
    let claims = judged(coupon_user::unused(db, user).await?, lines, goods_minor)?;
    match (chosen(&claims, choice), choice) {
        (None, Choice::This { .. }) => {
            Err(Refusal::wrong_because("couponId", "is not good for this order").into())
        }
        (found, _) => Ok(found.cloned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(id: u64, coupon_id: u64, min_minor: i64, discount_minor: i64) -> Claim {
        Claim {
            id,
            coupon_id,
            min_minor,
            discount_minor,
            name: String::new(),
            description: String::new(),
            tag: String::new(),
            goods_scope: 0,
            goods_scope_ids: "[]".into(),
            starts_at: None,
            ends_at: None,
            is_in_force: true,
        }
    }

    const LINES: [Line; 2] = [
        Line { goods_id: 1, category_id: 10, price_minor: 5_000, quantity: 2 },
        Line { goods_id: 2, category_id: 20, price_minor: 1_000, quantity: 3 },
    ];

    fn good(claim: &Claim, goods_minor: i64) -> bool {
        is_good(claim, &LINES, goods_minor).unwrap()
    }

    #[test]
    fn the_minimum_is_met_by_the_total_and_by_what_is_in_scope() {
        assert!(good(&claim(1, 1, 13_000, 100), 13_000));
        assert!(!good(&claim(1, 1, 13_001, 100), 13_000));
        let scoped = |goods_scope, ids: &str, min_minor| Claim {
            goods_scope,
            goods_scope_ids: ids.into(),
            ..claim(1, 1, min_minor, 100)
        };
        assert!(good(&scoped(1, "[20, 30]", 3_000), 13_000));
        assert!(!good(&scoped(1, "[20, 30]", 3_001), 13_000));
        assert!(good(&scoped(2, "[1]", 10_000), 13_000));
        assert!(!good(&scoped(2, "[1]", 10_000), 9_999), "the group's discount counts in the total");
        assert!(!good(&scoped(2, "[3]", 0), 13_000), "nothing in scope");
        assert!(!good(&scoped(2, "[]", 0), 13_000));
        assert!(!good(&Claim { is_in_force: false, ..claim(1, 1, 0, 1) }, 13_000));
    }

    #[test]
    fn the_best_is_the_largest_and_among_equals_the_newest() {
        let claims = judged(
            vec![claim(9, 1, 0, 300), claim(8, 2, 0, 500), claim(7, 3, 0, 500), claim(6, 4, 99_999, 900)],
            &LINES,
            13_000,
        )
        .unwrap();
        let id = |choice| chosen(&claims, choice).map(|claim| claim.id);
        assert_eq!(id(Choice::Best), Some(8));
        assert_eq!(id(Choice::None), None);
        assert_eq!(id(Choice::This { coupon: 3, claim: 7 }), Some(7));
        assert_eq!(id(Choice::This { coupon: 3, claim: 0 }), Some(7), "the newest of that coupon");
        assert_eq!(id(Choice::This { coupon: 3, claim: 8 }), Some(7), "a claim of another coupon is unknown");
        assert_eq!(id(Choice::This { coupon: 4, claim: 6 }), None, "not good");
        assert_eq!(id(Choice::This { coupon: 5, claim: 9 }), None);
    }
}
