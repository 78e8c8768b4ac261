//! What staff send about stands, and what of it may be accepted.

use crate::error::{Failure, Refusal, SLOTS_OVERLAP};
use crate::extract::Entity;
use crate::fishing::input::on_or_off;
use crate::store::bbq::StandRow;
use chrono::NaiveTime;

/// Slots of one stand at most.
const SLOTS_MAX: usize = 48;
/// People at one stand at most.
const CAPACITY_MAX: i64 = 1_000;
/// The largest price, in minor units.
const PRICE_MAX: i64 = 1_000_000_000;

/// Members of a stand; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Edit {
    pub name: Option<String>,
    pub pic_url: Option<String>,
    pub capacity: Option<i64>,
    pub price_minor: Option<i64>,
    pub is_on: Option<bool>,
    pub slots: Option<Vec<SlotEdit>>,
}

/// A slot; without an id it is a new one.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct SlotEdit {
    pub id: Option<u64>,
    pub from: NaiveTime,
    pub to: NaiveTime,
}

/// A stand that is whole.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named as the members of the body are")]
pub struct Whole {
    pub name: String,
    pub pic_url: String,
    pub capacity: i64,
    pub price_minor: i64,
    pub is_on: bool,
}

/// Reads a body.
pub fn edit(body: &Entity) -> Result<Edit, Refusal> {
    let price = body.money("price")?.map(|price| price.0);
    if price.is_some_and(|price| !(0..=PRICE_MAX).contains(&price)) {
        return Err(Refusal::wrong("price"));
    }
    Ok(Edit {
        name: body.text_within("name", 63)?.filter(|name| !name.trim().is_empty()),
        pic_url: body.link("picUrl")?,
        capacity: body.int_within("capacity", 1, CAPACITY_MAX)?,
        price_minor: price,
        is_on: on_or_off(body)?,
        slots: body.rows("slots")?.map(|rows| slots(&rows)).transpose()?,
    })
}

fn slots(rows: &[Entity]) -> Result<Vec<SlotEdit>, Refusal> {
    if rows.len() > SLOTS_MAX {
        return Err(Refusal::wrong("slots"));
    }
    let slots = rows.iter().map(|row| {
        let from = row.hour("from")?.ok_or_else(|| Refusal::missing("from"))?;
        let to = row.hour("to")?.ok_or_else(|| Refusal::missing("to"))?;
        if to <= from {
            return Err(Refusal::wrong_because("to", "is not after from"));
        }
        let id = row.int("id")?.map(|id| u64::try_from(id).unwrap_or(0));
        Ok(SlotEdit { id, from, to })
    });
    let slots: Vec<SlotEdit> = slots.collect::<Result<_, _>>()?;
    if overlap(&slots) { Err(SLOTS_OVERLAP) } else { Ok(slots) }
}

fn overlap(slots: &[SlotEdit]) -> bool {
    let mut windows: Vec<_> = slots.iter().map(|slot| (slot.from, slot.to)).collect();
    windows.sort_unstable();
    windows.windows(2).any(|pair| pair[0].1 > pair[1].0)
}

impl Edit {
    /// A new stand of it; 401 for what has to be there.
    pub fn new_stand(&self) -> Result<Whole, Failure> {
        Ok(Whole {
            name: self.name.clone().ok_or_else(|| Refusal::missing("name"))?,
            pic_url: self.pic_url.clone().unwrap_or_default(),
            capacity: self.capacity.ok_or_else(|| Refusal::missing("capacity"))?,
            price_minor: self.price_minor.ok_or_else(|| Refusal::missing("price"))?,
            is_on: self.is_on.unwrap_or(true),
        })
    }

    /// A stand as it is after the change.
    pub fn on(&self, row: &StandRow) -> Whole {
        Whole {
            name: self.name.clone().unwrap_or_else(|| row.name.clone()),
            pic_url: self.pic_url.clone().unwrap_or_else(|| row.pic_url.clone()),
            capacity: self.capacity.unwrap_or(row.capacity.into()),
            price_minor: self.price_minor.unwrap_or(row.price_minor),
            is_on: self.is_on.unwrap_or(row.is_on),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(slots: &str) -> Result<Edit, Refusal> {
        edit(&Entity::parse(format!(r#"{{"slots":{slots}}}"#).as_bytes()).unwrap())
    }

    #[test]
    fn slots_may_touch_and_not_overlap() {
        let touching = r#"[{"from":"14:00","to":"18:00"},{"from":"10:00","to":"14:00"}]"#;
        assert_eq!(read(touching).unwrap().slots.unwrap().len(), 2);
        for (slots, errno) in [
            (r#"[{"from":"10:00","to":"14:00"},{"from":"13:59","to":"18:00"}]"#, 687),
            (r#"[{"from":"10:00","to":"14:00"},{"from":"10:00","to":"14:00"}]"#, 687),
            (r#"[{"from":"10:00","to":"10:00"}]"#, 402),
            (r#"[{"from":"10:00"}]"#, 401),
            (r#"[{"from":"25:00","to":"26:00"}]"#, 402),
        ] {
            assert_eq!(read(slots).unwrap_err().errno, errno, "{slots}");
        }
    }
}
