//! The order log: one record per batch of reservations, plus barriers, as versioned bytes.
//!
//! Key of an order record is the sale in decimal, so that a sale keeps to one partition. A change of bytes
//! is a change of [`VERSION`]; the snapshots below pin them. Numbers are big endian.
//!
//! ```text
//! orders:  version 1 | kind 1 = 1 | sale 8 | generation 4 | sequence 8 | price_minor 8 | terms 4
//!          | reserved_at_ms 8 | count 2 | count × (user 8 | nonce 16 | quantity 2 | address 8
//!          | message length 2 | message)
//! barrier: version 1 | kind 1 = 2 | sale 8 | generation 4
//! control: version 1 | kind 1 = 3 | sale 8 | generation 4
//! ```

use crate::ids::{AddressId, EntryId, Generation, Nonce, OrderSn, SaleId, Sequence, UserId};
use sha2::{Digest as _, Sha256};

/// Version of the bytes.
pub const VERSION: u8 = 1;
/// Topic of the order log. The prefix keeps installations on one Kafka apart; "mall" by default.
pub fn orders_topic(prefix: &str) -> String {
    format!("{prefix}.orders")
}

/// Topic on which generations are announced; one partition.
pub fn control_topic(prefix: &str) -> String {
    format!("{prefix}.control")
}

/// Longest buyer's note in bytes.
pub const MESSAGE_BYTES_MAX: usize = 512;
/// Most orders in one record; also the most purchases in one script call.
pub const BATCH_MAX: usize = 256;
/// Largest record: every order with the longest note.
pub const RECORD_BYTES_MAX: usize = 44 + BATCH_MAX * (36 + MESSAGE_BYTES_MAX);
const _: () = assert!(RECORD_BYTES_MAX < 1_000_000, "a record fits the broker's default message size");

/// One promised order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Buyer.
    pub user: UserId,
    /// The token it was made with.
    pub nonce: Nonce,
    /// Units, at least 1.
    pub quantity: u16,
    /// Where to, 0 for the buyer's default address.
    pub address: AddressId,
    /// The buyer's note.
    pub message: String,
}

impl Order {
    /// What a repeated request is compared by.
    pub fn body_hash(&self) -> BodyHash {
        BodyHash::of(self.quantity, self.address, &self.message)
    }
}

/// First 8 bytes of SHA-256 over quantity, address (both big endian) and note of a request: a token
/// used again with another body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyHash(pub [u8; 8]);

impl BodyHash {
    /// The hash of a request.
    pub fn of(quantity: u16, address: AddressId, message: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(quantity.to_be_bytes())
            .chain_update(address.0.to_be_bytes())
            .chain_update(message)
            .finalize();
        Self(*digest.first_chunk().expect("SHA-256 has 32 bytes"))
    }
}

/// The orders of one outbox entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The sale.
    pub sale: SaleId,
    /// The outbox entry they stand in, with the generation they were reserved in.
    pub entry: EntryId,
    /// Price of one unit in minor units of the currency, as shown when it was accepted.
    pub price_minor: i64,
    /// Version of the sale's terms that price belongs to.
    pub terms_version: u32,
    /// When they were reserved, by the desk's clock, unix ms.
    pub reserved_at_ms: u64,
    /// The orders, 1 to [`BATCH_MAX`].
    pub orders: Vec<Order>,
}

impl Batch {
    /// Units of all orders together.
    pub fn units(&self) -> u64 {
        self.orders.iter().map(|order| u64::from(order.quantity)).sum()
    }

    /// The order number of one of its orders.
    pub fn order_sn(&self, order: &Order) -> OrderSn {
        OrderSn { sale: self.sale, nonce: order.nonce }
    }
}

/// What stands in the order log and on the control topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Promised orders.
    Orders(Batch),
    /// Everything of an older generation that comes after this is void.
    Barrier {
        /// The sale.
        sale: SaleId,
        /// The generation that begins.
        generation: Generation,
    },
    /// Control topic: this generation of the sale has begun.
    Control {
        /// The sale.
        sale: SaleId,
        /// The generation that begins.
        generation: Generation,
    },
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The bytes end too early, or go on after the end.
    #[error("record has the wrong length")]
    Length,
    /// Written by a version we do not know.
    #[error("record version is unknown")]
    Version,
    /// Neither orders nor barrier nor control.
    #[error("record kind is unknown")]
    Kind,
    /// A value that no writer of ours produces: no orders or too many, quantity 0, a note that is
    /// too long or not UTF-8.
    #[error("record holds an impossible value")]
    Value,
}

impl Record {
    /// The sale it belongs to.
    pub fn sale(&self) -> SaleId {
        match self {
            Self::Orders(batch) => batch.sale,
            Self::Barrier { sale, .. } | Self::Control { sale, .. } => *sale,
        }
    }

    /// Its bytes, appended to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Orders(batch) => encode_batch(batch, out),
            Self::Barrier { sale, generation } => encode_mark(2, *sale, *generation, out),
            Self::Control { sale, generation } => encode_mark(3, *sale, *generation, out),
        }
    }

    /// Reads a record back.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut rest = bytes;
        let [version, kind] = take(&mut rest)?;
        if version != VERSION {
            return Err(Unreadable::Version);
        }
        let record = match kind {
            1 => Self::Orders(decode_batch(&mut rest)?),
            2 => Self::Barrier { sale: sale(&mut rest)?, generation: generation(&mut rest)? },
            3 => Self::Control { sale: sale(&mut rest)?, generation: generation(&mut rest)? },
            _ => return Err(Unreadable::Kind),
        };
        if rest.is_empty() { Ok(record) } else { Err(Unreadable::Length) }
    }
}

fn encode_mark(kind: u8, sale: SaleId, generation: Generation, out: &mut Vec<u8>) {
    out.extend_from_slice(&[VERSION, kind]);
    out.extend_from_slice(&sale.0.to_be_bytes());
    out.extend_from_slice(&generation.0.to_be_bytes());
}

/// The bytes of a batch, appended to `out`; the batch need not be moved into a [`Record`].
pub fn encode_batch(batch: &Batch, out: &mut Vec<u8>) {
    assert!((1..=BATCH_MAX).contains(&batch.orders.len()), "a batch has 1 to BATCH_MAX orders");
    encode_mark(1, batch.sale, batch.entry.generation, out);
    out.extend_from_slice(&batch.entry.sequence.0.to_be_bytes());
    out.extend_from_slice(&batch.price_minor.to_be_bytes());
    out.extend_from_slice(&batch.terms_version.to_be_bytes());
    out.extend_from_slice(&batch.reserved_at_ms.to_be_bytes());
    out.extend_from_slice(&(batch.orders.len() as u16).to_be_bytes());
    for order in &batch.orders {
        assert!(order.message.len() <= MESSAGE_BYTES_MAX, "the door bounds the note");
        out.extend_from_slice(&order.user.0.to_be_bytes());
        out.extend_from_slice(&order.nonce.0);
        out.extend_from_slice(&order.quantity.to_be_bytes());
        out.extend_from_slice(&order.address.0.to_be_bytes());
        out.extend_from_slice(&(order.message.len() as u16).to_be_bytes());
        out.extend_from_slice(order.message.as_bytes());
    }
}

fn decode_batch(rest: &mut &[u8]) -> Result<Batch, Unreadable> {
    let sale = sale(rest)?;
    let generation = generation(rest)?;
    let sequence = Sequence(u64::from_be_bytes(take(rest)?));
    let price_minor = i64::from_be_bytes(take(rest)?);
    let terms_version = u32::from_be_bytes(take(rest)?);
    let reserved_at_ms = u64::from_be_bytes(take(rest)?);
    let count = usize::from(u16::from_be_bytes(take(rest)?));
    if count == 0 || count > BATCH_MAX || price_minor < 0 {
        return Err(Unreadable::Value);
    }
    let mut orders = Vec::with_capacity(count);
    for _ in 0..count {
        let user = UserId(u64::from_be_bytes(take(rest)?));
        let nonce = Nonce(take(rest)?);
        let quantity = u16::from_be_bytes(take(rest)?);
        let address = AddressId(u64::from_be_bytes(take(rest)?));
        let length = usize::from(u16::from_be_bytes(take(rest)?));
        if quantity == 0 || length > MESSAGE_BYTES_MAX {
            return Err(Unreadable::Value);
        }
        let (message, after) = rest.split_at_checked(length).ok_or(Unreadable::Length)?;
        *rest = after;
        let message = std::str::from_utf8(message).map_err(|_| Unreadable::Value)?.to_owned();
        orders.push(Order { user, nonce, quantity, address, message });
    }
    let entry = EntryId { generation, sequence };
    Ok(Batch { sale, entry, price_minor, terms_version, reserved_at_ms, orders })
}

fn sale(rest: &mut &[u8]) -> Result<SaleId, Unreadable> {
    Ok(SaleId(u64::from_be_bytes(take(rest)?)))
}

fn generation(rest: &mut &[u8]) -> Result<Generation, Unreadable> {
    Ok(Generation(u32::from_be_bytes(take(rest)?)))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Unreadable> {
    let (head, tail) = rest.split_first_chunk().ok_or(Unreadable::Length)?;
    *rest = tail;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let order = |user, message: &str| Order {
            user: UserId(user),
            nonce: Nonce([user as u8; 16]),
            quantity: 2,
            address: AddressId(5),
            message: message.into(),
        };
        Batch {
            sale: SaleId(7),
            entry: EntryId { generation: Generation(3), sequence: Sequence(41) },
            price_minor: 990,
            terms_version: 1,
            reserved_at_ms: 1_700_000_000_000,
            orders: vec![order(1, ""), order(2, "nice")],
        }
    }

    fn hex(record: &Record) -> String {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn bytes_of_version_1_are_pinned() {
        assert_eq!(
            hex(&Record::Orders(batch())),
            concat!(
                "0101",
                "0000000000000007",
                "00000003",
                "0000000000000029",
                "00000000000003de",
                "00000001",
                "0000018bcfe56800",
                "0002",
                "0000000000000001",
                "01010101010101010101010101010101",
                "0002",
                "0000000000000005",
                "0000",
                "0000000000000002",
                "02020202020202020202020202020202",
                "0002",
                "0000000000000005",
                "0004",
                "6e696365",
            )
        );
        let (sale, generation) = (SaleId(7), Generation(4));
        assert_eq!(hex(&Record::Barrier { sale, generation }), "0102000000000000000700000004");
        assert_eq!(hex(&Record::Control { sale, generation }), "0103000000000000000700000004");
    }

    #[test]
    fn records_read_back_and_no_cut_or_longer_text_does() {
        let mut bytes = Vec::new();
        Record::Orders(batch()).encode(&mut bytes);
        assert_eq!(Record::decode(&bytes), Ok(Record::Orders(batch())));
        for cut in 0..bytes.len() {
            assert!(Record::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        bytes.push(0);
        assert_eq!(Record::decode(&bytes), Err(Unreadable::Length));
        bytes[0] = 9;
        assert_eq!(Record::decode(&bytes), Err(Unreadable::Version));
        assert_eq!(Record::decode(&[VERSION, 9]), Err(Unreadable::Kind));
    }

    #[test]
    fn the_largest_batch_fits_the_stated_bound() {
        let mut full = batch();
        full.orders =
            vec![Order { message: "x".repeat(MESSAGE_BYTES_MAX), ..full.orders[0].clone() }; BATCH_MAX];
        let mut bytes = Vec::new();
        encode_batch(&full, &mut bytes);
        assert_eq!(bytes.len(), RECORD_BYTES_MAX);
    }
}
