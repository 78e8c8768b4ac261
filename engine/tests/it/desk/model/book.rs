//! What the scripts promise, written down a second time, without thought of speed or storage.

use super::super::seller::{GENERATION, SALE, entry};
use contract::ids::{EntryId, Generation, Nonce, UserId};
use contract::record::{Batch, BodyHash, Order};
use engine::reservation::{Changed, HeldOrder, ReserveItem, ReserveOutcome, Returned, Terms, TokenOutcome};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Purchase(pub(super) ReserveItem);

impl Purchase {
    fn hash(&self) -> BodyHash {
        BodyHash::of(self.0.quantity, self.0.address, &self.0.message)
    }
}

#[derive(Default)]
struct Buyer {
    token: Option<(Nonce, u32)>,
    orders: Vec<HeldOrder>,
}

impl Buyer {
    fn active(&self) -> u64 {
        self.orders.iter().filter(|order| !order.returned).map(|order| u64::from(order.units)).sum()
    }
}

pub(super) struct Book {
    pub(super) generation: Generation,
    pub(super) sequence: u64,
    pub(super) free: u64,
    pub(super) terms: Terms,
    pub(super) outbox: BTreeMap<EntryId, Batch>,
    pub(super) changes: BTreeSet<u64>,
    /// Changes that this generation refused, and refuses again.
    refused: BTreeSet<u64>,
    /// Units put on sale, the changes counted in.
    on_sale: u64,
    buyers: BTreeMap<UserId, Buyer>,
    /// How often each outcome was met, so that a run that met too few is seen to be worthless.
    pub(super) seen: BTreeMap<&'static str, u64>,
}

impl Book {
    pub(super) fn new(free: u64, terms: Terms) -> Self {
        let names = ["token", "again", "cooling", "limit", "no token", "reserved", "repeated", "mismatch"];
        let more = ["stale", "sold out", "busy", "returned", "returned before", "changed", "changed before"];
        let more = more.into_iter().chain(["refused change"]);
        Self {
            generation: GENERATION,
            sequence: 0,
            free,
            terms,
            outbox: BTreeMap::new(),
            changes: BTreeSet::new(),
            refused: BTreeSet::new(),
            on_sale: free,
            buyers: BTreeMap::new(),
            seen: names.into_iter().chain(more).map(|name| (name, 0)).collect(),
        }
    }

    fn saw(&mut self, name: &'static str) {
        *self.seen.get_mut(name).expect("every name is counted from 0") += 1;
    }

    pub(super) fn live_tokens(&self, now_s: u64) -> u64 {
        self.buyers
            .values()
            .filter(|buyer| buyer.token.is_some_and(|(_, end)| u64::from(end) > now_s))
            .count() as u64
    }

    pub(super) fn unsettled(&self) -> u64 {
        self.outbox.values().map(|batch| batch.orders.len() as u64).sum()
    }

    pub(super) fn token(&mut self, asked: &[(UserId, Nonce)], now_ms: u64) -> Vec<TokenOutcome> {
        let now_s = now_ms / 1000;
        let outcomes: Vec<_> =
            asked.iter().map(|(user, nonce)| self.one_token(*user, *nonce, now_s)).collect();
        if outcomes.iter().any(|outcome| matches!(outcome, TokenOutcome::Token { fresh: true, .. })) {
            self.sequence += 1;
        }
        outcomes
    }

    fn one_token(&mut self, user: UserId, nonce: Nonce, now_s: u64) -> TokenOutcome {
        if self.free == 0 {
            return TokenOutcome::SoldOut;
        }
        let live = self.live_tokens(now_s);
        let buyer = self.buyers.entry(user).or_default();
        if let Some((nonce, expires_s)) = buyer.token.filter(|(_, end)| u64::from(*end) > now_s) {
            self.saw("again");
            return TokenOutcome::Token { nonce, expires_s, fresh: false };
        }
        let last = buyer.orders.iter().map(|order| order.ordered_at_s).max();
        let cool_at_s = last.map_or(0, |second| second + u64::from(self.terms.cooldown_s));
        if buyer.active() >= u64::from(self.terms.per_user_max) || buyer.orders.len() >= 64 {
            self.saw("limit");
            TokenOutcome::LimitReached
        } else if cool_at_s > now_s {
            self.saw("cooling");
            TokenOutcome::CoolingDown((cool_at_s - now_s) as u32)
        } else if live + 1 > self.free * u64::from(self.terms.token_multiplier) {
            self.saw("no token");
            TokenOutcome::NoTokenLeft
        } else {
            let expires_s = now_s as u32 + self.terms.token_ttl_s;
            buyer.token = Some((nonce, expires_s));
            self.saw("token");
            TokenOutcome::Token { nonce, expires_s, fresh: true }
        }
    }

    pub(super) fn reserve(
        &mut self,
        purchases: &[Purchase],
        now_ms: u64,
    ) -> (Vec<ReserveOutcome>, Option<Batch>) {
        let mut batch = Batch {
            sale: SALE,
            entry: entry(self.generation, self.sequence + 1),
            price_minor: self.terms.price_minor,
            terms_version: self.terms.version,
            reserved_at_ms: now_ms,
            orders: Vec::new(),
        };
        let mut outcomes: Vec<_> =
            purchases.iter().map(|purchase| self.one_purchase(purchase, &mut batch)).collect();
        let batch = (!batch.orders.is_empty()).then_some(batch);
        if let Some(batch) = &batch {
            self.sequence += 1;
            self.outbox.insert(batch.entry, batch.clone());
        }
        for outcome in &mut outcomes {
            if let ReserveOutcome::Repeated { entry, unsettled } = outcome {
                *unsettled = self.outbox.get(entry).cloned().map(Box::new);
            }
        }
        (outcomes, batch)
    }

    fn one_purchase(&mut self, purchase: &Purchase, batch: &mut Batch) -> ReserveOutcome {
        let (item, hash) = (&purchase.0, purchase.hash());
        let now_s = batch.reserved_at_ms / 1000;
        let unsettled = self.unsettled() + batch.orders.len() as u64;
        let (generation, quantity) = (self.generation, u64::from(item.quantity));
        let buyer = self.buyers.entry(item.user).or_default();
        let outcome = if let Some(order) = buyer.orders.iter().find(|order| order.nonce == item.nonce) {
            if order.body_hash == hash {
                ReserveOutcome::Repeated { entry: order.entry, unsettled: None }
            } else {
                ReserveOutcome::Mismatch
            }
        } else if item.token_generation != generation
            || !buyer.token.is_some_and(|(nonce, end)| nonce == item.nonce && u64::from(end) > now_s)
        {
            ReserveOutcome::Stale
        } else if quantity > u64::from(self.terms.per_order_max)
            || buyer.active() + quantity > u64::from(self.terms.per_user_max)
            || buyer.orders.len() >= 64
        {
            ReserveOutcome::LimitReached
        } else if quantity > self.free {
            ReserveOutcome::SoldOut
        } else if unsettled >= u64::from(self.terms.unsettled_max) {
            ReserveOutcome::Busy
        } else {
            self.free -= quantity;
            buyer.token = None;
            buyer.orders.push(HeldOrder {
                user: item.user,
                nonce: item.nonce,
                entry: batch.entry,
                units: item.quantity.into(),
                body_hash: hash,
                returned: false,
                ordered_at_s: now_s,
            });
            batch.orders.push(Order {
                user: item.user,
                nonce: item.nonce,
                quantity: item.quantity,
                address: item.address,
                message: item.message.clone(),
            });
            ReserveOutcome::Reserved
        };
        self.saw(name_of(&outcome));
        outcome
    }

    pub(super) fn trim(&mut self, entry: EntryId) {
        self.outbox.remove(&entry);
    }

    pub(super) fn give_back(&mut self, orders: &[(UserId, Nonce)]) -> Vec<Returned> {
        let mut outcomes = Vec::new();
        for (user, nonce) in orders {
            let buyer = self.buyers.entry(*user).or_default();
            outcomes.push(match buyer.orders.iter_mut().find(|order| order.nonce == *nonce) {
                None => Returned::Unknown,
                Some(order) if order.returned => Returned::Before,
                Some(order) => {
                    order.returned = true;
                    self.free += u64::from(order.units);
                    Returned::Now
                }
            });
        }
        if outcomes.contains(&Returned::Now) {
            self.sequence += 1;
            self.saw("returned");
        }
        if outcomes.contains(&Returned::Before) {
            self.saw("returned before");
        }
        outcomes
    }

    pub(super) fn change(&mut self, id: u64, delta: i64) -> Changed {
        if self.changes.contains(&id) {
            self.saw("changed before");
            return Changed::Before;
        }
        let free = self.free.checked_add_signed(delta).filter(|_| !self.refused.contains(&id));
        let Some(free) = free else {
            self.refused.insert(id);
            self.saw("refused change");
            return Changed::TooFew;
        };
        self.on_sale = self.on_sale.checked_add_signed(delta).expect("no more is taken than was put on sale");
        self.free = free;
        self.sequence += 1;
        self.changes.insert(id);
        self.saw("changed");
        Changed::Now
    }

    /// The outbox is settled, tokens end, the count of writes begins anew.
    pub(super) fn next_generation(&mut self) {
        self.generation.0 += 1;
        self.sequence = 0;
        self.outbox.clear();
        self.refused.clear();
        for buyer in self.buyers.values_mut() {
            buyer.token = None;
        }
    }

    pub(super) fn held_orders(&self) -> Vec<HeldOrder> {
        self.buyers.values().flat_map(|buyer| buyer.orders.clone()).collect()
    }

    /// Free and active units are the units on sale, and no buyer has too many.
    pub(super) fn assert_the_law(&self) {
        let active: u64 = self.buyers.values().map(Buyer::active).sum();
        assert_eq!(self.free + active, self.on_sale);
        let most = u64::from(self.terms.per_user_max);
        assert!(self.buyers.values().all(|buyer| buyer.active() <= most));
    }
}

fn name_of(outcome: &ReserveOutcome) -> &'static str {
    match outcome {
        ReserveOutcome::Reserved => "reserved",
        ReserveOutcome::Repeated { .. } => "repeated",
        ReserveOutcome::Mismatch => "mismatch",
        ReserveOutcome::Stale => "stale",
        ReserveOutcome::LimitReached => "limit",
        ReserveOutcome::SoldOut => "sold out",
        ReserveOutcome::Busy => "busy",
        ReserveOutcome::NotStarted | ReserveOutcome::Ended | ReserveOutcome::Closed => {
            panic!("the sale of the model is open all the time")
        }
    }
}
