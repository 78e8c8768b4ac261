//! Shoppers and what belongs to a person. What belongs to a deleted one does not come along, as ours forgets
//! it with the account.

use super::super::draft::{Draft, short};
use super::super::table::{
    ADDED, DELETED, Deleted, Kind, Stays, Subject, Table, UPDATED, column, same, seen, soft, table, unique,
};
use crate::store::import::Value;
use crate::store::litemall::Sameness::Words;

/// The administrative division. Ours is there, under its codes; theirs is only compared.
pub(super) const REGION: Table = Table {
    deleted: Deleted::Unknown,
    has_id: false,
    more: Some((&[], known_region)),
    ..table(
        "litemall_region",
        "region",
        &[
            seen("pid", Kind::SeenNumber),
            seen("name", Kind::Seen),
            seen("type", Kind::SeenNumber),
            seen("code", Kind::SeenNumber),
        ],
    )
};

fn known_region(draft: &mut Draft<'_>) -> Result<(), Stays> {
    let code = draft.number("code").and_then(|code| u64::try_from(code).ok());
    if code.is_some_and(|code| draft.law.regions.has(code)) {
        return Err(Stays::NotKept);
    }
    let (code, name) = (draft.cell("code").unwrap_or("nothing"), draft.cell("name").unwrap_or_default());
    Err(Stays::LeftOut(format!("code: {code} {} is not in our division", short(name))))
}

/// Shoppers.
pub(super) const USER: Table = Table {
    subject: Some(Subject::User),
    unique: &[
        unique(&["username"], Words, false),
        soft(&["mobile"], Words, true),
        soft(&["weixin_openid"], Words, true),
    ],
    more: Some((&[], user)),
    then: super::super::table::Then::Recount,
    ..table(
        "litemall_user",
        "shopper",
        &[
            same("username", Kind::Name),
            column("password", "password_hash", Kind::Hash),
            same("gender", Kind::Soft(0, 2, 0)),
            same("birthday", Kind::Date),
            column("last_login_time", "last_login_at", Kind::Time),
            same("last_login_ip", Kind::Text),
            column("user_level", "level", Kind::Soft(0, 2, 0)),
            same("nickname", Kind::Text),
            same("mobile", Kind::Text),
            same("avatar", Kind::Text),
            same("weixin_openid", Kind::Text),
            column("session_key", "weixin_session_key", Kind::Text),
            same("status", Kind::Int(0, 2, 0)),
            ADDED,
            UPDATED,
            DELETED,
        ],
    )
};

fn user(draft: &mut Draft<'_>) -> Result<(), Stays> {
    if draft.number("deleted").unwrap_or(0) != 0 {
        forget(draft);
        return Ok(());
    }
    let password = draft.cell("password").unwrap_or_default();
    let of_weixin = !password.is_empty() && draft.cell("weixin_openid") == Some(password);
    if !password.is_empty() && !of_weixin && !password.starts_with("$2") {
        draft.notes.push("password: is no bcrypt hash, so that it has to be set anew".to_owned());
    }
    Ok(())
}

/// Nothing of a deleted person, as our own desk leaves it: the number of the account stays for the books.
fn forget(draft: &mut Draft<'_>) {
    draft.notes.clear();
    let name = format!("deleted-{}", draft.id());
    let texts = [
        "password_hash",
        "last_login_ip",
        "nickname",
        "mobile",
        "avatar",
        "weixin_openid",
        "weixin_session_key",
    ];
    for column in texts {
        if let Some(value) = draft.made(column) {
            *value = Value::Text(String::new());
        }
    }
    for (column, nothing) in [
        ("username", Value::Text(name)),
        ("gender", Value::Int(0)),
        ("birthday", Value::Null),
        ("last_login_at", Value::Null),
    ] {
        if let Some(value) = draft.made(column) {
            *value = nothing;
        }
    }
}

/// Addresses. They name their region in words, so that no number of a region is needed.
pub(super) const ADDRESS: Table = table(
    "litemall_address",
    "address",
    &[
        same("name", Kind::Text),
        same("user_id", Kind::OfLiving(Subject::User)),
        same("province", Kind::Text),
        same("city", Kind::Text),
        same("county", Kind::Text),
        column("address_detail", "detail", Kind::Text),
        same("area_code", Kind::Text),
        same("postal_code", Kind::Text),
        same("tel", Kind::Text),
        same("is_default", Kind::Flag(false)),
        ADDED,
        UPDATED,
        DELETED,
    ],
);

/// What shoppers searched for.
pub(super) const SEARCH_HISTORY: Table = table(
    "litemall_search_history",
    "search_history",
    &[
        same("user_id", Kind::OfLiving(Subject::User)),
        column("keyword", "word", Kind::Text),
        column("from", "source", Kind::Text),
        ADDED,
        UPDATED,
        DELETED,
    ],
);

/// What shoppers told the shop.
pub(super) const FEEDBACK: Table = table(
    "litemall_feedback",
    "feedback",
    &[
        same("user_id", Kind::OfLiving(Subject::User)),
        same("username", Kind::Text),
        same("mobile", Kind::Text),
        same("feed_type", Kind::Text),
        same("content", Kind::Text),
        same("status", Kind::Int(0, 255, 0)),
        same("has_picture", Kind::Flag(false)),
        same("pic_urls", Kind::Strings),
        ADDED,
        UPDATED,
        DELETED,
    ],
);
