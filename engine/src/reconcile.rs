//! The count: every unit that was put on sale stands in exactly one term, in the ledger and at the desk.
//!
//! Terms of design section 5: `S` put on sale, `M` free in the ledger, `U`/`D` in unpaid and paid
//! orders, `P` in returns not yet booked, `X` in dead letters, plus what was given back to the
//! resource; `R` free at the desk, `Q` out of the desk and not yet in the ledger, `J` booked back and
//! not yet at the desk. `M + U + D + P + X + given back = S` at every commit; `M − R = Q + J`.

mod last;

pub use last::{Counted, LastCount};

use crate::fault::Fault;
use crate::reservation::{Desk, Reply};
use crate::settlement::{Ledger, LedgerBooks, Sale};
use contract::ids::{EntryId, Nonce, SaleId};
use serde::Serialize;

/// The books of a sale, in units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Books {
    /// The sale.
    pub sale: SaleId,
    /// Its state.
    pub state: &'static str,
    /// The ledger's terms.
    #[serde(flatten)]
    pub ledger: LedgerBooks,
    /// R, when the sale has a desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desk_free: Option<i64>,
    /// Q: in outbox entries whose orders are not in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<i64>,
    /// Units in no term of the ledger, plus units the two sides disagree about, plus what breaks another
    /// invariant; 0 when all is well.
    pub gap: i64,
}

impl Books {
    /// Units the ledger has free beyond what the desk has, or has given out and not brought home; 0 when
    /// the sale has no desk.
    pub fn between(&self) -> i64 {
        let (Some(free), Some(unsettled)) = (self.desk_free, self.unsettled) else { return 0 };
        self.ledger.free - free - unsettled - self.ledger.booked_back
    }
}

/// Counts one sale. The two stores are read one after the other, so a count in motion is repeated until
/// two ledger readings around the desk's agree; in the end the last one is told.
pub async fn books<D: Desk, G: Ledger>(desk: &D, ledger: &G, sale: &Sale) -> Result<Option<Books>, Fault> {
    let mut counted = None;
    for _ in 0..20 {
        let Some(before) = ledger.books(sale.id).await? else { return Ok(None) };
        let at_desk = if sale.desk_ready() { desk_side(desk, ledger, sale).await? } else { None };
        let Some(after) = ledger.books(sale.id).await? else { return Ok(None) };
        let books = count(sale, after, at_desk);
        if books.gap == 0 {
            return Ok(Some(books));
        }
        let still = before == books.ledger;
        let same = counted.as_ref() == Some(&books);
        counted = Some(books);
        if still && same {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    Ok(counted)
}

fn count(sale: &Sale, ledger: LedgerBooks, at_desk: Option<(i64, i64)>) -> Books {
    let accounted =
        ledger.free + ledger.unpaid + ledger.paid + ledger.returning + ledger.dead + ledger.given_back;
    let in_ledger = ledger.put_on_sale - accounted;
    let in_log = ledger.moved - (ledger.free - ledger.put_on_sale);
    let between = at_desk.map_or(0, |(free, unsettled)| ledger.free - free - unsettled - ledger.booked_back);
    let gap = in_ledger.abs() + in_log.abs() + between.abs() + ledger.buyers_over_limit + ledger.rows_missing;
    Books {
        sale: sale.id,
        state: sale.state.name(),
        desk_free: at_desk.map(|(free, _)| free),
        unsettled: at_desk.map(|(_, unsettled)| unsettled),
        gap,
        ledger,
    }
}

/// Free units at the desk, and units in entries that are not in the ledger.
async fn desk_side<D: Desk, G: Ledger>(
    desk: &D,
    ledger: &G,
    sale: &Sale,
) -> Result<Option<(i64, i64)>, Fault> {
    let Reply::Done(inspected) = desk.inspect(sale.id).await? else { return Ok(None) };
    if inspected.generation != sale.generation {
        return Ok(None);
    }
    let mut unsettled = 0;
    let mut after: Option<EntryId> = None;
    loop {
        let Reply::Done(pending) = desk.pending(sale.at(), after, 500).await? else { return Ok(None) };
        let Some(last) = pending.batches.last() else { break };
        after = Some(last.entry);
        let orders: Vec<_> = pending.batches.iter().flat_map(|batch| &batch.orders).collect();
        let nonces: Vec<Nonce> = orders.iter().map(|order| order.nonce).collect();
        for (order, known) in orders.iter().zip(ledger.known(sale.id, &nonces).await?) {
            unsettled += if known { 0 } else { i64::from(order.quantity) };
        }
    }
    Ok(Some((inspected.free as i64, unsettled)))
}

/// The books as a page of text.
pub fn text(books: &[Books]) -> String {
    use std::fmt::Write as _;
    let mut page = String::new();
    for book in books {
        let ledger = &book.ledger;
        let _ = writeln!(page, "sale {} ({}): {} put on sale", book.sale, book.state, ledger.put_on_sale);
        let _ = writeln!(
            page,
            "  ledger: {} free + {} unpaid + {} paid + {} returning + {} dead + {} given back",
            ledger.free, ledger.unpaid, ledger.paid, ledger.returning, ledger.dead, ledger.given_back
        );
        match (book.desk_free, book.unsettled) {
            (Some(free), Some(unsettled)) => {
                let _ = writeln!(
                    page,
                    "  desk: {free} free, {unsettled} not yet settled, {} on the way back",
                    ledger.booked_back
                );
            }
            _ => page.push_str("  desk: none\n"),
        }
        let _ = writeln!(page, "  gap: {}", book.gap);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reservation::Terms;
    use contract::ids::Generation;
    use contract::ledger::{SaleKind, SaleState};

    fn sale() -> Sale {
        Sale {
            id: SaleId(7),
            name: String::new(),
            kind: SaleKind::Goods,
            goods_id: 1,
            sku_id: 1,
            coupon_id: 0,
            ticket_type_id: 0,
            pic_url: String::new(),
            state: SaleState::Open,
            terms: Terms {
                version: 1,
                starts_at_ms: 0,
                ends_at_ms: 1,
                price_minor: 1,
                per_order_max: 1,
                per_user_max: 1,
                cooldown_s: 0,
                token_ttl_s: 1,
                token_multiplier: 1,
                unsettled_max: 1,
            },
            pay_within_s: 1,
            min_user_level: 0,
            put_on_sale: 100,
            free: 90,
            generation: Generation(1),
            settled_generation: Generation(1),
            desk_generation: Generation(1),
            desk: Default::default(),
        }
    }

    #[test]
    fn every_kind_of_missing_unit_opens_a_gap() {
        let even = LedgerBooks {
            put_on_sale: 100,
            free: 90,
            unpaid: 6,
            paid: 4,
            moved: -10,
            ..LedgerBooks::default()
        };
        assert_eq!(count(&sale(), even.clone(), Some((88, 2))).gap, 0);
        assert_eq!(count(&sale(), even.clone(), Some((87, 2))).gap, 1);
        assert_eq!(count(&sale(), LedgerBooks { paid: 5, ..even.clone() }, None).gap, 1);
        assert_eq!(count(&sale(), LedgerBooks { moved: -9, ..even.clone() }, None).gap, 1);
        assert_eq!(count(&sale(), LedgerBooks { buyers_over_limit: 1, ..even.clone() }, None).gap, 1);
        assert_eq!(count(&sale(), LedgerBooks { booked_back: 2, ..even }, Some((86, 2))).gap, 0);
    }
}
