//! All tables, those that are referred to before those that refer to them. Each is a constant in the file
//! of what it is about.

mod catalogue;
mod community;
mod people;
mod staff;
mod trade;

use super::table::Table;

/// In the order they are copied.
pub const ALL: &[&Table] = &[
    &staff::ROLE,
    &staff::PERMISSION,
    &staff::ADMIN,
    &staff::SYSTEM,
    &staff::NOTICE,
    &staff::NOTICE_ADMIN,
    &staff::LOG,
    &people::REGION,
    &people::USER,
    &people::ADDRESS,
    &people::SEARCH_HISTORY,
    &people::FEEDBACK,
    &catalogue::CATEGORY,
    &catalogue::BRAND,
    &catalogue::GOODS,
    &catalogue::GOODS_ATTRIBUTE,
    &catalogue::GOODS_SPECIFICATION,
    &catalogue::GOODS_PRODUCT,
    &catalogue::TOPIC,
    &catalogue::AD,
    &catalogue::KEYWORD,
    &catalogue::ISSUE,
    &catalogue::STORAGE,
    &trade::COUPON,
    &trade::ORDER,
    &trade::ORDER_GOODS,
    &trade::AFTERSALE,
    &trade::COUPON_USER,
    &trade::GROUPON_RULES,
    &trade::GROUPON,
    &trade::CART,
    &community::COLLECT,
    &community::COMMENT,
    &community::FOOTPRINT,
];

#[cfg(test)]
mod tests {
    use super::super::table::{Kind, Subject};
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_table_is_there_once_and_behind_what_it_refers_to() {
        let names: HashSet<&str> = ALL.iter().map(|table| table.from).collect();
        assert_eq!((ALL.len(), names.len()), (34, 34));
        let mut met: HashSet<Subject> = HashSet::new();
        for table in ALL {
            for column in table.columns {
                match column.kind {
                    Kind::Of(subject) | Kind::OfLiving(subject) => {
                        assert!(met.contains(&subject), "{}.{}", table.from, column.from);
                    }
                    Kind::OfEarlier(subject) => assert_eq!(table.subject, Some(subject)),
                    _ => {}
                }
            }
            met.extend(table.subject);
        }
    }

    #[test]
    fn every_unique_key_is_made_of_columns_that_are_read() {
        for table in ALL {
            for unique in table.unique {
                for name in unique.columns {
                    assert!(table.columns.iter().any(|column| column.from == *name), "{}.{name}", table.from);
                }
                assert!(!unique.soft || unique.columns.len() == 1);
            }
            let columns: HashSet<&str> = table.columns.iter().map(|column| column.from).collect();
            assert_eq!(columns.len(), table.columns.len(), "{}", table.from);
        }
    }
}
