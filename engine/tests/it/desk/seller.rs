//! A sale that is open at the desk of a stage, with the few moves the suite is made of.

use super::stage::Stage;
use contract::ids::{AddressId, EntryId, Generation, Nonce, SaleId, Sequence, UserId};
use contract::record::Batch;
use engine::reservation::{
    At, Desk, DeskImage, Inspection, Reply, ReserveCall, ReserveItem, ReserveOutcome, ReserveReply, Terms,
    TokenCall, TokenItem, TokenOutcome, TokenReply,
};
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const SALE: SaleId = SaleId(7);
pub(crate) const GENERATION: Generation = Generation(3);
/// Fits every clock of this century.
const FAR_END_MS: u64 = 99_999_999_999_999;

/// Generous terms; a test tightens what it is about.
pub(crate) fn terms() -> Terms {
    Terms {
        version: 1,
        starts_at_ms: 0,
        ends_at_ms: FAR_END_MS,
        price_minor: 990,
        per_order_max: 5,
        per_user_max: 10,
        cooldown_s: 0,
        token_ttl_s: 60,
        token_multiplier: 5,
        unsettled_max: 1000,
    }
}

pub(crate) fn image(free: u64, terms: &Terms) -> DeskImage {
    DeskImage {
        sale: SALE,
        generation: GENERATION,
        free,
        terms: terms.clone(),
        orders: Vec::new(),
        changes: Vec::new(),
    }
}

pub(crate) fn entry(generation: Generation, sequence: u64) -> EntryId {
    EntryId { generation, sequence: Sequence(sequence) }
}

/// What a script answered that was expected to run.
pub(crate) fn done<T: std::fmt::Debug>(reply: Reply<T>) -> T {
    match reply {
        Reply::Done(value) => value,
        other => panic!("the script ran: {other:?}"),
    }
}

pub(crate) struct Seller<S> {
    pub(crate) stage: S,
    pub(crate) at: At,
    pub(crate) terms: Terms,
    nonces: AtomicU64,
}

impl<S: Stage> Seller<S> {
    /// Opens a sale of `free` units.
    pub(crate) async fn open(stage: S, free: u64, terms: Terms) -> Self {
        let identity = done(stage.desk().open(&image(free, &terms)).await.unwrap());
        let at = At { sale: SALE, generation: GENERATION, identity };
        let seller = Self { stage, at, terms, nonces: AtomicU64::new(1) };
        seller.let_in().await;
        seller
    }

    pub(crate) fn desk(&self) -> &S::Desk {
        self.stage.desk()
    }

    /// Lets buyers in, by the terms as they are now.
    pub(crate) async fn let_in(&self) {
        done(self.desk().revise(self.at.clone(), &self.terms, true).await.unwrap());
    }

    /// Changes the terms of the open sale.
    pub(crate) async fn revise(&mut self, change: impl FnOnce(&mut Terms)) {
        change(&mut self.terms);
        self.terms.version += 1;
        self.let_in().await;
    }

    pub(crate) async fn inspect(&self) -> Inspection {
        done(self.desk().inspect(SALE).await.unwrap())
    }

    pub(crate) fn fresh_nonce(&self) -> Nonce {
        let number = self.nonces.fetch_add(1, Ordering::Relaxed);
        let mut nonce = [0xA5; 16];
        nonce[..8].copy_from_slice(&number.to_be_bytes());
        Nonce(nonce)
    }

    /// Asks for tokens, each with a fresh nonce, for users who are logged in.
    pub(crate) async fn tokens(&self, users: &[u64]) -> TokenReply {
        let items: Vec<TokenItem> = users
            .iter()
            .map(|user| TokenItem {
                user: UserId(*user),
                nonce: self.fresh_nonce(),
                session: format!("session-{user}").into(),
            })
            .collect();
        for item in &items {
            self.stage.add_session(&item.session).await;
        }
        done(self.desk().token(TokenCall { at: self.at.clone(), items }).await.unwrap())
    }

    pub(crate) async fn token(&self, user: u64) -> TokenOutcome {
        self.tokens(&[user]).await.outcomes[0]
    }

    /// A token that is issued.
    pub(crate) async fn nonce(&self, user: u64) -> Nonce {
        match self.token(user).await {
            TokenOutcome::Token { nonce, fresh: true, .. } => nonce,
            other => panic!("a fresh token for {user}: {other:?}"),
        }
    }

    pub(crate) fn item(&self, user: u64, nonce: Nonce, quantity: u16) -> ReserveItem {
        ReserveItem {
            user: UserId(user),
            nonce,
            token_generation: self.at.generation,
            quantity,
            address: AddressId(user + 100),
            message: format!("for {user}"),
        }
    }

    pub(crate) async fn reserve(&self, items: Vec<ReserveItem>) -> ReserveReply {
        done(self.desk().reserve(ReserveCall { at: self.at.clone(), items }).await.unwrap())
    }

    pub(crate) async fn one(&self, item: ReserveItem) -> ReserveOutcome {
        self.reserve(vec![item]).await.outcomes.remove(0)
    }

    /// An order that is accepted, with its token and its batch.
    pub(crate) async fn order(&self, user: u64, quantity: u16) -> (Nonce, Batch) {
        let nonce = self.nonce(user).await;
        let reply = self.reserve(vec![self.item(user, nonce, quantity)]).await;
        assert_eq!(reply.outcomes, [ReserveOutcome::Reserved]);
        (nonce, reply.batch.expect("a reservation comes with its batch"))
    }

    pub(crate) async fn trim(&self, entries: &[(EntryId, u16)]) {
        done(self.desk().trim(self.at.clone(), entries).await.unwrap());
    }

    /// The whole outbox.
    pub(crate) async fn outbox(&self) -> Vec<Batch> {
        done(self.desk().pending(self.at.clone(), None, 1000).await.unwrap()).batches
    }
}
