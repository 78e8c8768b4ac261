//! What people say, keep and look at.

use super::super::draft::Draft;
use super::super::table::{
    ADDED, DELETED, Kind, Stays, Subject, Table, UPDATED, column, same, table, unique,
};
use crate::store::import::Value;
use crate::store::litemall::Sameness::Numbers;

/// Favourites.
pub(super) const COLLECT: Table = Table {
    unique: &[unique(&["user_id", "type", "value_id"], Numbers, true)],
    ..table(
        "litemall_collect",
        "collect",
        &[
            same("user_id", Kind::Of(Subject::User)),
            same("value_id", Kind::OfType),
            column("type", "kind", Kind::Int(0, 1, 0)),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Reviews of goods and remarks on topics. An author who is not there has no name here, as it is with one
/// who was deleted.
pub(super) const COMMENT: Table = Table {
    more: Some((&["replied_at"], replied)),
    ..table(
        "litemall_comment",
        "comment",
        &[
            same("value_id", Kind::OfType),
            column("type", "kind", Kind::Int(0, 1, 0)),
            same("content", Kind::Text),
            column("admin_content", "reply", Kind::Text),
            same("user_id", Kind::Id),
            same("has_picture", Kind::Flag(false)),
            same("pic_urls", Kind::Strings),
            same("star", Kind::Soft(0, 5, 1)),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// When the shop answered, which they did not store: when the row was last changed.
fn replied(draft: &mut Draft<'_>) -> Result<(), Stays> {
    let answered = draft.cell("admin_content").is_some_and(|text| !text.is_empty());
    let changed = draft.made("updated_at").cloned().filter(|_| answered);
    draft.values.push(changed.unwrap_or(Value::Null));
    Ok(())
}

/// What shoppers looked at.
pub(super) const FOOTPRINT: Table = table(
    "litemall_footprint",
    "footprint",
    &[
        same("user_id", Kind::OfLiving(Subject::User)),
        same("goods_id", Kind::Of(Subject::Goods)),
        ADDED,
        UPDATED,
        DELETED,
    ],
);
