//! Staff: who they are, what they may do, what they are told and what they did.

use super::super::draft::{Draft, short};
use super::super::table::{
    ADDED, Column, DELETED, Deleted, Kind, Stays, Subject, Table, UPDATED, column, same, seen, table, unique,
};
use crate::permission::allows;
use crate::settings::key;
use crate::store::import::Value;
use crate::store::litemall::Sameness::{Numbers, Words};

/// Roles.
pub(super) const ROLE: Table = Table {
    subject: Some(Subject::Role),
    unique: &[unique(&["name"], Words, true)],
    ..table(
        "litemall_role",
        "role",
        &[
            same("name", Kind::Name),
            column("desc", "description", Kind::Text),
            same("enabled", Kind::Flag(true)),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// What roles may do. A row of ours is its content.
pub(super) const PERMISSION: Table = Table {
    deleted: Deleted::Dropped,
    has_id: false,
    unique: &[unique(&["role_id", "permission"], Words, true)],
    more: Some((&[], known_permission)),
    ..table(
        "litemall_permission",
        "role_permission",
        &[
            column("role_id", "role_id", Kind::Of(Subject::Role)),
            same("permission", Kind::Name),
            seen("deleted", Kind::SeenNumber),
        ],
    )
};

fn known_permission(draft: &mut Draft<'_>) -> Result<(), Stays> {
    let held = [draft.cell("permission").unwrap_or_default().trim().to_owned()];
    let mut needs = draft.law.registry.0.iter().filter_map(|entry| match entry.need {
        crate::permission::Need::Permission(needed) => Some(needed),
        crate::permission::Need::Open | crate::permission::Need::Login => None,
    });
    if held[0] == "*" || needs.any(|needed| allows(&held, needed)) {
        return Ok(());
    }
    Err(Stays::LeftOut(format!("permission: {} allows nothing here", short(&held[0]))))
}

/// Accounts of staff.
pub(super) const ADMIN: Table = Table {
    subject: Some(Subject::Admin),
    unique: &[unique(&["username"], Words, true)],
    more: Some((&[], admin)),
    ..table(
        "litemall_admin",
        "admin",
        &[
            same("username", Kind::Name),
            column("password", "password_hash", Kind::Hash),
            column("last_login_time", "last_login_at", Kind::Time),
            same("last_login_ip", Kind::Text),
            same("avatar", Kind::Text),
            same("role_ids", Kind::Ids),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

fn admin(draft: &mut Draft<'_>) -> Result<(), Stays> {
    if !draft.cell("password").is_some_and(|hash| hash.starts_with("$2")) {
        draft.notes.push("password: is no bcrypt hash, so that nobody can log in with it".to_owned());
    }
    // The default of their column is a quotation mark.
    if draft.cell("avatar") == Some("'")
        && let Some(avatar) = draft.made("avatar")
    {
        *avatar = Value::Text(String::new());
    }
    Ok(())
}

/// Settings. A row of ours is its name.
pub(super) const SYSTEM: Table = Table {
    deleted: Deleted::Dropped,
    has_id: false,
    unique: &[unique(&["key_name"], Words, true)],
    more: Some((&[], known_setting)),
    ..table(
        "litemall_system",
        "setting",
        &[
            column("key_name", "name", Kind::Name),
            column("key_value", "value", Kind::Text),
            seen("add_time", Kind::Added),
            UPDATED,
            seen("deleted", Kind::SeenNumber),
        ],
    )
};

fn known_setting(draft: &mut Draft<'_>) -> Result<(), Stays> {
    let name = draft.cell("key_name").unwrap_or_default().to_owned();
    let text = draft.cell("key_value").unwrap_or_default().to_owned();
    let Some(key) = key::find(&name) else {
        return Err(Stays::LeftOut(format!("key_name: {} is no setting here", short(&name))));
    };
    let Some(accepted) = key.accepts(&text) else {
        return Err(Stays::LeftOut(format!("key_value: {} is no value of {name} here", short(&text))));
    };
    if let Some(value) = draft.made("value") {
        *value = Value::Text(accepted);
    }
    Ok(())
}

/// What staff are told.
pub(super) const NOTICE: Table = Table {
    subject: Some(Subject::Notice),
    ..table(
        "litemall_notice",
        "notice",
        &[
            same("title", Kind::Text),
            same("content", Kind::Text),
            same("admin_id", Kind::Id),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

/// Notices in letter boxes.
pub(super) const NOTICE_ADMIN: Table = Table {
    unique: &[unique(&["notice_id", "admin_id"], Numbers, false)],
    ..table(
        "litemall_notice_admin",
        "notice_admin",
        &[
            same("notice_id", Kind::Of(Subject::Notice)),
            same("notice_title", Kind::Text),
            same("admin_id", Kind::Of(Subject::Admin)),
            column("read_time", "read_at", Kind::Time),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

const LOG_COLUMNS: &[Column] = &[
    column("admin", "actor", Kind::Text),
    same("ip", Kind::Text),
    column("type", "kind", Kind::Int(0, 255, 0)),
    same("action", Kind::Text),
    column("status", "succeeded", Kind::Flag(false)),
    same("result", Kind::Text),
    seen("comment", Kind::Seen),
    seen("update_time", Kind::Updated),
    ADDED,
    seen("deleted", Kind::SeenNumber),
];

/// What staff did.
pub(super) const LOG: Table = Table {
    deleted: Deleted::Dropped,
    more: Some((&[], log)),
    ..table("litemall_log", "operation_log", LOG_COLUMNS)
};

/// Characters of our column for what became of it.
const RESULT_CHARS: usize = 255;

fn log(draft: &mut Draft<'_>) -> Result<(), Stays> {
    let Some(comment) = draft.cell("comment").filter(|text| !text.is_empty()).map(str::to_owned) else {
        return Ok(());
    };
    let result = draft.cell("result").unwrap_or_default();
    let both = if result.is_empty() { comment } else { format!("{result}; {comment}") };
    if both.chars().count() > RESULT_CHARS {
        draft.notes.push("comment: does not fit beside the result".to_owned());
    } else if let Some(value) = draft.made("result") {
        *value = Value::Text(both);
    }
    Ok(())
}
