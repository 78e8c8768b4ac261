//! Days and hours of the day, as people read and write them. A session or a slot is at a place, so its
//! day and hours are those of the clocks there and are stored as such.

use crate::clock::unix_s;
use crate::envelope::Zone;
use crate::error::Refusal;
use crate::extract::{Entity, Query};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};

/// What people's clocks show now.
pub fn now(zone: Zone) -> NaiveDateTime {
    // Seconds since 1970 fit until long after the calendar's end.
    let utc = DateTime::from_timestamp(unix_s().cast_signed(), 0).unwrap_or_default();
    zone.local(utc.naive_utc())
}

/// `yyyy-MM-dd`, if it is a day.
pub fn read_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    // The parser also takes single digits and signs.
    let same = show_date(date) == text;
    (same && (1000..=9998).contains(&date.year())).then_some(date)
}

/// `HH:mm` or `HH:mm:ss`, if it is an hour of the day.
pub fn read_hour(text: &str) -> Option<NaiveTime> {
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !(2..=3).contains(&text.split(':').count()) || !text.split(':').all(digits) {
        return None;
    }
    let whole = if text.len() == 5 { format!("{text}:00") } else { text.to_owned() };
    // A leap second is no hour of a table.
    NaiveTime::parse_from_str(&whole, "%H:%M:%S").ok().filter(|_| !whole.ends_with(":60"))
}

/// A day as people read it.
pub fn show_date(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

/// An hour of the day as people read it.
pub fn show_hour(hour: NaiveTime) -> String {
    hour.format("%H:%M").to_string()
}

impl Query {
    /// A day.
    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>, Refusal> {
        self.text(name).map(|text| read_date(text.trim()).ok_or_else(|| Refusal::wrong(name))).transpose()
    }
}

impl Entity {
    /// A day.
    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>, Refusal> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.map(|text| read_date(text.trim()).ok_or_else(|| Refusal::wrong(name))).transpose()
    }

    /// An hour of the day.
    pub fn hour(&self, name: &str) -> Result<Option<NaiveTime>, Refusal> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.map(|text| read_hour(text.trim()).ok_or_else(|| Refusal::wrong(name))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_read_back_as_they_were_written() {
        assert_eq!(read_date("2026-02-28").map(show_date).as_deref(), Some("2026-02-28"));
        assert_eq!(read_hour("06:30").map(show_hour).as_deref(), Some("06:30"));
        assert_eq!(read_hour("23:59:59").map(show_hour).as_deref(), Some("23:59"));
        for text in
            ["", "2026-2-3", "2026-02-30", "0000-01-01", "20260203", "+2026-02-03", "2026-02-03 10:00"]
        {
            assert_eq!(read_date(text), None, "{text}");
        }
        for text in ["", "24:00", "6:30", "06:60", "06", "06:30:60", "06:30:00:00", "+6:30", "ab:cd"] {
            assert_eq!(read_hour(text), None, "{text}");
        }
    }
}
