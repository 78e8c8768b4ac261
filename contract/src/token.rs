//! The purchase token: the right to try, signed so that a forged or foreign one dies before any I/O.
//!
//! 57 bytes, shown as 76 characters of URL-safe base 64 without padding: version (1), sale (8),
//! user (8), generation (4), expiry second (4), nonce (16), then the first 16 bytes of HMAC-SHA-256
//! (RFC 2104, truncated as its section 5 allows) over the 41 bytes before. Numbers are big endian.

use crate::ids::{Generation, Nonce, OrderSn, SaleId, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const VERSION: u8 = 1;
const SIGNED_BYTES: usize = 41;
const MAC_BYTES: usize = 16;
const TOKEN_BYTES: usize = SIGNED_BYTES + MAC_BYTES;
/// Length of a token as text.
pub const TOKEN_TEXT_BYTES: usize = 76;
const _: () = assert!(TOKEN_TEXT_BYTES == TOKEN_BYTES.div_ceil(3) * 4);

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The sale it is for.
    pub sale: SaleId,
    /// The buyer it was issued to.
    pub user: UserId,
    /// The desk generation it was issued in.
    pub generation: Generation,
    /// Unix second after which it cannot be used for the first time.
    pub expires_s: u32,
    /// Its random name.
    pub nonce: Nonce,
}

impl Claims {
    /// The order this token becomes.
    pub fn order_sn(&self) -> OrderSn {
        OrderSn { sale: self.sale, nonce: self.nonce }
    }
}

/// The keys tokens are signed with: the first signs, all verify, so that a key can be replaced while
/// tokens of the old one are alive.
#[derive(Clone)]
pub struct TokenKeys(Vec<Hmac<Sha256>>);

impl TokenKeys {
    /// Prepares the keys, newest first. Panics on an empty list: configuration checks it.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let keys: Vec<_> = secrets
            .into_iter()
            .map(|secret| Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
            .collect();
        assert!(!keys.is_empty(), "at least one token key");
        Self(keys)
    }

    /// The token for these claims; the same claims give the same token.
    pub fn sign(&self, claims: &Claims) -> String {
        let mut bytes = [0; TOKEN_BYTES];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&claims.sale.0.to_be_bytes());
        bytes[9..17].copy_from_slice(&claims.user.0.to_be_bytes());
        bytes[17..21].copy_from_slice(&claims.generation.0.to_be_bytes());
        bytes[21..25].copy_from_slice(&claims.expires_s.to_be_bytes());
        bytes[25..41].copy_from_slice(&claims.nonce.0);
        let mac = self.0[0].clone().chain_update(&bytes[..SIGNED_BYTES]).finalize().into_bytes();
        bytes[SIGNED_BYTES..].copy_from_slice(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token says, or nothing when it was not signed by one of these keys.
    pub fn verify(&self, text: &str) -> Option<Claims> {
        if text.len() != TOKEN_TEXT_BYTES {
            return None;
        }
        let mut bytes = [0; TOKEN_BYTES];
        URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (signed, mac) = bytes.split_at(SIGNED_BYTES);
        if signed[0] != VERSION
            || !self.0.iter().any(|key| key.clone().chain_update(signed).verify_truncated_left(mac).is_ok())
        {
            return None;
        }
        Some(Claims {
            sale: SaleId(u64::from_be_bytes(array(&signed[1..9]))),
            user: UserId(u64::from_be_bytes(array(&signed[9..17]))),
            generation: Generation(u32::from_be_bytes(array(&signed[17..21]))),
            expires_s: u32::from_be_bytes(array(&signed[21..25])),
            nonce: Nonce(array(&signed[25..41])),
        })
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the slice has the array's length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            sale: SaleId(7),
            user: UserId(42),
            generation: Generation(3),
            expires_s: 1_700_000_090,
            nonce: Nonce(*b"0123456789abcdef"),
        }
    }

    #[test]
    fn bytes_are_pinned() {
        let keys = TokenKeys::new([b"a test key of thirty-two bytes !!".as_slice()]);
        assert_eq!(
            keys.sign(&claims()),
            "AQAAAAAAAAAHAAAAAAAAACoAAAADZVPxWjAxMjM0NTY3ODlhYmNkZWZY2AbuXh_3ZTZsXS41g6zg"
        );
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let keys = TokenKeys::new([b"new".as_slice(), b"old"]);
        let token = keys.sign(&claims());
        assert_eq!(keys.verify(&token), Some(claims()));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(keys.verify(&URL_SAFE_NO_PAD.encode(forged)), None, "bit {bit}");
        }
        for cut in 0..token.len() {
            assert_eq!(keys.verify(&token[..cut]), None);
        }
    }

    #[test]
    fn an_old_key_still_verifies_and_a_foreign_one_does_not() {
        let old = TokenKeys::new([b"old".as_slice()]);
        let both = TokenKeys::new([b"new".as_slice(), b"old"]);
        let token = old.sign(&claims());
        assert_eq!(both.verify(&token), Some(claims()));
        assert_eq!(TokenKeys::new([b"new".as_slice()]).verify(&token), None);
        assert_ne!(both.sign(&claims()), token);
    }
}
