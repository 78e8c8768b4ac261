//! Reads the records of a step in log order and decides about each order.

use super::{Facts, Letter, Plan, Poison, SaleFacts, SalePlan, SettledRecord};
use crate::handoff::Logged;
use contract::ids::{Generation, SaleId};
use contract::ledger::SaleState;
use contract::record::{Batch, Order, Record, encode_batch};

#[cfg(test)]
mod tests;

/// The plan of a step; without leave to bury, the first thing that cannot settle instead.
pub fn plan(records: &[Logged], facts: Facts, bury: bool) -> Result<Plan<'_>, Poison> {
    let mut planner = Planner { facts, bury, plan: Plan::default() };
    for logged in records {
        match &logged.record {
            Ok(Record::Orders(batch)) => planner.orders(logged.offset, batch)?,
            Ok(Record::Barrier { sale, generation }) => planner.barrier(logged, *sale, *generation)?,
            Ok(Record::Control { sale, .. }) => {
                planner.bury_record(logged, *sale, "a control record in the order log")?;
            }
            Err(why) => planner.bury_record(logged, SaleId(0), &format!("unreadable: {why}"))?,
        }
    }
    Ok(planner.plan)
}

struct Planner<'a> {
    // Kept up to date while reading, so that each record meets what the records before it left.
    facts: Facts,
    bury: bool,
    plan: Plan<'a>,
}

impl<'a> Planner<'a> {
    fn barrier(&mut self, logged: &'a Logged, sale: SaleId, generation: Generation) -> Result<(), Poison> {
        let Some(facts) = self.facts.sales.get_mut(&sale) else {
            return self.bury_record(logged, sale, "unknown sale");
        };
        if generation > facts.settled_generation {
            facts.settled_generation = generation;
            sale_plan(&mut self.plan, sale, facts).settled_generation = generation;
        }
        Ok(())
    }

    fn orders(&mut self, offset: i64, batch: &'a Batch) -> Result<(), Poison> {
        if let Some(facts) = self.facts.sales.get(&batch.sale)
            && batch.entry.generation < facts.settled_generation
        {
            self.plan.tally.void += batch.orders.len() as u64;
            return Ok(());
        }
        let mut settled = Vec::with_capacity(batch.orders.len());
        let mut taken = 0;
        let mut cause = None;
        for order in &batch.orders {
            let units = match decide(&mut self.facts, batch, order) {
                Decision::Known => {
                    self.plan.tally.known += 1;
                    continue;
                }
                Decision::Settle => {
                    settled.push(order);
                    u64::from(order.quantity)
                }
                Decision::Bury { reason, held } => {
                    self.bury_order(offset, batch, order, reason, held)?;
                    u64::from(held)
                }
            };
            if units > 0 {
                cause.get_or_insert(order.nonce);
                taken += units;
            }
        }
        if let (Some(cause), Some(facts)) = (cause, self.facts.sales.get(&batch.sale)) {
            self.plan.tally.orders += settled.len() as u64;
            let sale = sale_plan(&mut self.plan, batch.sale, facts);
            sale.taken += taken;
            sale.records.push(SettledRecord { batch, orders: settled, cause, taken });
        }
        Ok(())
    }

    fn bury_order(
        &mut self,
        offset: i64,
        batch: &Batch,
        order: &'a Order,
        reason: &str,
        held: u32,
    ) -> Result<(), Poison> {
        // The order alone, so that a letter can be read and settled by itself and a record of many
        // orders is not copied as often.
        let alone = Batch { orders: vec![order.clone()], ..*batch };
        let mut bytes = Vec::new();
        encode_batch(&alone, &mut bytes);
        self.push_letter(Letter {
            offset,
            sale: batch.sale,
            order: Some(order),
            units: held,
            reason: reason.to_owned(),
            bytes,
        })
    }

    fn bury_record(&mut self, logged: &Logged, sale: SaleId, reason: &str) -> Result<(), Poison> {
        if self.facts.buried.contains(&logged.offset) {
            self.plan.tally.known += 1;
            return Ok(());
        }
        let bytes = logged.bytes.clone();
        let reason = reason.to_owned();
        self.push_letter(Letter { offset: logged.offset, sale, order: None, units: 0, reason, bytes })
    }

    fn push_letter(&mut self, letter: Letter<'a>) -> Result<(), Poison> {
        if !self.bury {
            return Err(Poison { offset: letter.offset, sale: letter.sale, reason: letter.reason });
        }
        self.plan.tally.dead += 1;
        self.plan.letters.push(letter);
        Ok(())
    }
}

enum Decision {
    Known,
    Settle,
    Bury { reason: &'static str, held: u32 },
}

/// Decides about one order and takes its units out of the facts.
fn decide(facts: &mut Facts, batch: &Batch, order: &Order) -> Decision {
    match facts.tokens.get(&(batch.sale, order.nonce)) {
        Some(Some(user)) if *user != order.user => {
            // Its units cannot be held: the cause of such a movement is the token, and it is taken.
            return bury_without_units(facts, batch, order, "token of another buyer");
        }
        Some(_) => return Decision::Known,
        None => {}
    }
    let Some(sale) = facts.sales.get_mut(&batch.sale) else {
        return bury_without_units(facts, batch, order, "unknown sale");
    };
    if sale.state == SaleState::Draft {
        return bury_without_units(facts, batch, order, "sale is not armed");
    }
    let units = u64::from(order.quantity);
    if sale.free < units {
        return bury_without_units(facts, batch, order, "no units left");
    }
    sale.free -= units;
    let refused = if batch.price_minor.checked_mul(i64::from(order.quantity)).is_none() {
        Some("price out of range")
    } else if sale.active.get(&order.user).copied().unwrap_or(0) + units > u64::from(sale.per_user_max) {
        Some("over the buyer's limit")
    } else {
        None
    };
    match refused {
        Some(reason) => {
            facts.tokens.insert((batch.sale, order.nonce), None);
            Decision::Bury { reason, held: u32::from(order.quantity) }
        }
        None => {
            *sale.active.entry(order.user).or_default() += units;
            facts.tokens.insert((batch.sale, order.nonce), Some(order.user));
            Decision::Settle
        }
    }
}

/// Buries an order without holding units. From now on its token counts as being in a dead letter.
fn bury_without_units(facts: &mut Facts, batch: &Batch, order: &Order, reason: &'static str) -> Decision {
    facts.tokens.insert((batch.sale, order.nonce), None);
    Decision::Bury { reason, held: 0 }
}

fn sale_plan<'p, 'a>(plan: &'p mut Plan<'a>, sale: SaleId, facts: &SaleFacts) -> &'p mut SalePlan<'a> {
    plan.sales.entry(sale).or_insert_with(|| SalePlan {
        kind: facts.kind,
        settled_generation: facts.settled_generation,
        taken: 0,
        records: Vec::new(),
    })
}
