//! Names of Redis keys. All keys of a sale carry one hash tag, so that a cluster holds them together.

use crate::ids::SaleId;

/// The five keys of a sale's desk; `lua/README.md` says what stands in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskKeys {
    /// Hash: generation, sequence, units and rules.
    pub terms: String,
    /// Hash: user id to buyer record.
    pub buyers: String,
    /// Stream: reservations not yet seen in the ledger.
    pub outbox: String,
    /// Hash: expiry second to live tokens.
    pub tokens: String,
    /// Hash: stock change id to generation.
    pub changes: String,
}

impl DeskKeys {
    /// The keys of a sale under a prefix; the prefix keeps installations on one Redis apart.
    pub fn new(prefix: &str, sale: SaleId) -> Self {
        let key = |name: &str| format!("{prefix}:{{sale-{sale}}}:{name}");
        Self {
            terms: key("terms"),
            buyers: key("buyers"),
            outbox: key("outbox"),
            tokens: key("tokens"),
            changes: key("changes"),
        }
    }
}

/// String: the record behind a session, with the session's remaining life as its expiry. Its value is
/// catalog-api's business; whoever verifies a session asks whether it exists.
pub fn session(prefix: &str, sid: &str) -> String {
    format!("{prefix}:session:{sid}")
}

/// Stream: revoked sessions, oldest first, each with the one field `sid`; trimmed to entries younger
/// than the longest session. Written by catalog-api, followed by both services.
pub fn revocations(prefix: &str) -> String {
    format!("{prefix}:revocations")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_sale_share_one_hash_tag() {
        let keys = DeskKeys::new("mall", SaleId(7));
        assert_eq!(keys.terms, "mall:{sale-7}:terms");
        for key in [keys.terms, keys.buyers, keys.outbox, keys.tokens, keys.changes] {
            assert_eq!(key.split(['{', '}']).nth(1), Some("sale-7"));
        }
        assert_eq!(session("mall", "ab"), "mall:session:ab");
        assert_eq!(revocations("mall"), "mall:revocations");
    }
}
