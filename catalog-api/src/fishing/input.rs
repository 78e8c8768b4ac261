//! What staff send about sessions, and what of it may be accepted.

use crate::error::{Failure, Refusal};
use crate::extract::Entity;
use crate::store::fishing::SessionRow;
use chrono::{NaiveDate, NaiveTime};

/// Kinds of tickets of one session at most.
const TYPES_MAX: usize = 50;
/// Tickets of one kind at most.
const UNITS_MAX: i64 = 1_000_000;
/// Tickets one shopper may hold at most.
const PER_USER_MAX: i64 = 1_000;
/// The largest price, in minor units.
const PRICE_MAX: i64 = 1_000_000_000;

/// Members of a session; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Edit {
    pub name: Option<String>,
    pub place: Option<String>,
    pub pic_url: Option<String>,
    pub date: Option<NaiveDate>,
    pub starts_at: Option<NaiveTime>,
    pub ends_at: Option<NaiveTime>,
    pub is_on: Option<bool>,
    pub ticket_types: Option<Vec<TypeEdit>>,
}

/// A kind of ticket; without an id it is a new one.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct TypeEdit {
    pub id: Option<u64>,
    pub name: Option<String>,
    pub price_minor: Option<i64>,
    pub units: Option<i64>,
    pub per_user_limit: Option<i64>,
}

/// A session that is whole.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Whole {
    pub name: String,
    pub place: String,
    pub pic_url: String,
    pub date: NaiveDate,
    pub starts_at: NaiveTime,
    pub ends_at: NaiveTime,
    pub is_on: bool,
}

/// Reads a body.
pub fn edit(body: &Entity) -> Result<Edit, Refusal> {
    Ok(Edit {
        name: body.text_within("name", 63)?.filter(|name| !name.trim().is_empty()),
        place: body.text_within("place", 127)?,
        pic_url: body.link("picUrl")?,
        date: body.date("date")?,
        starts_at: body.hour("startTime")?,
        ends_at: body.hour("endTime")?,
        is_on: on_or_off(body)?,
        ticket_types: body.rows("ticketTypes")?.map(|rows| types(&rows)).transpose()?,
    })
}

/// `state` is "on" or "off".
pub fn on_or_off(body: &Entity) -> Result<Option<bool>, Refusal> {
    match body.text("state")?.as_deref() {
        None | Some("") => Ok(None),
        Some("on") => Ok(Some(true)),
        Some("off") => Ok(Some(false)),
        Some(_) => Err(Refusal::wrong("state")),
    }
}

fn types(rows: &[Entity]) -> Result<Vec<TypeEdit>, Refusal> {
    if rows.len() > TYPES_MAX {
        return Err(Refusal::wrong("ticketTypes"));
    }
    rows.iter()
        .map(|row| {
            let price = row.money("price")?.map(|price| price.0);
            if price.is_some_and(|price| !(0..=PRICE_MAX).contains(&price)) {
                return Err(Refusal::wrong("price"));
            }
            Ok(TypeEdit {
                id: row.int("id")?.map(|id| u64::try_from(id).unwrap_or(0)),
                name: row.text_within("name", 63)?.filter(|name| !name.trim().is_empty()),
                price_minor: price,
                units: row.int_within("stock", 0, UNITS_MAX)?,
                per_user_limit: row.int_within("limitPerUser", 1, PER_USER_MAX)?,
            })
        })
        .collect()
}

impl Edit {
    /// A new session of it; 401 for what has to be there.
    pub fn new_session(&self) -> Result<Whole, Failure> {
        let whole = Whole {
            name: self.name.clone().ok_or_else(|| Refusal::missing("name"))?,
            place: self.place.clone().unwrap_or_default(),
            pic_url: self.pic_url.clone().unwrap_or_default(),
            date: self.date.ok_or_else(|| Refusal::missing("date"))?,
            starts_at: self.starts_at.ok_or_else(|| Refusal::missing("startTime"))?,
            ends_at: self.ends_at.ok_or_else(|| Refusal::missing("endTime"))?,
            is_on: self.is_on.unwrap_or(true),
        };
        whole.checked()
    }

    /// A session as it is after the change.
    pub fn on(&self, row: &SessionRow) -> Result<Whole, Failure> {
        let whole = Whole {
            name: self.name.clone().unwrap_or_else(|| row.name.clone()),
            place: self.place.clone().unwrap_or_else(|| row.place.clone()),
            pic_url: self.pic_url.clone().unwrap_or_else(|| row.pic_url.clone()),
            date: self.date.unwrap_or(row.held_on),
            starts_at: self.starts_at.unwrap_or(row.starts_at),
            ends_at: self.ends_at.unwrap_or(row.ends_at),
            is_on: self.is_on.unwrap_or(row.is_on),
        };
        whole.checked()
    }
}

impl Whole {
    fn checked(self) -> Result<Self, Failure> {
        if self.ends_at <= self.starts_at {
            return Err(Refusal::wrong_because("endTime", "is not after startTime").into());
        }
        Ok(self)
    }
}
