//! Shoppers, as staff see and change them.

use super::account::RowId;
use crate::accounts::desk;
use crate::envelope::{Answer, Envelope, Nothing, Page, Reply};
use crate::error::{Failure, Refusal};
use crate::export::{self, BATCH, Batch, Line};
use crate::extract::{Entity, Query};
use crate::provider::sms::is_mobile;
use crate::replica;
use crate::state::App;
use crate::store::shopper_desk::{self, Edit, Filter, ShopperRow};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A shopper.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    id: u64,
    username: String,
    /// 0 unknown, 1 male, 2 female.
    gender: u8,
    /// `yyyy-MM-dd`
    birthday: Option<String>,
    last_login_time: Option<String>,
    last_login_ip: String,
    /// 0 normal, 1 VIP, 2 senior VIP.
    user_level: u8,
    nickname: String,
    mobile: String,
    avatar: String,
    /// 0 usable, 1 disabled, 2 cancelled.
    status: u8,
    add_time: String,
    update_time: String,
    deleted: bool,
}

/// What staff may change of a shopper; other members are ignored.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct UserForm {
    id: u64,
    nickname: Option<String>,
    mobile: Option<String>,
    gender: Option<u8>,
    user_level: Option<u8>,
    status: Option<u8>,
}

/// Shoppers; with `export=csv` all that match, as a file. Failures: 402.
#[utoipa::path(get, path = "/admin/user/list", tag = "staff: shoppers",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("username" = Option<String>, Query),
        ("mobile" = Option<String>, Query), ("export" = Option<String>, Query)),
    responses((status = 200, content((Envelope<Page<User>> = "application/json"), (String = "text/csv")))),
    security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Result<Response, Failure> {
    let text = |name| query.text_within(name, 63).map(|text| text.map(str::to_owned));
    let filter = Filter { username: text("username")?, mobile: text("mobile")? };
    match query.text("export") {
        None => {}
        Some("csv") => return Ok(file(app, filter)),
        Some(_) => return Err(Refusal::wrong("export").into()),
    }
    let listing = query.listing()?;
    let rows = listing.rows(shopper_desk::count(&app.db, &filter).await?)?;
    let found = shopper_desk::list(&app.db, &filter, listing, rows).await?;
    let page = rows.page(found.into_iter().map(|row| User::of(&app, row)).collect());
    Ok(Reply::data(page).into_response())
}

const TITLES: [&str; 9] =
    ["id", "username", "nickname", "mobile", "gender", "userLevel", "status", "addTime", "lastLoginTime"];

fn file(app: Arc<App>, filter: Filter) -> Response {
    let filter = Arc::new(filter);
    export::file("users", &TITLES, move |after| {
        let (app, filter) = (Arc::clone(&app), Arc::clone(&filter));
        async move {
            let (app, filter) = (&*app, &*filter);
            let read = |db| async move { Ok(shopper_desk::after(&db, filter, after, BATCH).await?) };
            let rows = replica::read_recent(app, read).await?;
            let next = rows.last().map(|row| row.id).filter(|_| rows.len() == BATCH as usize);
            Ok(Batch { lines: rows.into_iter().map(|row| line(app, &row)).collect(), next })
        }
    })
}

fn line(app: &App, row: &ShopperRow) -> Line {
    Line::default()
        .number(row.id)
        .text(&row.username)
        .text(&row.nickname)
        .text(&row.mobile)
        .number(row.gender)
        .number(row.level)
        .number(row.status)
        .text(&app.zone.show(row.added_at))
        .text(&row.last_login_at.map(|at| app.zone.show(at)).unwrap_or_default())
}

/// A shopper, nothing if there is none. Failures: 402.
#[utoipa::path(get, path = "/admin/user/detail", tag = "staff: shoppers", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<User>)), security(("staff" = []), ("bearer" = [])))]
pub async fn detail(State(app): State<Arc<App>>, query: Query) -> Answer<Option<User>> {
    let row = shopper_desk::find(&app.db, query.required_id("id")?).await?;
    Ok(Reply::data(row.map(|row| User::of(&app, row))))
}

/// Change a shopper; how many rows that were. A disabled shopper is logged out. Failures: 401, 402, 705.
#[utoipa::path(post, path = "/admin/user/update", tag = "staff: shoppers", request_body = UserForm,
    responses((status = 200, body = Envelope<u64>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, body: Entity) -> Answer<u64> {
    let id = body.required_id("id")?;
    let mobile = body.text_within("mobile", 20)?;
    if mobile.as_ref().is_some_and(|mobile| !mobile.is_empty() && !is_mobile(mobile)) {
        return Err(Refusal::wrong("mobile").into());
    }
    let small = |name: &str| body.int_within(name, 0, 2).map(|number| number.map(|number| number as u8));
    let edit = Edit {
        nickname: body.text_within("nickname", 63)?,
        mobile,
        gender: small("gender")?,
        level: small("userLevel")?,
        status: small("status")?,
    };
    Ok(Reply::data(desk::edit(&app, id, &edit).await?))
}

/// Delete a shopper and what the account says of the person. Failures: 401, 402, 689 unfinished orders.
#[utoipa::path(post, path = "/admin/user/delete", tag = "staff: shoppers", request_body = RowId,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    desk::delete(&app, body.required_id("id")?).await?;
    Ok(Reply::done())
}

impl User {
    fn of(app: &App, row: ShopperRow) -> Self {
        Self {
            id: row.id,
            username: row.username,
            gender: row.gender,
            birthday: row.birthday.map(|day| day.format("%Y-%m-%d").to_string()),
            last_login_time: row.last_login_at.map(|at| app.zone.show(at)),
            last_login_ip: row.last_login_ip,
            user_level: row.level,
            nickname: row.nickname,
            mobile: row.mobile,
            avatar: row.avatar,
            status: row.status,
            add_time: app.zone.show(row.added_at),
            update_time: app.zone.show(row.updated_at),
            deleted: false,
        }
    }
}
