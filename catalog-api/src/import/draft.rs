//! A row on its way: judged column by column, then as a whole.

use super::cell::{self, Read};
use super::ids::Ids;
use super::table::{Column, Deleted, Kind, Stays, Subject, Table};
use crate::envelope::Zone;
use crate::permission::Registry;
use crate::store::import::{ColumnRow, Value};
use crate::store::litemall::SourceRow;
use chrono::NaiveDateTime;
use std::collections::HashMap;

/// What rows are judged by.
pub struct Law {
    /// In which times are stored there.
    pub zone: Zone,
    /// What texts our columns hold.
    pub texts: Texts,
    /// Which permissions there are.
    pub registry: Registry,
    /// How long an order waits for its payment.
    pub unpaid_minutes: i64,
    /// The administrative codes we know.
    pub regions: Ids,
    /// Rows that repeat an earlier one, for each unique key of each table.
    pub repeated: HashMap<&'static str, Vec<Ids>>,
    /// When it began, for rows that do not know when they were added.
    pub began: NaiveDateTime,
}

/// What texts our columns hold, by table and column.
#[derive(Debug, Default)]
pub struct Texts(HashMap<(String, String), ColumnRow>);

impl Texts {
    /// Of the columns of our database.
    pub fn of(columns: Vec<ColumnRow>) -> Self {
        let named = |row: ColumnRow| ((row.table_name.clone(), row.column_name.clone()), row);
        Self(columns.into_iter().map(named).collect())
    }

    /// The columns of some names of a table, where they are text.
    fn of_table(&self, table: &Table) -> Vec<Option<&ColumnRow>> {
        let find = |column: &Column| self.0.get(&(table.to.to_owned(), column.to.to_owned()));
        table.columns.iter().map(find).collect()
    }
}

/// Ids of rows that came along, by what they are.
#[derive(Debug, Default)]
pub struct Known {
    all: HashMap<Subject, Ids>,
    living: HashMap<Subject, Ids>,
}

impl Known {
    /// A row came along.
    pub fn add(&mut self, subject: Subject, id: u64, lives: bool) {
        self.all.entry(subject).or_default().add(id);
        if lives {
            self.living.entry(subject).or_default().add(id);
        }
    }

    /// It did not come along after all.
    pub fn remove(&mut self, subject: Subject, id: u64) {
        for ids in [&mut self.all, &mut self.living] {
            if let Some(ids) = ids.get_mut(&subject) {
                ids.remove(id);
            }
        }
    }

    fn has(&self, subject: Subject, id: u64) -> bool {
        self.all.get(&subject).is_some_and(|ids| ids.has(id))
    }

    fn lives(&self, subject: Subject, id: u64) -> bool {
        self.living.get(&subject).is_some_and(|ids| ids.has(id))
    }
}

/// A row that comes along.
#[derive(Debug)]
pub struct Ready {
    /// Its id.
    pub id: u64,
    /// Whether it is not deleted.
    pub lives: bool,
    /// Its values, in the order of [`Judge::columns`].
    pub values: Vec<Value>,
    /// A row of another table that comes with it.
    pub beside: Option<Vec<Value>>,
    /// What does not come along of it.
    pub notes: Vec<String>,
}

/// Judges the rows of a table.
pub struct Judge<'a> {
    table: &'static Table,
    law: &'a Law,
    texts: Vec<Option<&'a ColumnRow>>,
}

impl<'a> Judge<'a> {
    /// Of a table.
    pub fn new(table: &'static Table, law: &'a Law) -> Self {
        Self { table, law, texts: law.texts.of_table(table) }
    }

    /// Our columns, in the order of the values of a row.
    pub fn columns(&self) -> Vec<&'static str> {
        let own = self.table.columns.iter().map(|column| column.to).filter(|name| !name.is_empty());
        let more = self.table.more.map_or([].as_slice(), |(names, _)| names);
        let id = self.table.has_id.then_some("id");
        id.into_iter().chain(own).chain(more.iter().copied()).collect()
    }

    /// Whether a row comes along, and how.
    pub fn row(&self, row: &SourceRow, known: &Known) -> Result<Ready, Stays> {
        let mut draft = Draft {
            law: self.law,
            table: self.table,
            row,
            known,
            values: Vec::with_capacity(self.table.columns.len() + 2),
            beside: None,
            notes: Vec::new(),
        };
        let lives = draft.cell("deleted").is_none_or(|text| matches!(text, "0" | "\0" | ""));
        if !lives && self.table.deleted == Deleted::Dropped {
            return Err(Stays::NotKept);
        }
        if self.table.has_id {
            let id = i64::try_from(row.id).map_err(|_| Stays::LeftOut("an id beyond all bounds".into()))?;
            draft.values.push(Value::Int(id));
        }
        for (at, column) in self.table.columns.iter().enumerate() {
            let value = draft.value(column, row.cells[at].as_deref())?;
            if let (Value::Text(text), Some(limit)) = (&value, self.texts[at]) {
                fits(text, limit).map_err(|reason| Stays::LeftOut(format!("{}: {reason}", column.from)))?;
            }
            if !column.to.is_empty() {
                draft.values.push(value);
            }
        }
        draft.unique()?;
        if let Some((_, fill)) = self.table.more {
            fill(&mut draft)?;
        }
        let Draft { values, beside, notes, .. } = draft;
        Ok(Ready { id: row.id, lives, values, beside, notes })
    }
}

/// Whether our column holds a text.
fn fits(text: &str, column: &ColumnRow) -> Result<(), String> {
    let counted_in_bytes = column.data_type.ends_with("text");
    let length = if counted_in_bytes || text.is_ascii() { text.len() } else { text.chars().count() };
    if length as u64 > column.length {
        return Err(format!("is longer than the {} our column holds", column.length));
    }
    let most = match column.charset.as_str() {
        "ascii" => '\u{7f}',
        "utf8" | "utf8mb3" => '\u{ffff}',
        _ => char::MAX,
    };
    match text.chars().find(|character| *character > most) {
        Some(character) => Err(format!(
            "U+{:04X} does not fit our column, whose characters are {}",
            u32::from(character),
            column.charset
        )),
        None => Ok(()),
    }
}

/// A row that is being judged.
pub struct Draft<'a> {
    /// What by.
    pub law: &'a Law,
    table: &'static Table,
    row: &'a SourceRow,
    known: &'a Known,
    /// What we store, as far as it is known.
    pub values: Vec<Value>,
    /// A row of another table that comes with it.
    pub beside: Option<Vec<Value>>,
    /// What does not come along.
    pub notes: Vec<String>,
}

impl Draft<'_> {
    /// The id there.
    pub fn id(&self) -> u64 {
        self.row.id
    }

    /// What stands in a column there.
    pub fn cell(&self, name: &str) -> Option<&str> {
        let at = self.table.columns.iter().position(|column| column.from == name)?;
        self.row.cells[at].as_deref()
    }

    /// The same as a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.cell(name)?.parse().ok()
    }

    /// What was made of a column for one of ours.
    pub fn made(&mut self, to: &str) -> Option<&mut Value> {
        let own = self.table.columns.iter().filter(|column| !column.to.is_empty());
        let at = own.enumerate().find(|(_, column)| column.to == to).map(|(at, _)| at)?;
        self.values.get_mut(at + usize::from(self.table.has_id))
    }

    fn value(&mut self, column: &Column, cell: Option<&str>) -> Result<Value, Stays> {
        let out = |reason: String| Err(Stays::LeftOut(format!("{}: {reason}", column.from)));
        let shown = || short(cell.unwrap_or("nothing"));
        Ok(match column.kind {
            Kind::Text => Value::Text(cell.unwrap_or_default().to_owned()),
            Kind::TextOrNull => match cell.filter(|text| !text.is_empty()) {
                Some(text) => Value::Text(text.to_owned()),
                None => Value::Null,
            },
            Kind::Name => match cell.filter(|text| !text.trim().is_empty()) {
                Some(text) => Value::Text(text.to_owned()),
                None => return out("is empty".into()),
            },
            Kind::Int(least, most, or) => match integer(cell, or) {
                Some(number) if (least..=most).contains(&number) => Value::Int(number),
                _ => return out(format!("{} is not known here ({least} to {most})", shown())),
            },
            Kind::Soft(least, most, or) => match integer(cell, or) {
                Some(number) if (least..=most).contains(&number) => Value::Int(number),
                _ => {
                    self.notes.push(format!("{}: {} became {or}", column.from, shown()));
                    Value::Int(or)
                }
            },
            Kind::Flag(or) => Value::Int(i64::from(cell.map_or(or, |text| !matches!(text, "0" | "\0" | "")))),
            Kind::Money | Kind::AnyMoney => match cell::money(cell.unwrap_or("0")) {
                Some(minor) if minor >= 0 || column.kind == Kind::AnyMoney => Value::Int(minor),
                _ => return out(format!("{} is no amount we store", shown())),
            },
            Kind::MoneyOrNull => match cell.map(cell::money) {
                None => Value::Null,
                Some(Some(minor)) => Value::Int(minor),
                Some(None) => return out(format!("{} is no amount we store", shown())),
            },
            Kind::Time => match cell::time(self.law.zone, cell) {
                Read::One(time) => Value::Time(time),
                Read::Nothing => Value::Null,
                Read::Bad => {
                    self.notes.push(format!("{}: {} is no time", column.from, shown()));
                    Value::Null
                }
            },
            Kind::TimeNeeded => match cell::time(self.law.zone, cell) {
                Read::One(time) => Value::Time(time),
                Read::Nothing | Read::Bad => return out(format!("{} is no time", shown())),
            },
            Kind::Added => self.moment(column, cell, "update_time"),
            Kind::Updated => self.moment(column, cell, "add_time"),
            Kind::Date => match cell::date(cell) {
                Read::One(date) => Value::Date(date),
                Read::Nothing => Value::Null,
                Read::Bad => {
                    self.notes.push(format!("{}: {} is no day", column.from, shown()));
                    Value::Null
                }
            },
            Kind::Strings => match cell::strings(cell) {
                Some(array) => array,
                None => return out(format!("{} is no JSON array of text", shown())),
            },
            Kind::Ids => match cell::ids(cell) {
                Some(array) => array,
                None => return out(format!("{} is no JSON array of ids", shown())),
            },
            Kind::Of(subject) => self.reference(column, cell, subject)?,
            Kind::OfLiving(subject) => {
                let value = self.reference(column, cell, subject)?;
                match value {
                    Value::Int(id) if !self.known.lives(subject, id.unsigned_abs()) => {
                        return Err(Stays::NotKept);
                    }
                    value => value,
                }
            }
            Kind::OfType => match self.cell("type").unwrap_or("0") {
                "0" => self.reference(column, cell, Subject::Goods)?,
                "1" => self.reference(column, cell, Subject::Topic)?,
                // Its own column says so.
                _ => Value::Int(0),
            },
            Kind::OfEarlier(subject) => match integer(cell, 0) {
                Some(0) => Value::Int(0),
                _ => self.reference(column, cell, subject)?,
            },
            Kind::Id => match integer(cell, 0) {
                Some(id) if id >= 0 => Value::Int(id),
                _ => return out(format!("{} is no id", shown())),
            },
            Kind::IdOrNull => match integer(cell, 0) {
                Some(0) => Value::Null,
                Some(id) if id > 0 => Value::Int(id),
                _ => return out(format!("{} is no id", shown())),
            },
            Kind::Level => match cell.unwrap_or("L1") {
                "L1" => Value::Int(1),
                "L2" => Value::Int(2),
                _ => return out(format!("{} is not known here (L1 or L2)", shown())),
            },
            Kind::Hash => {
                Value::Text(cell.filter(|text| text.starts_with("$2")).unwrap_or_default().to_owned())
            }
            Kind::Seen | Kind::SeenNumber => Value::Null,
        })
    }

    /// A time every row has; what is missing is told by the other one.
    fn moment(&mut self, column: &Column, cell: Option<&str>, other: &str) -> Value {
        let own = cell::time(self.law.zone, cell);
        if own == Read::Bad {
            self.notes.push(format!("{}: {} is no time", column.from, short(cell.unwrap_or_default())));
        }
        match (own, cell::time(self.law.zone, self.cell(other))) {
            (Read::One(time), _) | (_, Read::One(time)) => Value::Time(time),
            _ => Value::Time(self.law.began),
        }
    }

    fn reference(&self, column: &Column, cell: Option<&str>, subject: Subject) -> Result<Value, Stays> {
        let id =
            integer(cell, 0).and_then(|id| u64::try_from(id).ok()).filter(|id| self.known.has(subject, *id));
        match id {
            Some(id) => Ok(Value::Int(id.cast_signed())),
            None => {
                let (from, word, shown) = (column.from, subject.word(), short(cell.unwrap_or("nothing")));
                Err(Stays::LeftOut(format!("{from}: {word} {shown} does not come along or is not there")))
            }
        }
    }

    /// What our unique keys say of it.
    fn unique(&mut self) -> Result<(), Stays> {
        let Some(repeated) = self.law.repeated.get(self.table.from) else { return Ok(()) };
        for (unique, ids) in self.table.unique.iter().zip(repeated) {
            if !ids.has(self.row.id) {
                continue;
            }
            let values: Vec<&str> = unique.columns.iter().map(|name| self.cell(name).unwrap_or("")).collect();
            let told = format!(
                "{}: {} stands in an earlier row",
                unique.columns.join(", "),
                short(&values.join(", "))
            );
            if !unique.soft {
                return Err(Stays::LeftOut(told));
            }
            let kinds = self.table.columns.iter().filter(|column| unique.columns.contains(&column.from));
            let columns: Vec<Column> = kinds.copied().collect();
            for column in columns {
                let nothing =
                    if column.kind == Kind::TextOrNull { Value::Null } else { Value::Text(String::new()) };
                if let Some(value) = self.made(column.to) {
                    *value = nothing;
                }
            }
            self.notes.push(told);
        }
        Ok(())
    }
}

fn integer(cell: Option<&str>, or: i64) -> Option<i64> {
    match cell {
        None => Some(or),
        Some("\0") => Some(0),
        Some("\u{1}") => Some(1),
        Some(text) => text.parse().ok(),
    }
}

/// A value as a report shows it.
pub fn short(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
