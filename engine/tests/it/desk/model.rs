//! Random operations at the desk and in a small model of it, compared reply by reply.
//!
//! The desk tells the time, the model follows. A failure prints the seed; `DESK_MODEL_SEED` plays it
//! again (at a real Redis up to its clock).

mod book;

use super::seller::{SALE, Seller, done, terms};
use super::stage::Stage;
use book::{Book, Purchase};
use contract::ids::{AddressId, EntryId, Generation, Nonce, UserId};
use engine::reservation::{
    Desk, DeskImage, ReserveCall, ReserveItem, Terms, TokenCall, TokenItem, TokenOutcome,
};
use std::time::Duration;

const USERS: u64 = 10;
/// From so many operations on every outcome is met, by far.
const LONG: usize = 3000;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.below(of.len() as u64) as usize])
    }
}

pub(crate) async fn scripts_and_model_agree_over_random_operations<S: Stage>(stage: S) {
    let seed = match std::env::var("DESK_MODEL_SEED") {
        Ok(seed) => seed.parse().expect("DESK_MODEL_SEED is a number"),
        Err(_) => getrandom::u64().unwrap(),
    };
    println!("DESK_MODEL_SEED={seed}");
    let (operations, pass_every) = stage.patience();
    let terms = Terms {
        per_order_max: 3,
        per_user_max: 5,
        cooldown_s: 1,
        token_ttl_s: 2,
        token_multiplier: 1,
        unsettled_max: 4,
        ..terms()
    };
    let mut play = Play {
        book: Book::new(20, terms.clone()),
        seller: Seller::open(stage, 20, terms).await,
        dice: Dice(seed),
        tokens: Vec::new(),
        changes: 0,
    };
    for _ in 0..operations {
        if play.dice.below(pass_every) == 0 {
            let time = Duration::from_millis(play.dice.below(1500));
            play.seller.stage.pass(time).await;
        }
        match play.dice.below(20) {
            0..=5 => play.token().await,
            6..=12 => play.reserve().await,
            13..=14 => play.trim().await,
            15..=16 => play.give_back().await,
            17..=18 => play.change().await,
            _ if play.dice.below(10) == 0 => play.rebuild().await,
            _ => play.revise().await,
        }
        play.compare().await;
    }
    let seen = play.book.seen;
    println!("{seen:?}");
    // A short play may miss some; a long one that does is worthless.
    assert!(
        operations < LONG || seen.values().all(|times| *times > 0),
        "some outcome was never met: {seen:?}"
    );
}

#[derive(Clone, Copy)]
struct Shown {
    user: UserId,
    nonce: Nonce,
    generation: Generation,
    /// Quantity and address of its first use.
    body: Option<(u16, u64)>,
}

struct Play<S> {
    seller: Seller<S>,
    book: Book,
    dice: Dice,
    /// Tokens that were issued, to be used rightly and wrongly.
    tokens: Vec<Shown>,
    changes: u64,
}

impl<S: Stage> Play<S> {
    /// One of a few, so that they meet their limits; others in the next generation, for a buyer with
    /// many orders gets no more.
    fn user(&mut self) -> u64 {
        u64::from(self.book.generation.0) * 4 + self.dice.below(USERS)
    }

    async fn token(&mut self) {
        let items: Vec<TokenItem> = (0..=self.dice.below(6))
            .map(|_| {
                let user = self.user();
                let session = format!("session-{user}").into();
                TokenItem { user: UserId(user), nonce: self.seller.fresh_nonce(), session }
            })
            .collect();
        for item in &items {
            self.seller.stage.add_session(&item.session).await;
        }
        let call = TokenCall { at: self.seller.at.clone(), items: items.clone() };
        let reply = done(self.seller.desk().token(call).await.unwrap());
        let asked: Vec<_> = items.iter().map(|item| (item.user, item.nonce)).collect();
        let expected = self.book.token(&asked, reply.now_ms);
        assert_eq!(reply.outcomes, expected);
        assert_eq!((reply.sequence.0, reply.free), (self.book.sequence, self.book.free));
        for (item, outcome) in items.iter().zip(&expected) {
            if let TokenOutcome::Token { nonce, fresh: true, .. } = outcome {
                let generation = self.book.generation;
                self.tokens.push(Shown { user: item.user, nonce: *nonce, generation, body: None });
            }
        }
    }

    async fn reserve(&mut self) {
        let items: Vec<ReserveItem> = (0..=self.dice.below(6)).map(|_| self.purchase()).collect();
        let call = ReserveCall { at: self.seller.at.clone(), items: items.clone() };
        let reply = done(self.seller.desk().reserve(call).await.unwrap());
        let purchases: Vec<Purchase> = items.into_iter().map(Purchase).collect();
        let (outcomes, batch) = self.book.reserve(&purchases, reply.now_ms);
        assert_eq!(reply.outcomes, outcomes);
        assert_eq!(reply.batch, batch);
        assert_eq!((reply.sequence.0, reply.free), (self.book.sequence, self.book.free));
    }

    /// Mostly a recent token with the body it had; now and then anything else.
    fn purchase(&mut self) -> ReserveItem {
        let (quantity, address) = (1 + self.dice.below(3) as u16, self.dice.below(3));
        let recent = self.tokens.len().saturating_sub(8);
        let place = match self.dice.below(5) {
            _ if self.tokens.is_empty() => None,
            0 => Some(self.dice.below(self.tokens.len() as u64) as usize),
            _ => Some(recent + self.dice.below((self.tokens.len() - recent) as u64) as usize),
        };
        let user = UserId(self.user());
        let forged = Shown { user, nonce: Nonce([1; 16]), generation: self.book.generation, body: None };
        let Shown { user, nonce, generation, body } = place.map_or(forged, |place| self.tokens[place]);
        let (quantity, address) = match body {
            Some(body) if self.dice.below(6) != 0 => body,
            _ => (quantity + u16::from(self.dice.below(8) == 0), address),
        };
        if let Some(place) = place {
            self.tokens[place].body.get_or_insert((quantity, address));
        }
        let message = if address == 1 { "ring twice".to_owned() } else { String::new() };
        ReserveItem {
            user,
            nonce,
            token_generation: generation,
            quantity,
            address: AddressId(address),
            message,
        }
    }

    async fn trim(&mut self) {
        let entries: Vec<EntryId> = self.book.outbox.keys().copied().collect();
        let Some(entry) = self.dice.pick(&entries) else { return };
        let orders = self.book.outbox[&entry].orders.len() as u16;
        self.seller.trim(&[(entry, orders)]).await;
        self.book.trim(entry);
    }

    async fn give_back(&mut self) {
        let orders: Vec<(UserId, Nonce)> = (0..=self.dice.below(3))
            .filter_map(|_| self.dice.pick(&self.tokens))
            .map(|shown| (shown.user, shown.nonce))
            .collect();
        if orders.is_empty() {
            return;
        }
        let reply = done(self.seller.desk().give_back(self.seller.at.clone(), &orders).await.unwrap());
        assert_eq!(reply, self.book.give_back(&orders));
    }

    async fn change(&mut self) {
        let repeat = self.changes > 0 && self.dice.below(4) == 0;
        self.changes += u64::from(!repeat);
        let id = if repeat { 1 + self.dice.below(self.changes) } else { self.changes };
        let delta = [-12, -4, -2, -1, 2, 3][self.dice.below(6) as usize];
        let reply = done(self.seller.desk().change(self.seller.at.clone(), id, delta).await.unwrap());
        assert_eq!(reply, self.book.change(id, delta));
    }

    async fn revise(&mut self) {
        let price = self.dice.below(5) as i64 * 100;
        self.seller.revise(|terms| terms.price_minor = price).await;
        self.book.terms = self.seller.terms.clone();
    }

    /// Everything is settled, then the next generation is built from what the ledger would say.
    async fn rebuild(&mut self) {
        self.book.next_generation();
        let image = DeskImage {
            sale: SALE,
            generation: self.book.generation,
            free: self.book.free,
            terms: self.book.terms.clone(),
            orders: self.book.held_orders(),
            changes: self.book.changes.iter().copied().collect(),
        };
        self.seller.at.identity = done(self.seller.desk().open(&image).await.unwrap());
        self.seller.at.generation = self.book.generation;
        self.seller.let_in().await;
    }

    async fn compare(&self) {
        let desk = self.seller.inspect().await;
        let book = &self.book;
        assert_eq!(
            (desk.generation, desk.sequence.0, desk.free, desk.unsettled, desk.entries, desk.live_tokens),
            (
                book.generation,
                book.sequence,
                book.free,
                book.unsettled(),
                book.outbox.len() as u64,
                book.live_tokens(desk.now_ms / 1000)
            ),
        );
        let outbox: Vec<_> = book.outbox.values().cloned().collect();
        assert_eq!(self.seller.outbox().await, outbox);
        book.assert_the_law();
    }
}
