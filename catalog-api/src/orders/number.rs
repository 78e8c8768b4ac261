//! Numbers of orders and after-sales: the day, and ten random digits. A unique key decides whether one
//! is free; who inserts tries again with another one.

use crate::clock::unix_s;
use crate::envelope::Zone;
use crate::random;
use chrono::DateTime;

/// Times another number is tried. With ten digits a day, one collision is rare and three are a fault.
pub const TRIES: usize = 4;

/// A number for today.
pub fn fresh(zone: Zone) -> String {
    let now = DateTime::from_timestamp(unix_s().cast_signed(), 0).unwrap_or_default().naive_utc();
    let day: String = zone.show(now).chars().take(10).filter(char::is_ascii_digit).collect();
    let digits = u64::from_le_bytes(random::bytes()) % 10_000_000_000;
    format!("{day}{digits:010}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_day_and_ten_digits() {
        let number = fresh("+08:00".parse().unwrap());
        assert_eq!(number.len(), 18);
        assert!(number.bytes().all(|byte| byte.is_ascii_digit()) && number.starts_with("20"));
        assert_ne!(number, fresh("+08:00".parse().unwrap()));
    }
}
