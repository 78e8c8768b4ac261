//! A category.

use crate::envelope::Zone;
use crate::store::category::{CategoryRow, FIRST};
use serde::Serialize;
use utoipa::ToSchema;

fn level(level: u8) -> &'static str {
    if level == FIRST { "L1" } else { "L2" }
}

/// A category.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Category {
    pub(crate) id: u64,
    name: String,
    keywords: String,
    desc: String,
    /// 0 for the first level.
    pid: u64,
    icon_url: String,
    pic_url: String,
    /// L1 or L2
    level: &'static str,
    sort_order: i16,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Category {
    /// Of a row.
    pub fn show(row: CategoryRow, zone: Zone) -> Self {
        let CategoryRow { id, category, added_at, updated_at } = row;
        Self {
            id,
            name: category.name,
            keywords: category.keywords,
            desc: category.description,
            pid: category.parent_id,
            icon_url: category.icon_url,
            pic_url: category.pic_url,
            level: level(category.level),
            sort_order: category.sort_order,
            add_time: zone.show(added_at),
            update_time: zone.show(updated_at),
            deleted: false,
        }
    }

    /// Of rows.
    pub fn all(rows: Vec<CategoryRow>, zone: Zone) -> Vec<Self> {
        rows.into_iter().map(|row| Self::show(row, zone)).collect()
    }
}

/// A category in the tree staff see. Only the second level has `pid`, only the first `children`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryNode {
    id: u64,
    name: String,
    keywords: String,
    desc: String,
    icon_url: String,
    pic_url: String,
    level: &'static str,
    pid: Option<u64>,
    #[schema(no_recursion)]
    children: Option<Vec<CategoryNode>>,
}

impl CategoryNode {
    fn of(row: CategoryRow, children: Option<Vec<CategoryNode>>) -> Self {
        let CategoryRow { id, category, .. } = row;
        Self {
            id,
            name: category.name,
            keywords: category.keywords,
            desc: category.description,
            icon_url: category.icon_url,
            pic_url: category.pic_url,
            level: level(category.level),
            pid: children.is_none().then_some(category.parent_id),
            children,
        }
    }

    /// The tree of both levels.
    pub fn tree(first: Vec<CategoryRow>, second: &[CategoryRow]) -> Vec<Self> {
        let tree = first.into_iter().map(|root| {
            let below = second.iter().filter(|row| row.category.parent_id == root.id);
            let children = below.map(|row| Self::of(row.clone(), None)).collect();
            Self::of(root, Some(children))
        });
        tree.collect()
    }
}

/// Something to choose, with what may be chosen below it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Choice {
    value: u64,
    label: String,
    #[schema(no_recursion)]
    children: Option<Vec<Choice>>,
}

impl Choice {
    /// Without anything below.
    pub fn plain(value: u64, label: String) -> Self {
        Self { value, label, children: None }
    }

    /// Both levels of categories.
    pub fn tree(first: Vec<CategoryRow>, second: &[CategoryRow]) -> Vec<Self> {
        let tree = first.into_iter().map(|root| {
            let below = second.iter().filter(|row| row.category.parent_id == root.id);
            let children = below.map(|row| Self::plain(row.id, row.category.name.clone())).collect();
            Self { value: root.id, label: root.category.name, children: Some(children) }
        });
        tree.collect()
    }
}

/// What creating and changing a category sends.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct CategoryForm {
    /// Only for a change.
    id: Option<u64>,
    name: String,
    /// L1 or L2
    level: String,
    /// Needed for L2.
    pid: Option<u64>,
    keywords: Option<String>,
    desc: Option<String>,
    icon_url: Option<String>,
    pic_url: Option<String>,
    sort_order: Option<i16>,
}
