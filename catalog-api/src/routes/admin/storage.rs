//! Files, for staff.

use crate::envelope::{Answer, Envelope, Nothing, Page, Reply, Zone};
use crate::error::{Refusal, UPDATE_FAILED};
use crate::extract::{Entity, Query, Upload};
use crate::routes::entity_id::id;
use crate::state::App;
use crate::store::storage::{self, Filter, StorageRow};
use crate::uploads;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// A file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    id: u64,
    key: String,
    name: String,
    r#type: String,
    size: u32,
    url: String,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Storage {
    /// Of a row.
    pub fn show(row: StorageRow, zone: Zone) -> Self {
        Self {
            id: row.id,
            key: row.object_key,
            name: row.name,
            r#type: row.content_type,
            size: row.size,
            url: row.url,
            add_time: zone.show(row.added_at),
            update_time: zone.show(row.updated_at),
            deleted: false,
        }
    }
}

/// What uploading sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes a multipart body")]
pub struct FileForm {
    /// A picture: PNG, JPEG, WebP or GIF of at most 5 MB
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
}

/// What renaming a file sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct FileEdit {
    id: u64,
    name: Option<String>,
}

/// What deleting a file sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct FileKey {
    key: String,
}

/// Files. Failures: 402.
#[utoipa::path(get, path = "/admin/storage/list", tag = "staff: files",
    params(("page" = Option<i64>, Query), ("limit" = Option<i64>, Query), ("sort" = Option<String>, Query),
        ("order" = Option<String>, Query), ("key" = Option<String>, Query), ("name" = Option<String>, Query)),
    responses((status = 200, body = Envelope<Page<Storage>>)), security(("staff" = []), ("bearer" = [])))]
pub async fn list(State(app): State<Arc<App>>, query: Query) -> Answer<Page<Storage>> {
    let listing = query.listing()?;
    let filter = Filter {
        object_key: query.text_within("key", 63)?.map(str::to_owned),
        name: query.text_within("name", 255)?.map(str::to_owned),
    };
    if filter.object_key.as_deref().is_some_and(|key| !uploads::is_key(key)) {
        return Ok(Reply::data(listing.rows(0)?.page(Vec::new())));
    }
    let rows = listing.rows(storage::count(&app.db, &filter).await?)?;
    let found = storage::list(&app.db, &filter, listing, rows).await?;
    Ok(Reply::data(rows.page(found.into_iter().map(|row| Storage::show(row, app.zone)).collect())))
}

/// Upload a picture of at most 5 MB. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/storage/create", tag = "staff: files",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Envelope<Storage>)), security(("staff" = []), ("bearer" = [])))]
pub async fn create(State(app): State<Arc<App>>, upload: Upload) -> Answer<Storage> {
    let file = Storage::show(uploads::keep(&app, upload).await?, app.zone);
    let changes = json!({ "key": file.key, "name": file.name, "size": file.size });
    Ok(Reply::data(file).changing(changes))
}

/// A file. Failures: 402 unknown.
#[utoipa::path(post, path = "/admin/storage/read", tag = "staff: files", params(("id" = i64, Query)),
    responses((status = 200, body = Envelope<Storage>)), security(("staff" = []), ("bearer" = [])))]
pub async fn read(State(app): State<Arc<App>>, query: Query) -> Answer<Storage> {
    let found = storage::find(&app.db, query.required_id("id")?).await?;
    let row = found.ok_or_else(|| Refusal::wrong("id"))?;
    Ok(Reply::data(Storage::show(row, app.zone)))
}

/// Rename a file; the rest of it is not staff's to change. Failures: 401, 402, 505.
#[utoipa::path(post, path = "/admin/storage/update", tag = "staff: files", request_body = FileEdit,
    responses((status = 200, body = Envelope<Storage>)), security(("staff" = []), ("bearer" = [])))]
pub async fn update(State(app): State<Arc<App>>, body: Entity) -> Answer<Storage> {
    let id = id(&body)?;
    let name = body.text_within("name", 255)?.map(|name| uploads::harmless(&name));
    let before = storage::find(&app.db, id).await?.ok_or(UPDATE_FAILED)?;
    let name = name.unwrap_or_else(|| before.name.clone());
    if !storage::rename(&app.db, id, &name).await? {
        return Err(UPDATE_FAILED.into());
    }
    let after = storage::find(&app.db, id).await?.ok_or(UPDATE_FAILED)?;
    let changes = json!({ "id": id, "before": { "name": before.name }, "after": { "name": after.name } });
    Ok(Reply::data(Storage::show(after, app.zone)).changing(changes))
}

/// Take a file away, with its bytes. Failures: 401, 402.
#[utoipa::path(post, path = "/admin/storage/delete", tag = "staff: files", request_body = FileKey,
    responses((status = 200, body = Envelope<Nothing>)), security(("staff" = []), ("bearer" = [])))]
pub async fn delete(State(app): State<Arc<App>>, body: Entity) -> Answer<Nothing> {
    let key = body.text("key")?.filter(|key| !key.is_empty()).ok_or_else(|| Refusal::missing("key"))?;
    if !uploads::is_key(&key) {
        return Err(Refusal::wrong("key").into());
    }
    let deleted = uploads::delete(&app, &key).await?;
    let changes = json!({ "key": key, "deleted": deleted.is_some() });
    Ok(Reply::done().changing(changes))
}
