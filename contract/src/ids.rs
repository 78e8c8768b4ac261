//! Identifiers as types of their own, so that two of them cannot be swapped unnoticed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

number!(
    /// One flash-sale activity on one resource.
    SaleId(u64)
);
number!(
    /// A shopper's account.
    UserId(u64)
);
number!(
    /// An address in the shopper's address book; 0 means the default one.
    AddressId(u64)
);
number!(
    /// How often the desk of a sale was built; 0 means never.
    Generation(u32)
);
number!(
    /// Counts the desk's writes within a generation.
    Sequence(u64)
);

/// The random name of one purchase token and of the order it becomes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub [u8; 16]);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32(self.0))
    }
}

/// An outbox entry: the batch of reservations one script call wrote. Shown as `generation-sequence`,
/// which is also its id in the Redis stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// The desk's generation.
    pub generation: Generation,
    /// The write within it.
    pub sequence: Sequence,
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.generation, self.sequence)
    }
}

impl FromStr for EntryId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (generation, sequence) = text.split_once('-').ok_or(Malformed)?;
        Ok(Self {
            generation: generation.parse().map_err(|_| Malformed)?,
            sequence: sequence.parse().map_err(|_| Malformed)?,
        })
    }
}

/// The order number of a flash-sale purchase: the sale and the token it came from, so that one token
/// can only ever name one order. Shown as `<sale>-<26 characters of base 32>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderSn {
    /// The sale it was bought in.
    pub sale: SaleId,
    /// The token that was used.
    pub nonce: Nonce,
}

impl fmt::Display for OrderSn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.sale, base32(self.nonce.0))
    }
}

impl FromStr for OrderSn {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (sale, nonce) = text.split_once('-').ok_or(Malformed)?;
        let parsed = Self {
            sale: sale.parse().map_err(|_| Malformed)?,
            nonce: Nonce(unbase32(nonce).ok_or(Malformed)?),
        };
        // One order has one spelling, so that a text comparison is a comparison of orders.
        if parsed.to_string() == text { Ok(parsed) } else { Err(Malformed) }
    }
}

/// The text is not an identifier of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct Malformed;

// Crockford's alphabet in lower case: no letter that reads like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn base32(bytes: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bytes);
    (0..26).rev().map(|place| ALPHABET[(number >> (5 * place)) as usize & 31] as char).collect()
}

fn unbase32(text: &str) -> Option<[u8; 16]> {
    if text.len() != 26 {
        return None;
    }
    let mut number: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|&letter| letter == byte)? as u128;
        if number >> 123 != 0 {
            return None;
        }
        number = number << 5 | digit;
    }
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_number_reads_back_and_has_one_spelling() {
        for bytes in [[0; 16], [255; 16], *b"0123456789abcdef"] {
            let sn = OrderSn { sale: SaleId(12), nonce: Nonce(bytes) };
            assert_eq!(sn.to_string().parse(), Ok(sn));
            assert_eq!(format!("0{sn}").parse::<OrderSn>(), Err(Malformed));
            assert_eq!(sn.to_string().to_uppercase().replace('-', "_").parse::<OrderSn>(), Err(Malformed));
        }
        assert_eq!("12-zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<OrderSn>(), Err(Malformed));
    }

    #[test]
    fn an_entry_id_reads_back() {
        let id = EntryId { generation: Generation(3), sequence: Sequence(41) };
        assert_eq!(id.to_string(), "3-41");
        assert_eq!("3-41".parse(), Ok(id));
        assert_eq!("3".parse::<EntryId>(), Err(Malformed));
    }
}
