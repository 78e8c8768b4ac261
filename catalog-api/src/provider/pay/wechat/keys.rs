//! The keys of a merchant: its own that signs, the provider's that are checked against, and the one that
//! opens what call-backs say.

use crate::clock::unix_s;
use crate::error::Fault;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};

/// How far the time of an answer or a call-back may be from ours.
const AGE_MAX_S: u64 = 300;

/// The merchant's key.
pub(super) struct SigningKey(RsaKeyPair);

impl SigningKey {
    /// Of a PKCS#8 file.
    pub(super) fn of_pem(pem: &str) -> Option<Self> {
        let (label, der) = decoded(pem)?;
        (label == "PRIVATE KEY").then(|| RsaKeyPair::from_pkcs8(&der).ok()).flatten().map(Self)
    }

    /// Signs a text; base64.
    pub(super) fn sign(&self, text: &str) -> Result<String, Fault> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| Fault::Provider("the merchant's key does not sign".into()))?;
        Ok(STANDARD.encode(signature))
    }
}

/// The provider's keys by their ids; there are two of them while it changes from one to the next.
#[derive(Default)]
pub(super) struct PlatformKeys(Vec<(String, UnparsedPublicKey<Vec<u8>>)>);

impl PlatformKeys {
    /// Adds a public key or a certificate; nothing when it is neither.
    pub(super) fn add(&mut self, id: &str, pem: &str) -> Option<()> {
        let (label, der) = decoded(pem)?;
        let info = match label {
            "PUBLIC KEY" => der.as_slice(),
            "CERTIFICATE" => info_of_certificate(&der)?,
            _ => return None,
        };
        let key = key_of_info(info)?.to_vec();
        self.0.push((id.to_owned(), UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)));
        Some(())
    }

    /// Whether the provider signed these bytes, and not long ago.
    pub(super) fn signed(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        self.checked(headers, body).is_some()
    }

    fn checked(&self, headers: &HeaderMap, body: &[u8]) -> Option<()> {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let timestamp = header("wechatpay-timestamp")?;
        if unix_s().abs_diff(timestamp.parse().ok()?) > AGE_MAX_S {
            return None;
        }
        let signature = STANDARD.decode(header("wechatpay-signature")?).ok()?;
        let id = header("wechatpay-serial")?;
        let (_, key) = self.0.iter().find(|(known, _)| known == id)?;
        let mut signed = format!("{timestamp}\n{}\n", header("wechatpay-nonce")?).into_bytes();
        signed.extend_from_slice(body);
        signed.push(b'\n');
        key.verify(&signed, &signature).ok()
    }
}

/// The key that opens what is sealed.
pub(super) struct SealKey(LessSafeKey);

impl SealKey {
    /// Of the 32 characters the merchant has set.
    pub(super) fn new(key: &str) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, key.as_bytes()).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Opens a sealed text.
    pub(super) fn open(&self, ciphertext: &str, nonce: &str, associated: &str) -> Option<Vec<u8>> {
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).ok()?;
        let mut bytes = STANDARD.decode(ciphertext).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::from(associated.as_bytes()), &mut bytes).ok()?;
        Some(opened.to_vec())
    }
}

/// Label and bytes of the first block of a PEM file.
fn decoded(pem: &str) -> Option<(&str, Vec<u8>)> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    Some((label, STANDARD.decode(body).ok()?))
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
/// `[0]`, the version of a certificate, which old ones leave out.
const VERSION: u8 = 0xa0;

/// One element of DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(count)?;
        (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The whole element of a certificate that holds its public key: the sixth one after the version.
fn info_of_certificate(der: &[u8]) -> Option<&[u8]> {
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    if element(rest)?.0 == VERSION {
        rest = element(rest)?.2;
    }
    // Serial number, algorithm, issuer, validity, subject.
    for _ in 0..5 {
        rest = element(rest)?.2;
    }
    Some(rest)
}

/// The RSA key inside of a public key: the content of the bit string, which begins with its unused bits.
fn key_of_info(der: &[u8]) -> Option<&[u8]> {
    let (tag, info, _) = element(der)?;
    let (_, _, rest) = element(info)?;
    let (bits, key, _) = element(rest)?;
    let (&unused, key) = key.split_first()?;
    (tag == SEQUENCE && bits == BIT_STRING && unused == 0).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_broken_is_no_key() {
        for pem in ["", "nonsense", "-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----"] {
            assert!(PlatformKeys::default().add("id", pem).is_none(), "{pem}");
            assert!(SigningKey::of_pem(pem).is_none(), "{pem}");
        }
        // Every cut of a well-formed one ends in nothing, never in a panic.
        let der = [0x30, 0x0a, 0x30, 0x02, 0x05, 0x00, 0x03, 0x04, 0x00, 1, 2, 3];
        assert_eq!(key_of_info(&der), Some([1, 2, 3].as_slice()));
        for end in 0..der.len() {
            assert_eq!(key_of_info(&der[..end]), None, "{end}");
        }
        assert_eq!(element(&[0x30, 0x85, 1, 1, 1, 1, 1]), None, "a length nothing can have");
        assert!(SealKey::new("too short").is_none());
    }
}
