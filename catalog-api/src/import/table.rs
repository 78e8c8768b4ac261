//! What a table of theirs is to ours: columns, what they hold, and what our keys want.
//!
//! Deliberately absent: how long texts may be, which our own tables say when an import starts.

use super::draft::Draft;
use crate::store::litemall::Sameness;

/// A table there, and where its rows go here.
#[derive(Debug)]
pub struct Table {
    /// Its name there.
    pub from: &'static str,
    /// Its name here.
    pub to: &'static str,
    /// What others refer to it by.
    pub subject: Option<Subject>,
    /// Its columns besides the id, in the order they are read and written.
    pub columns: &'static [Column],
    /// What becomes of rows that are deleted there.
    pub deleted: Deleted,
    /// Whether our rows have the id.
    pub has_id: bool,
    /// What our unique keys want.
    pub unique: &'static [Unique],
    /// Columns of ours that follow from the whole row, and what fills them.
    pub more: Option<(&'static [&'static str], Fill)>,
    /// Rows of another table of ours that come with these.
    pub beside: Option<(&'static str, &'static [&'static str])>,
    /// Whether a row can hold so much text that a batch of them has to be small.
    pub heavy: bool,
    /// What is due once the table is in.
    pub then: Then,
}

/// Judges a whole row: adds values for the columns of [`Table::more`], or says why the row stays.
pub type Fill = fn(&mut Draft<'_>) -> Result<(), Stays>;

/// Why a row does not come along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// Something is wrong with it.
    LeftOut(String),
    /// Ours keeps no such rows, or has this one already.
    NotKept,
}

/// Rows that others refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as their tables are")]
pub enum Subject {
    User,
    Goods,
    Sku,
    Role,
    Admin,
    Order,
    Coupon,
    GrouponRule,
    Groupon,
    Notice,
    Topic,
}

impl Subject {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Goods => "goods",
            Self::Sku => "product",
            Self::Role => "role",
            Self::Admin => "admin",
            Self::Order => "order",
            Self::Coupon => "coupon",
            Self::GrouponRule => "groupon rule",
            Self::Groupon => "groupon",
            Self::Notice => "notice",
            Self::Topic => "topic",
        }
    }
}

/// What becomes of rows that are deleted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// They come along and stay deleted.
    Kept,
    /// Ours keeps none: what is gone is gone.
    Dropped,
    /// The table knows no deleted rows.
    Unknown,
}

/// What is due once a table is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// Claims of coupons are counted.
    CountClaims,
    /// Offers get the task that ends them.
    AskExpiries,
    /// Figures per day are counted anew.
    Recount,
}

/// A column there, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name there.
    pub from: &'static str,
    /// Its name here; empty when it is only looked at.
    pub to: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; nothing is empty text.
    Text,
    /// Text; empty text is nothing.
    TextOrNull,
    /// Text that has to be there.
    Name,
    /// A whole number within bounds, and what nothing is.
    Int(i64, i64, i64),
    /// The same, but a number out of bounds is changed to what nothing is, and the row comes along.
    Soft(i64, i64, i64),
    /// True or false, and what nothing is.
    Flag(bool),
    /// An amount of at least zero; nothing is zero.
    Money,
    /// An amount of any sign; nothing is zero.
    AnyMoney,
    /// An amount, or nothing.
    MoneyOrNull,
    /// A time, or nothing.
    Time,
    /// A time that has to be there.
    TimeNeeded,
    /// When the row was added; nothing is the time of its last change.
    Added,
    /// When the row was last changed; nothing is the time it was added.
    Updated,
    /// A day, or nothing.
    Date,
    /// A JSON array of text.
    Strings,
    /// A JSON array of ids.
    Ids,
    /// The id of a row that has to be there.
    Of(Subject),
    /// The id of a row that has to be there and live.
    OfLiving(Subject),
    /// The id of a row, which need not be there; nothing is zero.
    Id,
    /// The id of a row, or nothing.
    IdOrNull,
    /// The id of goods or a topic, whichever column `type` says.
    OfType,
    /// The id of an earlier row of the same table, or zero.
    OfEarlier(Subject),
    /// `L1` or `L2`.
    Level,
    /// A bcrypt hash; what is none is nothing to log in with.
    Hash,
    /// Text that only a judgement of the whole row looks at.
    Seen,
    /// A number that only a judgement of the whole row looks at.
    SeenNumber,
}

impl Kind {
    /// What the source may store it in, and its name for people.
    pub fn types(self) -> (&'static [&'static str], &'static str) {
        const TEXT: &[&str] = &["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json"];
        const INT: &[&str] = &["tinyint", "smallint", "mediumint", "int", "bigint", "bit"];
        // A float is no amount of money.
        const MONEY: &[&str] = &["decimal", "tinyint", "smallint", "mediumint", "int", "bigint"];
        match self {
            Self::Text | Self::TextOrNull | Self::Name | Self::Strings | Self::Ids | Self::Level => {
                (TEXT, "text")
            }
            Self::Hash | Self::Seen => (TEXT, "text"),
            Self::Int(..) | Self::Soft(..) | Self::Flag(_) | Self::Of(_) | Self::OfLiving(_) => {
                (INT, "integer")
            }
            Self::Id | Self::IdOrNull | Self::OfType | Self::OfEarlier(_) | Self::SeenNumber => {
                (INT, "integer")
            }
            Self::Money | Self::AnyMoney | Self::MoneyOrNull => (MONEY, "decimal"),
            Self::Time | Self::TimeNeeded | Self::Added | Self::Updated => {
                (&["datetime", "timestamp"], "datetime")
            }
            Self::Date => (&["date"], "date"),
        }
    }

    /// Whether it has to be made text to be read as text.
    pub fn needs_cast(self) -> bool {
        self.types().1 != "text"
    }
}

/// What a unique key of ours wants.
#[derive(Clone, Copy, Debug)]
pub struct Unique {
    /// Columns there.
    pub columns: &'static [&'static str],
    /// How they compare.
    pub sameness: Sameness,
    /// Whether deleted rows do not count.
    pub living: bool,
    /// Whether a row that repeats an earlier one comes along without its value.
    pub soft: bool,
}

/// Rows that repeat an earlier one in these columns stay.
pub const fn unique(columns: &'static [&'static str], sameness: Sameness, living: bool) -> Unique {
    Unique { columns, sameness, living, soft: false }
}

/// Rows that repeat an earlier one in this column come along without its value.
pub const fn soft(columns: &'static [&'static str], sameness: Sameness, living: bool) -> Unique {
    Unique { columns, sameness, living, soft: true }
}

/// A column.
pub const fn column(from: &'static str, to: &'static str, kind: Kind) -> Column {
    Column { from, to, kind }
}

/// A column of the same name.
pub const fn same(name: &'static str, kind: Kind) -> Column {
    Column { from: name, to: name, kind }
}

/// A column that is only looked at.
pub const fn seen(name: &'static str, kind: Kind) -> Column {
    Column { from: name, to: "", kind }
}

/// When the row was added and last changed.
pub const ADDED: Column = column("add_time", "added_at", Kind::Added);
/// See [`ADDED`].
pub const UPDATED: Column = column("update_time", "updated_at", Kind::Updated);
/// Whether the row is deleted.
pub const DELETED: Column = same("deleted", Kind::Flag(false));

/// A table with an id whose deleted rows stay deleted.
pub const fn table(from: &'static str, to: &'static str, columns: &'static [Column]) -> Table {
    Table {
        from,
        to,
        subject: None,
        columns,
        deleted: Deleted::Kept,
        has_id: true,
        unique: &[],
        more: None,
        beside: None,
        heavy: false,
        then: Then::Nothing,
    }
}
