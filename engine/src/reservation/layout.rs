//! Packing of the scripts' items and buyer records, and decoding of outbox entries.
//!
//! Fixed widths, so that a script takes a batch apart without parsing. `lua/README.md` draws the
//! layouts. Deliberately absent: judging what is in them.

use super::reply::Unreadable;
use super::{DeskImage, HeldOrder, ReserveItem, TokenItem};
use contract::ids::{AddressId, EntryId, Nonce, SaleId, UserId};
use contract::record::{BATCH_MAX, Batch, MESSAGE_BYTES_MAX, Order};
use std::collections::BTreeMap;

const ITEM_BYTES: usize = 46;
const RECORD_HEADER_BYTES: usize = 42;
const RECORD_ORDER_BYTES: usize = 52;

/// Most buyer records in one call, and roughly its most bytes: Redis serves nobody else meanwhile.
const LOAD_BUYERS_MAX: usize = 500;
const LOAD_BYTES_MAX: usize = 256 * 1024;
/// Most change ids in one call.
const LOAD_CHANGES_MAX: usize = 1000;

/// 24 bytes a user: user id 8, nonce 16.
pub(super) fn token_items(items: &[TokenItem]) -> Vec<u8> {
    assert!((1..=BATCH_MAX).contains(&items.len()), "a batch has 1 to BATCH_MAX items");
    order_items(items.iter().map(|item| (item.user, item.nonce)))
}

/// 24 bytes an order: user id 8, nonce 16.
pub(super) fn order_items(orders: impl Iterator<Item = (UserId, Nonce)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24 * orders.size_hint().0);
    for (user, nonce) in orders {
        bytes.extend_from_slice(&user.0.to_be_bytes());
        bytes.extend_from_slice(&nonce.0);
    }
    bytes
}

/// 46 bytes a purchase: user id 8, nonce 16, generation of the token 4, quantity 2, address id 8, hash
/// of the body 8.
pub(super) fn reserve_items(items: &[ReserveItem]) -> Vec<u8> {
    assert!((1..=BATCH_MAX).contains(&items.len()), "a batch has 1 to BATCH_MAX items");
    let mut bytes = Vec::with_capacity(ITEM_BYTES * items.len());
    for item in items {
        let hash = contract::record::BodyHash::of(item.quantity, item.address, &item.message);
        bytes.extend_from_slice(&item.user.0.to_be_bytes());
        bytes.extend_from_slice(&item.nonce.0);
        bytes.extend_from_slice(&item.token_generation.0.to_be_bytes());
        bytes.extend_from_slice(&item.quantity.to_be_bytes());
        bytes.extend_from_slice(&item.address.0.to_be_bytes());
        bytes.extend_from_slice(&hash.0);
    }
    bytes
}

/// Per purchase, refused ones too: length of the message 2, message.
pub(super) fn notes(items: &[ReserveItem]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * items.len());
    for item in items {
        assert!(item.message.len() <= MESSAGE_BYTES_MAX, "the door bounds the note");
        bytes.extend_from_slice(&(item.message.len() as u16).to_be_bytes());
        bytes.extend_from_slice(item.message.as_bytes());
    }
    bytes
}

/// The fields of an outbox entry, as `reserve` wrote them.
pub(super) struct Entry<'a> {
    pub(super) id: EntryId,
    pub(super) reserved_at_ms: u64,
    pub(super) price_minor: i64,
    pub(super) terms_version: u32,
    pub(super) codes: &'a [u8],
    pub(super) items: &'a [u8],
    pub(super) notes: &'a [u8],
}

impl Entry<'_> {
    /// The orders that were reserved in it.
    pub(super) fn batch(&self, sale: SaleId) -> Result<Batch, Unreadable> {
        let broken = Err(Unreadable::Shape("an outbox entry"));
        let (items, []) = self.items.as_chunks::<ITEM_BYTES>() else { return broken };
        if items.len() != self.codes.len() {
            return broken;
        }
        let mut notes = self.notes;
        let mut orders = Vec::new();
        for (item, code) in items.iter().zip(self.codes) {
            let Some((&length, rest)) = notes.split_first_chunk() else { return broken };
            let Some((note, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(length))) else {
                return broken;
            };
            notes = rest;
            if *code == b'+' {
                let Ok(message) = std::str::from_utf8(note) else { return broken };
                orders.push(Order {
                    user: UserId(u64::from_be_bytes(part(item, 0))),
                    nonce: Nonce(part(item, 8)),
                    quantity: u16::from_be_bytes(part(item, 28)),
                    address: AddressId(u64::from_be_bytes(part(item, 30))),
                    message: message.to_owned(),
                });
            }
        }
        if orders.is_empty() || orders.len() > BATCH_MAX || !notes.is_empty() {
            return broken;
        }
        Ok(Batch {
            sale,
            entry: self.id,
            price_minor: self.price_minor,
            terms_version: self.terms_version,
            reserved_at_ms: self.reserved_at_ms,
            orders,
        })
    }
}

fn part<const N: usize>(item: &[u8; ITEM_BYTES], at: usize) -> [u8; N] {
    *item[at..].first_chunk().expect("the parts lie within the item")
}

/// What one call of `load_buyers` carries.
#[derive(Default)]
pub(super) struct Load {
    /// Change ids, separated by commas.
    pub(super) changes: String,
    /// Buyers with their records.
    pub(super) buyers: Vec<(UserId, Vec<u8>)>,
}

/// The image in parts of bounded size; at least one, for the last part finishes the desk.
pub(super) fn loads(image: &DeskImage) -> Vec<Load> {
    let mut loads: Vec<Load> = image
        .changes
        .chunks(LOAD_CHANGES_MAX)
        .map(|ids| {
            let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
            Load { changes: ids.join(","), buyers: Vec::new() }
        })
        .collect();
    let mut by_user: BTreeMap<UserId, Vec<&HeldOrder>> = BTreeMap::new();
    for order in &image.orders {
        by_user.entry(order.user).or_default().push(order);
    }
    let mut next = Load::default();
    let mut bytes = 0;
    for (user, orders) in by_user {
        let record = record(&orders);
        if next.buyers.len() == LOAD_BUYERS_MAX || bytes + record.len() > LOAD_BYTES_MAX {
            loads.push(std::mem::take(&mut next));
            bytes = 0;
        }
        bytes += record.len();
        next.buyers.push((user, record));
    }
    loads.push(next);
    loads
}

/// The record of a buyer without a live token.
fn record(orders: &[&HeldOrder]) -> Vec<u8> {
    let active: u64 = orders.iter().filter(|order| !order.returned).map(|order| u64::from(order.units)).sum();
    let ordered_at_s = orders.iter().map(|order| order.ordered_at_s).max().unwrap_or(0);
    let mut bytes = Vec::with_capacity(RECORD_HEADER_BYTES + orders.len() * RECORD_ORDER_BYTES);
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(format!("{:010}{active:06}{ordered_at_s:010}", 0).as_bytes());
    assert_eq!(bytes.len(), RECORD_HEADER_BYTES, "units and seconds fit their columns");
    for order in orders {
        let EntryId { generation, sequence } = order.entry;
        let numbers = format!("{:010}{:012}{:05}", generation.0, sequence.0, order.units);
        assert_eq!(numbers.len(), 27, "sequence and units fit their columns");
        bytes.extend_from_slice(&order.nonce.0);
        bytes.extend_from_slice(numbers.as_bytes());
        bytes.extend_from_slice(&order.body_hash.0);
        bytes.push(if order.returned { b'R' } else { b'A' });
    }
    bytes
}
