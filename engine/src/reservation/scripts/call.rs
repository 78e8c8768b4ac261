//! One constructor per script: its arguments, in header order.
//!
//! A call carries a tag that its reply must repeat, so that a reply can never be taken for that of
//! another call.

use super::Script;
use crate::reservation::layout::{self, Load};
use crate::reservation::{At, DeskImage, ReserveCall, Terms, TokenCall};
use contract::ids::{EntryId, Nonce, SaleId, UserId};
use contract::record::BATCH_MAX;

/// Most entries in one call of `trim`, and most that one call of `pending` reads.
pub(in crate::reservation) const ENTRIES_MAX: usize = 1000;

/// A script with its arguments, ready to be run.
pub(in crate::reservation) struct Call {
    pub(in crate::reservation) script: Script,
    pub(in crate::reservation) sale: SaleId,
    pub(in crate::reservation) tag: String,
    /// The arguments, the tag first.
    pub(in crate::reservation) args: Vec<Vec<u8>>,
}

impl Call {
    fn new(script: Script, sale: SaleId, tag: String) -> Self {
        let args = vec![tag.clone().into_bytes()];
        Self { script, sale, tag, args }
    }

    fn at(script: Script, at: &At, tag: String) -> Self {
        Self::new(script, at.sale, tag).number(at.generation)
    }

    fn bytes(mut self, argument: Vec<u8>) -> Self {
        self.args.push(argument);
        self
    }

    fn number(self, argument: impl std::fmt::Display) -> Self {
        self.bytes(argument.to_string().into_bytes())
    }

    pub(in crate::reservation) fn open_sale(tag: String, image: &DeskImage) -> Self {
        let terms = &image.terms;
        Self::new(Script::OpenSale, image.sale, tag)
            .number(image.generation)
            .number(image.free)
            .number(terms.starts_at_ms)
            .number(terms.ends_at_ms)
            .number(terms.price_minor)
            .number(terms.version)
            .number(terms.per_order_max)
            .number(terms.per_user_max)
            .number(terms.cooldown_s)
            .number(terms.token_ttl_s)
            .number(terms.token_multiplier)
            .number(terms.unsettled_max)
    }

    /// `build` is the tag the desk was created with.
    pub(in crate::reservation) fn load_buyers(
        tag: String,
        image: &DeskImage,
        build: &str,
        load: Load,
        last: bool,
    ) -> Self {
        let mut call = Self::new(Script::LoadBuyers, image.sale, tag)
            .number(image.generation)
            .bytes(build.into())
            .number(u8::from(last))
            .bytes(load.changes.into_bytes());
        for (user, record) in load.buyers {
            call.args.push(user.0.to_be_bytes().into());
            call.args.push(record);
        }
        call
    }

    pub(in crate::reservation) fn revise(tag: String, at: &At, terms: &Terms, open: bool) -> Self {
        Self::at(Script::Revise, at, tag)
            .number(terms.version)
            .bytes(if open { "open".into() } else { "closed".into() })
            .number(terms.starts_at_ms)
            .number(terms.ends_at_ms)
            .number(terms.price_minor)
            .number(terms.per_order_max)
            .number(terms.per_user_max)
            .number(terms.cooldown_s)
            .number(terms.token_multiplier)
            .number(terms.unsettled_max)
    }

    pub(in crate::reservation) fn token(tag: String, call: &TokenCall) -> Self {
        Self::at(Script::Token, &call.at, tag).bytes(layout::token_items(&call.items))
    }

    pub(in crate::reservation) fn reserve(tag: String, call: &ReserveCall) -> Self {
        Self::at(Script::Reserve, &call.at, tag)
            .bytes(layout::reserve_items(&call.items))
            .bytes(layout::notes(&call.items))
    }

    pub(in crate::reservation) fn trim(tag: String, at: &At, entries: &[(EntryId, u16)]) -> Self {
        assert!(entries.len() <= ENTRIES_MAX, "a call trims at most {ENTRIES_MAX} entries");
        entries
            .iter()
            .fold(Self::at(Script::Trim, at, tag), |call, (entry, orders)| call.number(entry).number(orders))
    }

    pub(in crate::reservation) fn give_back(tag: String, at: &At, orders: &[(UserId, Nonce)]) -> Self {
        assert!((1..=BATCH_MAX).contains(&orders.len()), "a batch has 1 to BATCH_MAX orders");
        Self::at(Script::Return, at, tag).bytes(layout::order_items(orders.iter().copied()))
    }

    pub(in crate::reservation) fn change(tag: String, at: &At, id: u64, delta: i64) -> Self {
        Self::at(Script::Change, at, tag).number(id).number(delta)
    }

    /// The outbox is read whatever generation the desk is of: what survives has to be published.
    pub(in crate::reservation) fn pending(
        tag: String,
        sale: SaleId,
        after: Option<EntryId>,
        limit: usize,
    ) -> Self {
        assert!((1..=ENTRIES_MAX).contains(&limit), "a call reads 1 to {ENTRIES_MAX} entries");
        let after = after.map_or_else(|| "0-0".to_owned(), |entry| entry.to_string());
        Self::new(Script::Pending, sale, tag).bytes(after.into_bytes()).number(limit)
    }

    pub(in crate::reservation) fn find(tag: String, at: &At, user: UserId, nonce: Nonce) -> Self {
        Self::at(Script::Find, at, tag).bytes(user.0.to_be_bytes().into()).bytes(nonce.0.into())
    }

    pub(in crate::reservation) fn close(tag: String, at: &At) -> Self {
        Self::at(Script::Close, at, tag)
    }

    pub(in crate::reservation) fn inspect(tag: String, sale: SaleId) -> Self {
        Self::new(Script::Inspect, sale, tag)
    }

    pub(in crate::reservation) fn archive(tag: String, at: &At) -> Self {
        Self::at(Script::Archive, at, tag)
    }
}
