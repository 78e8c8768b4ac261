//! Money: integers of minor units inside, JSON numbers of major units outside. No arithmetic is done on
//! floats; a float appears only as the last step of writing, within the digits where it is exact.

use serde::{Serialize, Serializer};
use serde_json::Number;

/// An amount in minor units (cents).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub i64);

/// Any decimal of up to 15 digits survives the way through a double (IEEE 754), so this is the largest
/// amount that is taken or written with a fraction.
pub const MAX_MINOR: i64 = 999_999_999_999_999;

impl Money {
    /// The amount of a JSON number such as `9.9`, if it is one with at most two places.
    pub fn from_number(number: &Number) -> Option<Self> {
        // The shortest text of the parsed double is the text that was sent, see MAX_MINOR.
        Self::from_text(&number.to_string())
    }

    /// The amount nearest to what a client computed with floats, if it is one at all.
    pub fn nearest(amount: f64) -> Option<Self> {
        let minor = (amount * 100.0).round();
        // False for what is no number, too.
        (minor.abs() <= MAX_MINOR as f64).then_some(Self(minor as i64))
    }

    /// The amount of a text such as `12`, `12.5` or ` 12.50 `.
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 2 {
            return None;
        }
        let minor = whole.parse::<i64>().ok()?.checked_mul(100)?;
        let minor = minor.checked_add(format!("{fraction:0<2}").parse().ok()?)?;
        (minor <= MAX_MINOR).then_some(Self(if negative { -minor } else { minor }))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 100 == 0 {
            serializer.serialize_i64(self.0 / 100)
        } else if self.0.abs() <= MAX_MINOR {
            serializer.serialize_f64(self.0 as f64 / 100.0)
        } else {
            Err(serde::ser::Error::custom("an amount has more digits than can be written"))
        }
    }
}

impl utoipa::PartialSchema for Money {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Number)
            .description(Some("decimal with two places"))
            .into()
    }
}

impl utoipa::ToSchema for Money {}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(minor: i64) -> String {
        serde_json::to_string(&serde_json::to_value(Money(minor)).unwrap()).unwrap()
    }

    #[test]
    fn amounts_are_written_as_plain_decimals() {
        for (minor, text) in [(990, "9.9"), (89_900, "899"), (1, "0.01"), (-5, "-0.05"), (0, "0")] {
            assert_eq!(written(minor), text);
        }
        assert_eq!(written(MAX_MINOR), "9999999999999.99");
        assert_eq!(written(i64::MAX - 7), "92233720368547758");
        assert!(serde_json::to_value(Money(i64::MAX)).is_err());
    }

    #[test]
    fn every_amount_reads_back_as_it_was_written() {
        for minor in (0..200_000).chain((MAX_MINOR - 5_000)..=MAX_MINOR) {
            let number: Number = serde_json::from_str(&written(minor)).unwrap();
            assert_eq!(Money::from_number(&number), Some(Money(minor)));
        }
    }

    #[test]
    fn what_floats_made_of_an_amount_is_rounded() {
        for (amount, minor) in
            [(0.1 + 0.2, 30), (19.9 - 8.0, 1190), (-0.005, -1), (1e300, -7), (f64::NAN, -7)]
        {
            assert_eq!(Money::nearest(amount).map_or(-7, |money| money.0), minor, "{amount}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "abc", "1.234", "1e3", "--1", "1.2.3", ".", "99999999999999999999", "0x10", "１"] {
            assert_eq!(Money::from_text(text), None, "{text}");
        }
        assert_eq!(Money::from_text("+12.50"), Some(Money(1250)));
        assert_eq!(Money::from_text("-0.5"), Some(Money(-50)));
        assert_eq!(Money::from_text("7."), Some(Money(700)));
    }
}
