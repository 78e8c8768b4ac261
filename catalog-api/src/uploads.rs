//! Keeping files people upload, and giving them out again. The bytes go into the object store first and
//! the row is written then: a row always names an object, and an object nobody names harms nobody.

use crate::config::Config;
use crate::error::{Failure, Fault, NOT_SUPPORTED, Refusal};
use crate::extract::{ClientAddress, Upload};
use crate::picture::{self, Picture, Unfit};
use crate::provider::objects::Objects;
use crate::random;
use crate::state::App;
use crate::store::storage::{self, NewFile, StorageRow};
use axum::body::Bytes;
use tokio::sync::Semaphore;

/// Bodies read at the same time; each holds up to 5 MB.
const READING_MAX: usize = 16;
/// Pictures decoded at the same time; each may take 256 MB.
const DECODING_MAX: usize = 2;
/// Characters of a file's name that are kept.
const NAME_CHARS_MAX: usize = 255;
/// Characters of a key before its suffix.
const KEY_CHARS: usize = 20;
const HOUR_S: u64 = 3600;

/// Where files go, and how many at a time.
pub struct Uploads {
    /// The store.
    pub objects: Objects,
    /// Places for bodies.
    pub reading: Semaphore,
    decoding: Semaphore,
}

impl Uploads {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        Self {
            objects: Objects::new(config),
            reading: Semaphore::new(READING_MAX),
            decoding: Semaphore::new(DECODING_MAX),
        }
    }
}

/// Keeps a file of a shopper, or of nobody: the mini-program sends no token. How many an address may
/// send is therefore bounded.
pub async fn keep_from(app: &App, address: ClientAddress, upload: Upload) -> Result<StorageRow, Failure> {
    let exempt = app.config.is_dev() && address.0.is_loopback();
    if !exempt && sent_within_the_hour(app, address).await? > app.config.storage.uploads_per_hour_max {
        return Err(Refusal::wrong_because("file", "too many files came from here within an hour").into());
    }
    keep(app, upload).await
}

async fn sent_within_the_hour(app: &App, address: ClientAddress) -> Result<u32, Fault> {
    let key = format!("{}:uploads:{}", app.config.redis.prefix, address.limit_key());
    let mut connection = app.redis.get().await?;
    let (sent,): (u32,) = redis::pipe()
        .atomic()
        .cmd("SET")
        .arg(&key)
        .arg(0)
        .arg("EX")
        .arg(HOUR_S)
        .arg("NX")
        .ignore()
        .cmd("INCR")
        .arg(&key)
        .query_async(&mut connection)
        .await?;
    Ok(sent)
}

/// Keeps a file.
pub async fn keep(app: &App, upload: Upload) -> Result<StorageRow, Failure> {
    if !app.uploads.objects.is_set_up() {
        return Err(NOT_SUPPORTED.into());
    }
    let picture = cleaned(app, upload.bytes).await?;
    store(app, &upload.name, picture).await
}

/// Keeps a JPEG picture that was drawn here.
pub async fn keep_made(app: &App, name: &str, bytes: Bytes) -> Result<StorageRow, Failure> {
    if !app.uploads.objects.is_set_up() {
        return Err(NOT_SUPPORTED.into());
    }
    store(app, name, Picture { bytes, content_type: "image/jpeg", suffix: ".jpg" }).await
}

async fn store(app: &App, name: &str, picture: Picture) -> Result<StorageRow, Failure> {
    let size = picture.bytes.len() as u32;
    let key = format!("{}{}", fresh_key(), picture.suffix);
    app.uploads.objects.put(&key, picture.bytes).await?;
    let file = NewFile {
        object_key: &key,
        name: &harmless(name),
        content_type: picture.content_type,
        size,
        url: &format!("{}{key}", app.config.storage_url()),
    };
    let id = storage::insert(&app.db, &file).await?;
    storage::find(&app.db, id).await?.ok_or_else(|| Fault::Broken("a file just kept is gone").into())
}

async fn cleaned(app: &App, file: Bytes) -> Result<Picture, Failure> {
    // Never closed; those who wait are bounded by the places for requests.
    let _place = app.uploads.decoding.acquire().await.map_err(|_| Fault::Busy("the process is ending"))?;
    let done = tokio::task::spawn_blocking(move || picture::cleaned(&file)).await;
    match done {
        Ok(Ok(picture)) => Ok(picture),
        Ok(Err(Unfit::NoPicture)) => {
            Err(Refusal::wrong_because("file", "is no PNG, JPEG, WebP or GIF picture").into())
        }
        Ok(Err(Unfit::TooLarge)) => Err(Refusal::wrong_because("file", "has too many pixels").into()),
        // A decoder that gives up in this way has met a file it cannot read.
        Err(error) => {
            tracing::error!(%error, "a picture could not be decoded");
            Err(Refusal::wrong_because("file", "is no PNG, JPEG, WebP or GIF picture").into())
        }
    }
}

/// A file as it is given out.
#[derive(Clone, Debug)]
pub struct Given {
    /// What it is.
    pub content_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// The file of a key, if there is one.
pub async fn give(app: &App, key: &str) -> Result<Option<Given>, Failure> {
    if !is_key(key) {
        return Ok(None);
    }
    let Some(row) = storage::find_by_key(&app.db, key).await? else { return Ok(None) };
    let bytes = app.uploads.objects.get(&row.object_key).await?;
    Ok(bytes.map(|bytes| Given { content_type: row.content_type, bytes }))
}

/// Takes a file away; that it is not there is no error.
pub async fn delete(app: &App, key: &str) -> Result<Option<StorageRow>, Failure> {
    let Some(row) = storage::find_by_key(&app.db, key).await? else { return Ok(None) };
    storage::delete(&app.db, &row.object_key).await?;
    app.uploads.objects.delete(&row.object_key).await?;
    Ok(Some(row))
}

/// Whether a text can be the key of a file; what cannot is not asked for anywhere.
pub fn is_key(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=63).contains(&text.len()) && text.bytes().all(fits)
}

/// Twenty characters nobody can guess.
fn fresh_key() -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    // 252 is the largest multiple of 36 in a byte; what is above it would make some letters likelier.
    let letters = std::iter::repeat_with(random::bytes::<32>)
        .flatten()
        .filter(|byte| *byte < 252)
        .map(|byte| LETTERS[usize::from(byte % 36)] as char);
    letters.take(KEY_CHARS).collect()
}

/// A name for people to read: the last part of a path, without what means something to a browser or a
/// terminal.
pub fn harmless(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = |c: &char| !c.is_control() && !"<>\"'&`".contains(*c);
    let name: String = name.chars().filter(kept).take(NAME_CHARS_MAX).collect();
    if name.trim().is_empty() { "blob".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_are_twenty_letters_and_digits_and_never_the_same() {
        let keys: HashSet<String> = std::iter::repeat_with(fresh_key).take(1_000).collect();
        assert_eq!(keys.len(), 1_000);
        for key in keys {
            let letters = key.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
            assert!(key.len() == 20 && letters, "{key}");
        }
    }

    #[test]
    fn names_keep_what_people_read() {
        assert_eq!(harmless("茶 cup.png"), "茶 cup.png");
        assert_eq!(harmless("../../etc/passwd"), "passwd");
        assert_eq!(harmless("C:\\temp\\a.png"), "a.png");
        assert_eq!(harmless("<img src=x onerror='x'>.png"), "img src=x onerror=x.png");
        assert_eq!((harmless(""), harmless("\u{7}")), ("blob".into(), "blob".into()));
        assert_eq!(harmless(&"x".repeat(400)).len(), 255);
    }
}
