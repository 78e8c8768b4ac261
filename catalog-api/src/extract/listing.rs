//! page, limit, sort and order, as every list call takes them.

use super::Query;
use crate::envelope::Page;
use crate::error::Refusal;

/// Rows one answer holds at most; `limit=0` asks for all, and a larger limit is no different.
pub const ROWS_MAX: i64 = 10_000;

/// What to sort by. Only these reach SQL, as constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// When the row was added.
    AddTime,
    /// The id.
    Id,
}

/// How a list was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// 1 is the first page.
    pub page: i64,
    /// 0 is all rows, negative none.
    pub limit: i64,
    /// What to sort by.
    pub sort: SortKey,
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
        let word = |name| self.text(name).map(str::to_ascii_lowercase);
        Ok(Listing {
            page: self.int("page")?.unwrap_or(1).max(1),
            limit: self.int("limit")?.unwrap_or(10),
            sort: match word("sort").as_deref() {
                None | Some("add_time") => SortKey::AddTime,
                Some("id") => SortKey::Id,
                Some(_) => return Err(Refusal::wrong("sort")),
            },
            descending: match word("order").as_deref() {
                None | Some("desc") => true,
                Some("asc") => false,
                Some(_) => return Err(Refusal::wrong("order")),
            },
        })
    }
}

impl Listing {
    /// Which of `total` rows these are. Past the end it is the last page again.
    pub fn rows(self, total: i64) -> Rows {
        let limit = self.limit;
        if limit <= 0 {
            let count = if limit == 0 { total.min(ROWS_MAX) } else { 0 };
            return Rows { offset: 0, count, total, page: 0, limit, pages: 0 };
        }
        let pages = (total / limit) + i64::from(total % limit != 0);
        let page = self.page.min(pages);
        let offset = (page - 1).max(0) * limit;
        Rows { offset, count: limit.min(ROWS_MAX), total, page, limit, pages }
    }

    /// The constant of the order: the column, and the id so that equal rows do not change places.
    pub fn order_by(self) -> &'static str {
        match (self.sort, self.descending) {
            (SortKey::AddTime, true) => " order by added_at desc, id desc",
            (SortKey::AddTime, false) => " order by added_at, id",
            (SortKey::Id, true) => " order by id desc",
            (SortKey::Id, false) => " order by id",
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
        Query::parse(query).listing().unwrap().rows(total)
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
        assert_eq!(rows("limit=9223372036854775807", 25).count, ROWS_MAX);
    }

    #[test]
    fn only_allowed_words_sort() {
        assert!(Query::parse("sort=ADD_TIME&order=ASC").listing().is_ok());
        for query in ["sort=price", "order=up", "sort=id%20desc", "page=abc", "limit=5.0"] {
            assert_eq!(Query::parse(query).listing().unwrap_err().errno, 402, "{query}");
        }
    }
}
