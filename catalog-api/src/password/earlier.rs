//! Hashes of earlier systems, as an import puts them into the table:
//!
//! - bcrypt, `$2a$…`, as litemall stores them;
//! - salted MD5, `$md5$<salt>$<32 hexadecimal digits>`, of the password and the salt in either order.
//!
//! MD5 is no protection, so [`sealed`] wraps it in argon2id as soon as the tables are migrated; the log-in
//! that knows the password replaces the wrapping.

use super::{hashed, is_of};
use crate::random::hex;
use md5::{Digest, Md5};

const MD5: &str = "$md5$";
/// The work of a bcrypt hash doubles with its cost; a table that was tampered with must not stop us.
const BCRYPT_COST_MAX: u32 = 14;

/// Whether a password fits such a hash.
pub(super) fn fits(password: &str, stored: &str) -> bool {
    if stored.starts_with("$2") {
        let cost = stored.split('$').nth(2).and_then(|cost| cost.parse().ok()).unwrap_or(u32::MAX);
        return cost <= BCRYPT_COST_MAX && bcrypt::verify(password, stored).unwrap_or(false);
    }
    let Some((salt, rest)) = parts(stored) else { return false };
    let digests = [format!("{password}{salt}"), format!("{salt}{password}")];
    digests.map(|text| hex(&Md5::digest(text))).iter().any(|digest| match rest.strip_prefix("argon2id$") {
        Some(_) => is_of(digest, &format!("${rest}")),
        None => rest.eq_ignore_ascii_case(digest),
    })
}

/// A bare MD5 hash wrapped in argon2id; nothing for what is none.
pub fn sealed(stored: &str) -> Option<String> {
    let (salt, digest) = parts(stored)?;
    let bare = digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    bare.then(|| format!("{MD5}{salt}{}", hashed(&digest.to_ascii_lowercase())))
}

/// Salt, and what stands behind it.
fn parts(stored: &str) -> Option<(&str, &str)> {
    stored.strip_prefix(MD5)?.split_once('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bcrypt_of_any_prefix_is_read_unless_it_costs_too_much() {
        let hash = bcrypt::hash("user123", 4).unwrap();
        assert!(fits("user123", &hash));
        assert!(fits("user123", &hash.replacen("$2b$", "$2a$", 1)));
        assert!(!fits("user124", &hash));
        assert!(!fits("user123", &hash.replacen("$04$", "$31$", 1)));
        assert!(!fits("user123", "$2a$"));
    }

    #[test]
    fn salted_md5_is_read_in_both_orders_bare_and_sealed() {
        let (after, before) = (hex(&Md5::digest("user123pepper")), hex(&Md5::digest("pepperuser123")));
        for digest in [after, before] {
            let bare = format!("$md5$pepper${digest}");
            let sealed = sealed(&bare).unwrap();
            assert!(!sealed.contains(&digest) && sealed.contains("$argon2id$"), "{sealed}");
            for stored in [bare, sealed.clone()] {
                assert!(fits("user123", &stored));
                assert!(!fits("user12", &stored));
            }
            assert_eq!(super::sealed(&sealed), None);
        }
        assert!(!fits("x", "$md5$"));
        assert_eq!(super::sealed("$argon2id$v=19$x"), None);
    }
}
