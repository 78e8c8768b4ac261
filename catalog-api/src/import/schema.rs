//! Whether the source is what it has to be: every table, every column that is read, each of a type that can
//! be read without a loss. All that is wrong is said at once.

use super::tables;
use crate::store::litemall::SourceColumn;
use std::collections::HashMap;

/// Refuses a source in which something is missing.
pub fn check(columns: &[SourceColumn]) -> anyhow::Result<()> {
    let wrong = complaints(columns);
    anyhow::ensure!(
        wrong.is_empty(),
        "this is no litemall database; nothing was copied:\n  {}",
        wrong.join("\n  ")
    );
    Ok(())
}

fn complaints(columns: &[SourceColumn]) -> Vec<String> {
    let types: HashMap<(String, String), String> = columns
        .iter()
        .map(|column| {
            let place = (column.table_name.to_lowercase(), column.column_name.to_lowercase());
            (place, column.data_type.to_lowercase())
        })
        .collect();
    let mut wrong = Vec::new();
    for table in tables::ALL {
        if !types.keys().any(|(name, _)| name == table.from) {
            wrong.push(format!("{}: the table is missing", table.from));
            continue;
        }
        let needed = table.columns.iter().map(|column| (column.from, column.kind.types()));
        let id = ("id", super::table::Kind::Id.types());
        for (column, (allowed, word)) in std::iter::once(id).chain(needed) {
            match types.get(&(table.from.to_owned(), column.to_owned())) {
                None => wrong.push(format!("{}.{column}: the column is missing", table.from)),
                Some(found) if !allowed.contains(&found.as_str()) => {
                    wrong.push(format!("{}.{column}: is {found}, and has to be {word}", table.from));
                }
                Some(_) => {}
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Vec<SourceColumn> {
        let mut all = Vec::new();
        for table in tables::ALL {
            let named = table.columns.iter().map(|column| (column.from, column.kind.types().0[0]));
            for (column, data_type) in std::iter::once(("id", "int")).chain(named) {
                all.push(SourceColumn {
                    table_name: table.from.to_owned(),
                    column_name: column.to_owned(),
                    data_type: data_type.to_owned(),
                });
            }
        }
        all
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        assert!(complaints(&whole()).is_empty());
        let mut columns = whole();
        columns.retain(|column| column.table_name != "litemall_ad");
        columns.retain(|column| (&*column.table_name, &*column.column_name) != ("litemall_cart", "price"));
        for column in &mut columns {
            if (&*column.table_name, &*column.column_name) == ("litemall_order", "order_price") {
                column.data_type = "double".to_owned();
            }
        }
        assert_eq!(
            complaints(&columns),
            [
                "litemall_ad: the table is missing",
                "litemall_order.order_price: is double, and has to be decimal",
                "litemall_cart.price: the column is missing",
            ]
        );
    }
}
