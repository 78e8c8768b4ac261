//! The session: a JWT (RFC 7519, HS256 only) that both services check without asking anybody.
//!
//! The record behind it lives in Redis (`keys::session`) and is written by catalog-api; whoever
//! verifies a session also has to ask whether it was revoked.

use crate::ids::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// Who issues sessions.
pub const ISSUER: &str = "mall";
/// Clock difference that is forgiven, in seconds.
pub const LEEWAY_S: u64 = 30;

/// Whom a session is for; a session of one audience is refused by the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Shoppers.
    Shop,
    /// Shop staff.
    Staff,
}

impl Audience {
    fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Staff => "staff",
        }
    }
}

/// What a session says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Account number, of a shopper or of staff, as text.
    pub sub: String,
    /// The audience.
    pub aud: Audience,
    /// The issuer, always [`ISSUER`].
    pub iss: String,
    /// Not before, unix second.
    pub nbf: u64,
    /// Expiry, unix second.
    pub exp: u64,
    /// The session's id: 32 hexadecimal characters.
    pub sid: String,
    /// Level of the shopper: 0 normal, 1 VIP, 2 senior VIP; 0 for staff.
    pub level: u8,
}

impl Claims {
    /// The account number.
    pub fn user(&self) -> Option<UserId> {
        self.sub.parse().ok()
    }
}

/// Keys of the session codec: `kid` and secret, newest first. The first signs, all verify.
pub struct SessionKeys {
    keys: Vec<(String, EncodingKey, DecodingKey)>,
    /// What is checked for either audience. It holds sets of strings, so it is built once.
    rules: [Validation; 2],
}

impl SessionKeys {
    /// Prepares the keys. Panics on an empty list: configuration checks it.
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let keys: Vec<_> = keys
            .into_iter()
            .map(|(kid, secret)| {
                (kid.to_owned(), EncodingKey::from_secret(secret), DecodingKey::from_secret(secret))
            })
            .collect();
        assert!(!keys.is_empty(), "at least one session key");
        Self { keys, rules: [Audience::Shop, Audience::Staff].map(rules) }
    }

    /// The signed session.
    pub fn sign(&self, claims: &Claims) -> String {
        let (kid, key, _) = &self.keys[0];
        let header = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, claims, key).expect("claims are plain text and numbers")
    }

    /// The claims of a session of this audience, or nothing when anything about it is wrong. The
    /// algorithm is fixed here and never read from the text.
    pub fn verify(&self, text: &str, audience: Audience) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(text).ok()?;
        let kid = header.kid?;
        let (_, _, key) = self.keys.iter().find(|(known, _, _)| *known == kid)?;
        let rules = &self.rules[audience as usize];
        jsonwebtoken::decode::<Claims>(text, key, rules).ok().map(|data| data.claims)
    }
}

fn rules(audience: Audience) -> Validation {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.leeway = LEEWAY_S;
    rules.validate_nbf = true;
    rules.set_audience(&[audience.name()]);
    rules.set_issuer(&[ISSUER]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: u64) -> Claims {
        Claims {
            sub: "42".into(),
            aud: Audience::Shop,
            iss: ISSUER.into(),
            nbf: 1,
            exp,
            sid: "00".repeat(16),
            level: 1,
        }
    }

    #[test]
    fn only_the_right_key_audience_and_time_pass() {
        let keys = SessionKeys::new([("a", b"secret of a".as_slice()), ("b", b"secret of b")]);
        let session = keys.sign(&claims(u32::MAX.into()));
        assert_eq!(keys.verify(&session, Audience::Shop), Some(claims(u32::MAX.into())));
        assert_eq!(keys.verify(&session, Audience::Staff), None);
        assert_eq!(keys.verify(&keys.sign(&claims(1)), Audience::Shop), None);
        let late = Claims { nbf: u64::from(u32::MAX) - 1, ..claims(u32::MAX.into()) };
        assert_eq!(keys.verify(&keys.sign(&late), Audience::Shop), None);
        let other = SessionKeys::new([("a", b"another secret".as_slice())]);
        assert_eq!(other.verify(&session, Audience::Shop), None);
    }

    #[test]
    fn no_other_algorithm_and_no_unknown_kid_pass() {
        let keys = SessionKeys::new([("a", b"secret of a".as_slice())]);
        let session = keys.sign(&claims(u32::MAX.into()));
        let (_, payload_and_mac) = session.split_once('.').unwrap();
        let (payload, _) = payload_and_mac.split_once('.').unwrap();
        // {"typ":"JWT","alg":"none","kid":"a"} with and without a signature.
        let none = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIiwia2lkIjoiYSJ9";
        assert_eq!(keys.verify(&format!("{none}.{payload}."), Audience::Shop), None);
        assert_eq!(keys.verify(&format!("{none}.{payload_and_mac}"), Audience::Shop), None);
        for (algorithm, kid) in
            [(Algorithm::HS384, Some("a")), (Algorithm::HS256, None), (Algorithm::HS256, Some("../a"))]
        {
            let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
            let text = jsonwebtoken::encode(
                &header,
                &claims(u32::MAX.into()),
                &EncodingKey::from_secret(b"secret of a"),
            )
            .unwrap();
            assert_eq!(keys.verify(&text, Audience::Shop), None);
        }
    }
}
