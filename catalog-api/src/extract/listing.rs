//! page, limit, sort and order, as every list call takes them.

use super::Query;
use crate::envelope::Page;
use crate::error::Refusal;

/// Rows one answer holds at most. A larger limit is refused, and so is `limit=0`, which asks for all, of
/// a longer list.
pub const ROWS_MAX: i64 = 10_000;

/// What to sort by: the word callers send, and the column it means. Only these constants reach SQL.
pub type SortKey = (&'static str, &'static str);

/// What every list can be sorted by.
pub const SORT_KEYS: &[SortKey] = &[("add_time", "added_at"), ("id", "id")];

/// How a list was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// 1 is the first page.
    pub page: i64,
    /// 0 is all rows, negative none.
    pub limit: i64,
    /// The column to sort by.
    pub column: &'static str,
    /// Largest first.
    pub descending: bool,
}

/// Which rows to read, and what to say about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Rows to skip.
    pub offset: i64,
    /// Rows to read.
    pub count: i64,
    total: i64,
    page: i64,
    limit: i64,
    pages: i64,
}

impl Query {
    /// The parameters of a list; 402 for what is not allowed.
    pub fn listing(&self) -> Result<Listing, Refusal> {
        self.listing_by(SORT_KEYS)
    }

    /// The parameters of a list with sort keys of its own, the first of which is the default.
    pub fn listing_by(&self, keys: &[SortKey]) -> Result<Listing, Refusal> {
        let word = |name| self.text(name).map(str::to_ascii_lowercase);
        let limit = self.int("limit")?.unwrap_or(10);
        if limit > ROWS_MAX {
            return Err(Refusal::wrong("limit"));
        }
        let wanted = word("sort").unwrap_or_else(|| keys[0].0.to_owned());
        let key = keys.iter().find(|(word, _)| *word == wanted);
        Ok(Listing {
            page: self.int("page")?.unwrap_or(1).max(1),
            limit,
            column: key.ok_or_else(|| Refusal::wrong("sort"))?.1,
            descending: match word("order").as_deref() {
                None | Some("desc") => true,
                Some("asc") => false,
                Some(_) => return Err(Refusal::wrong("order")),
            },
        })
    }
}

impl Listing {
    /// Which of `total` rows these are. Past the end it is the last page again; all rows of a list
    /// longer than [`ROWS_MAX`] are refused.
    pub fn rows(self, total: i64) -> Result<Rows, Refusal> {
        let limit = self.limit;
        if limit <= 0 {
            if limit == 0 && total > ROWS_MAX {
                return Err(Refusal::wrong_because("limit", "the list is too long to be answered whole"));
            }
            let count = if limit == 0 { total } else { 0 };
            return Ok(Rows { offset: 0, count, total, page: 0, limit, pages: 0 });
        }
        let pages = (total / limit) + i64::from(total % limit != 0);
        let page = self.page.min(pages);
        let offset = (page - 1).max(0) * limit;
        Ok(Rows { offset, count: limit, total, page, limit, pages })
    }

    /// The order: the column, and the id so that equal rows do not change places.
    pub fn order_by(self) -> String {
        let direction = if self.descending { "desc" } else { "asc" };
        match self.column {
            "id" => format!(" order by id {direction}"),
            column => format!(" order by {column} {direction}, id {direction}"),
        }
    }
}

impl Rows {
    /// The answer with these rows.
    pub fn page<T>(self, list: Vec<T>) -> Page<T> {
        Page { list, total: self.total, page: self.page, limit: self.limit, pages: self.pages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(query: &str, total: i64) -> Rows {
        Query::parse(query).listing().unwrap().rows(total).unwrap()
    }

    #[test]
    fn pages_follow_the_table() {
        let row =
            |offset, count, total, page, limit, pages| Rows { offset, count, total, page, limit, pages };
        assert_eq!(rows("", 25), row(0, 10, 25, 1, 10, 3));
        assert_eq!(rows("page=2&limit=20", 25), row(20, 20, 25, 2, 20, 2));
        assert_eq!(rows("page=9", 25), row(20, 10, 25, 3, 10, 3));
        assert_eq!(rows("page=-4", 25), row(0, 10, 25, 1, 10, 3));
        assert_eq!(rows("page=3", 0), row(0, 10, 0, 0, 10, 0));
        assert_eq!(rows("limit=0&page=4", 25), row(0, 25, 25, 0, 0, 0));
        assert_eq!(rows("limit=-1", 25), row(0, 0, 25, 0, -1, 0));
        assert!(Query::parse("limit=0").listing().unwrap().rows(ROWS_MAX + 1).is_err());
    }

    #[test]
    fn only_allowed_words_sort() {
        assert!(Query::parse("sort=ADD_TIME&order=ASC").listing().is_ok());
        for query in ["sort=price", "order=up", "sort=id%20desc", "page=abc", "limit=5.0", "limit=10001"] {
            assert_eq!(Query::parse(query).listing().unwrap_err().errno, 402, "{query}");
        }
    }
}
