//! Replies that concern buyers: `token` and `reserve`, and the outbox entries `pending` shows.

use super::{Fields, Raw, Unreadable, bytes, number};
use crate::reservation::layout::Entry;
use crate::reservation::{
    Pending, Reply, ReserveCall, ReserveOutcome, ReserveReply, TokenOutcome, TokenReply,
};
use contract::ids::{EntryId, Generation, Nonce, SaleId, Sequence};
use contract::record::{Batch, Order};
use std::collections::HashMap;

const TOKEN_OUTCOME_BYTES: usize = 27;

/// Reads the reply of `token` to `count` items.
pub(in crate::reservation) fn token(fields: Fields, count: usize) -> Result<Reply<TokenReply>, Unreadable> {
    fields.usual(|_, fields| {
        let (sequence, free, now_ms) = (fields.number()?, fields.number()?, fields.number()?);
        let out = fields.bytes()?;
        let (items, []) = out.as_chunks::<TOKEN_OUTCOME_BYTES>() else {
            return Err(Unreadable::Shape("outcomes are not 27 bytes each"));
        };
        if items.len() != count {
            return Err(Unreadable::Shape("not one outcome an item"));
        }
        let outcomes = items.iter().map(token_outcome).collect::<Result<_, _>>()?;
        Ok(TokenReply { sequence: Sequence(sequence), free, now_ms, outcomes })
    })
}

fn token_outcome(item: &[u8; TOKEN_OUTCOME_BYTES]) -> Result<TokenOutcome, Unreadable> {
    let nonce = Nonce(*item[1..].first_chunk().expect("27 bytes hold a nonce after the code"));
    let seconds = &item[17..];
    Ok(match item[0] {
        b'i' => TokenOutcome::Token { nonce, expires_s: number(seconds)?, fresh: true },
        b's' => TokenOutcome::Token { nonce, expires_s: number(seconds)?, fresh: false },
        b'w' => TokenOutcome::CoolingDown(number(seconds)?),
        b'l' => TokenOutcome::LimitReached,
        b'o' => TokenOutcome::SoldOut,
        b't' => TokenOutcome::NoTokenLeft,
        b'n' => TokenOutcome::NotStarted,
        b'e' => TokenOutcome::Ended,
        b'c' => TokenOutcome::Closed,
        unknown => return Err(Unreadable::Code(char::from(unknown))),
    })
}

/// Reads the reply of `reserve` to `call`.
pub(in crate::reservation) fn reserve(
    fields: Fields,
    call: &ReserveCall,
) -> Result<Reply<ReserveReply>, Unreadable> {
    fields.usual(|generation, fields| {
        let (sequence, free, now_ms) = (Sequence(fields.number()?), fields.number()?, fields.number()?);
        let (price_minor, terms_version) = (fields.number()?, fields.number()?);
        let codes = fields.bytes()?;
        if codes.len() != call.items.len() {
            return Err(Unreadable::Shape("not one code an item"));
        }
        let mut again = fields.list()?.into_iter();
        let unsettled: HashMap<EntryId, Batch> =
            entries(fields.list()?, call.at.sale)?.into_iter().map(|batch| (batch.entry, batch)).collect();

        let outcomes = codes
            .iter()
            .map(|&code| reserve_outcome(code, &mut again, &unsettled))
            .collect::<Result<_, _>>()?;
        if again.next().is_some() {
            return Err(Unreadable::Shape("more repeated entries than repeats"));
        }
        let orders: Vec<Order> = call
            .items
            .iter()
            .zip(&codes)
            .filter(|(_, code)| **code == b'+')
            .map(|(item, _)| Order {
                user: item.user,
                nonce: item.nonce,
                quantity: item.quantity,
                address: item.address,
                message: item.message.clone(),
            })
            .collect();
        let batch = (!orders.is_empty()).then_some(Batch {
            sale: call.at.sale,
            entry: EntryId { generation, sequence },
            price_minor,
            terms_version,
            reserved_at_ms: now_ms,
            orders,
        });
        Ok(ReserveReply { sequence, free, now_ms, batch, outcomes })
    })
}

fn reserve_outcome(
    code: u8,
    again: &mut impl Iterator<Item = Raw>,
    unsettled: &HashMap<EntryId, Batch>,
) -> Result<ReserveOutcome, Unreadable> {
    Ok(match code {
        b'+' => ReserveOutcome::Reserved,
        b'=' => {
            let entry = entry_id(again.next().ok_or(Unreadable::Shape("a repeat without its entry"))?)?;
            ReserveOutcome::Repeated { entry, unsettled: unsettled.get(&entry).cloned().map(Box::new) }
        }
        b'm' => ReserveOutcome::Mismatch,
        b's' => ReserveOutcome::Stale,
        b'l' => ReserveOutcome::LimitReached,
        b'o' => ReserveOutcome::SoldOut,
        b'b' => ReserveOutcome::Busy,
        b'n' => ReserveOutcome::NotStarted,
        b'e' => ReserveOutcome::Ended,
        b'c' => ReserveOutcome::Closed,
        unknown => return Err(Unreadable::Code(char::from(unknown))),
    })
}

/// Reads the reply of `pending`.
pub(in crate::reservation) fn pending(fields: Fields, sale: SaleId) -> Result<Reply<Pending>, Unreadable> {
    fields.usual(|_: Generation, fields| {
        let now_ms = fields.number()?;
        Ok(Pending { now_ms, batches: entries(fields.list()?, sale)? })
    })
}

/// Outbox entries, seven values each: id, t p v c i m.
fn entries(flat: Vec<Raw>, sale: SaleId) -> Result<Vec<Batch>, Unreadable> {
    let mut batches = Vec::with_capacity(flat.len() / 7);
    let mut values = flat.into_iter();
    while let Some(id) = values.next() {
        let mut field = || values.next().map_or(Err(Unreadable::Shape("an entry is cut off")), bytes);
        let [t, p, v, c, i, m] = [field()?, field()?, field()?, field()?, field()?, field()?];
        let entry = Entry {
            id: entry_id(id)?,
            reserved_at_ms: number(&t)?,
            price_minor: number(&p)?,
            terms_version: number(&v)?,
            codes: &c,
            items: &i,
            notes: &m,
        };
        batches.push(entry.batch(sale)?);
    }
    Ok(batches)
}

fn entry_id(value: Raw) -> Result<EntryId, Unreadable> {
    number(&bytes(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reservation::{At, DeskIdentity, ReserveItem, layout};
    use contract::ids::{AddressId, UserId};

    fn call() -> ReserveCall {
        let item = |user, message: &str| ReserveItem {
            user: UserId(user),
            nonce: Nonce([user as u8; 16]),
            token_generation: Generation(3),
            quantity: 2,
            address: AddressId(5),
            message: message.into(),
        };
        ReserveCall {
            at: At { sale: SaleId(7), generation: Generation(3), identity: DeskIdentity::default() },
            items: vec![item(1, ""), item(2, "kept though refused"), item(3, "süß")],
        }
    }

    fn text(text: &str) -> Raw {
        Raw::Bytes(text.as_bytes().to_vec())
    }

    fn reply(codes: &str, again: Vec<Raw>, entries: Vec<Raw>) -> Raw {
        let mut fields: Vec<Raw> = ["ok", "t1", "3", "41", "98", "1700", "990", "2", codes].map(text).into();
        fields.extend([Raw::List(again), Raw::List(entries)]);
        Raw::List(fields)
    }

    fn read(reply: Raw) -> Result<ReserveReply, Unreadable> {
        match reserve(Fields::open(reply, "t1")?, &call())? {
            Reply::Done(reply) => Ok(reply),
            other => panic!("{other:?}"),
        }
    }

    fn entry(codes: &str) -> Vec<Raw> {
        let items = Raw::Bytes(layout::reserve_items(&call().items));
        let notes = Raw::Bytes(layout::notes(&call().items));
        vec![text("3-41"), text("1700"), text("990"), text("2"), text(codes), items, notes]
    }

    #[test]
    fn the_batch_of_a_reply_is_the_batch_of_its_outbox_entry() {
        let fresh = read(reply("+o+", vec![], vec![])).unwrap().batch.unwrap();
        assert_eq!(fresh.orders.iter().map(|order| order.user.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(entries(entry("+o+"), SaleId(7)), Ok(vec![fresh]));
    }

    #[test]
    fn a_repeat_finds_its_batch_or_learns_that_it_is_settled() {
        let again = || vec![text("3-41"), text("3-40")];
        let read = read(reply("=s=", again(), entry("+o+"))).unwrap();
        assert_eq!(read.batch, None);
        let [ReserveOutcome::Repeated { unsettled: Some(batch), .. }, ReserveOutcome::Stale, last] =
            &*read.outcomes
        else {
            panic!("{:?}", read.outcomes)
        };
        assert_eq!(batch.orders.len(), 2);
        let settled = "3-40".parse().unwrap();
        assert_eq!(*last, ReserveOutcome::Repeated { entry: settled, unsettled: None });
    }

    #[test]
    fn unknown_codes_and_wrong_counts_are_no_default() {
        assert_eq!(read(reply("+?+", vec![], vec![])), Err(Unreadable::Code('?')));
        for (codes, again) in [("++", vec![]), ("=oo", vec![]), ("ooo", vec![text("3-41")])] {
            assert!(matches!(read(reply(codes, again, vec![])), Err(Unreadable::Shape(_))), "{codes}");
        }
        for cut in 1..7 {
            assert!(entries(entry("+o+")[..cut].to_vec(), SaleId(7)).is_err());
        }
        assert!(entries(entry("+o"), SaleId(7)).is_err());
        assert!(entries(entry("ooo"), SaleId(7)).is_err());
        assert_eq!(token_outcome(&[b'?'; 27]), Err(Unreadable::Code('?')));
    }
}
