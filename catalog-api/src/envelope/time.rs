//! Times: UTC inside, `yyyy-MM-dd HH:mm:ss` of one configured offset outside.

use chrono::{Duration, NaiveDateTime};
use std::str::FromStr;

const SHAPE: &str = "%Y-%m-%d %H:%M:%S";

/// The offset in which people read and write times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    offset: Duration,
}

/// Not an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoOffset;

impl FromStr for Zone {
    type Err = NoOffset;

    fn from_str(text: &str) -> Result<Self, NoOffset> {
        let (sign, rest) = match text.split_at_checked(1).ok_or(NoOffset)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return Err(NoOffset),
        };
        let (hours, minutes) = rest.split_once(':').ok_or(NoOffset)?;
        let number = |text: &str, max: i64| {
            let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i64>().ok().filter(|number| fits && *number <= max).ok_or(NoOffset)
        };
        let minutes = number(hours, 14)? * 60 + number(minutes, 59)?;
        Ok(Self { offset: Duration::minutes(sign * minutes) })
    }
}

impl Zone {
    /// A UTC time as people read it.
    pub fn show(self, utc: NaiveDateTime) -> String {
        // The offset is hours and the ledger's times are centuries from either end of the calendar.
        utc.checked_add_signed(self.offset).unwrap_or(utc).format(SHAPE).to_string()
    }

    /// Seconds by which people's clocks are ahead of UTC.
    pub fn offset_s(self) -> i32 {
        // At most 14 hours and 59 minutes, see from_str.
        self.offset.num_seconds() as i32
    }

    /// What people's clocks show at a UTC time.
    pub fn local(self, utc: NaiveDateTime) -> NaiveDateTime {
        utc.checked_add_signed(self.offset).unwrap_or(utc)
    }

    /// The UTC time of what people wrote, if it is a time.
    pub fn read(self, text: &str) -> Option<NaiveDateTime> {
        // chrono's numeric fields would also take signs, blanks and single digits.
        let shape = b"0000-00-00 00:00:00";
        let fits = text.len() == shape.len()
            && text.bytes().zip(shape).all(|(byte, &slot)| match slot {
                b'0' => byte.is_ascii_digit(),
                other => byte == other,
            });
        let local = NaiveDateTime::parse_from_str(text, SHAPE).ok().filter(|_| fits)?;
        let utc = local.checked_sub_signed(self.offset)?;
        // What a datetime column can hold.
        (1000..=9998).contains(&chrono::Datelike::year(&utc)).then_some(utc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_in_any_offset() {
        for offset in ["+08:00", "-03:30", "+00:00"] {
            let zone: Zone = offset.parse().unwrap();
            let utc = zone.read("2025-11-11 20:00:00").unwrap();
            assert_eq!(zone.show(utc), "2025-11-11 20:00:00");
        }
        let utc = "+08:00".parse::<Zone>().unwrap().read("2025-01-01 00:00:00").unwrap();
        assert_eq!(utc.to_string(), "2024-12-31 16:00:00");
    }

    #[test]
    fn only_the_one_shape_is_read() {
        let zone: Zone = "+08:00".parse().unwrap();
        for text in [
            "",
            "2025-11-11",
            "2025-11-11T20:00:00",
            "2025-1-1 1:1:1",
            "2025-02-30 00:00:00",
            "0000-00-00 00:00:00",
        ] {
            assert_eq!(zone.read(text), None, "{text}");
        }
        for offset in ["", "8", "+8:00", "+08:60", "08:00", "+15:00", "é8:00", "+-1:00"] {
            assert!(offset.parse::<Zone>().is_err(), "{offset}");
        }
    }
}
