//! Pictures of the demo shop, drawn from their names: `/wx/art/cup-3.png` is a cup in the third set of
//! colours. Names are a closed set, a picture is drawn once and kept, and no more than two are drawn at a
//! time. Served in the dev profile only, like the demo data that names them.

mod draw;
mod shapes;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Where the pictures are.
pub const PATH: &str = "/wx/art";
/// Sets of colours.
pub const COLOURS: u16 = 1000;
/// Bytes of drawn pictures that are kept.
const KEPT_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Pictures drawn at a time.
const AT_A_TIME: usize = 2;

/// What kind of picture it is; each has its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Square, for goods.
    Goods,
    /// Small and round, for categories.
    Icon,
    /// Wide, for brands.
    Brand,
    /// Wide and large, for advertisements and topics.
    Banner,
}

/// A picture's name, read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    format: Format,
    motif: String,
    colours: u16,
}

/// The address of a square picture.
pub fn goods(motif: &str, colours: usize) -> String {
    format!("{PATH}/{motif}-{}.png", colours % usize::from(COLOURS))
}

/// The address of an icon.
pub fn icon(motif: &str, colours: usize) -> String {
    format!("{PATH}/icon-{motif}-{}.png", colours % usize::from(COLOURS))
}

/// The address of a brand's picture.
pub fn brand(motif: &str, colours: usize) -> String {
    format!("{PATH}/brand-{motif}-{}.png", colours % usize::from(COLOURS))
}

/// The address of a banner.
pub fn banner(motif: &str, colours: usize) -> String {
    format!("{PATH}/banner-{motif}-{}.png", colours % usize::from(COLOURS))
}

/// Names of what can be drawn.
pub fn motifs() -> impl Iterator<Item = &'static str> {
    shapes::MOTIFS.keys().copied()
}

impl Name {
    /// Reads a name; nothing when there is no such picture.
    fn read(text: &str) -> Option<Self> {
        let text = text.strip_suffix(".png")?;
        let (rest, number) = text.rsplit_once('-')?;
        let colours = number.parse().ok().filter(|colours| *colours < COLOURS)?;
        // One name per picture.
        if number.len() > 1 && number.starts_with('0') || number.starts_with('+') {
            return None;
        }
        let formats = [("icon-", Format::Icon), ("brand-", Format::Brand), ("banner-", Format::Banner)];
        let found = formats.into_iter().find_map(|(head, format)| Some((rest.strip_prefix(head)?, format)));
        let (motif, format) = found.unwrap_or((rest, Format::Goods));
        let known = shapes::MOTIFS.contains_key(motif);
        known.then(|| Self { format, motif: motif.to_owned(), colours })
    }
}

/// The picture of a name, drawn now; nothing when there is no such picture.
pub fn draw(name: &str) -> Option<Vec<u8>> {
    Name::read(name).and_then(|name| draw::picture(&name))
}

/// The route.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let kept: Kept = moka::future::Cache::builder()
        .weigher(|_: &String, bytes: &Bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX))
        .max_capacity(KEPT_BYTES_MAX)
        .build();
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    Router::new().route(
        &format!("{PATH}/{{name}}"),
        get(move |Path(text): Path<String>| {
            let (kept, turns) = (kept.clone(), Arc::clone(&turns));
            async move { answer(&kept, turns, text).await }
        }),
    )
}

type Kept = moka::future::Cache<String, Bytes>;

async fn answer(kept: &Kept, turns: Arc<Semaphore>, text: String) -> Response {
    let Some(name) = Name::read(&text) else { return StatusCode::NOT_FOUND.into_response() };
    match kept.try_get_with(text, drawn(turns, name)).await {
        Ok(bytes) => (headers(), bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn drawn(turns: Arc<Semaphore>, name: Name) -> Result<Bytes, Failed> {
    let _turn = turns.acquire().await.map_err(|_| Failed)?;
    let picture = tokio::task::spawn_blocking(move || draw::picture(&name)).await.map_err(|_| Failed)?;
    picture.map(Bytes::from).ok_or(Failed)
}

/// A picture could not be drawn.
#[derive(Debug)]
struct Failed;

fn headers() -> [(header::HeaderName, &'static str); 4] {
    [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "public, max-age=604800, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_a_closed_set() {
        let read = |text: &str| Name::read(text).map(|name| (name.format, name.colours));
        assert_eq!(read("cup-3.png"), Some((Format::Goods, 3)));
        assert_eq!(read("icon-cup-999.png"), Some((Format::Icon, 999)));
        for text in [
            "cup-1000.png",
            "cup-03.png",
            "cup-+3.png",
            "cup.png",
            "cup--1.png",
            "x-1.png",
            "../cup-1.png",
            "cup-1.svg",
            "icon-1.png",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn every_picture_can_be_drawn_and_none_is_empty() {
        let motifs: Vec<&str> = motifs().collect();
        assert!(motifs.len() >= 40, "{}", motifs.len());
        for (number, motif) in motifs.iter().enumerate() {
            let name = Name::read(&format!("icon-{motif}-{number}.png")).unwrap();
            let picture = draw::picture(&name).unwrap();
            assert!(picture.starts_with(b"\x89PNG") && picture.len() > 500, "{motif}");
        }
        let one = draw::picture(&Name::read("banner-cup-1.png").unwrap()).unwrap();
        assert_eq!(one, draw::picture(&Name::read("banner-cup-1.png").unwrap()).unwrap());
        assert_ne!(one, draw::picture(&Name::read("banner-cup-2.png").unwrap()).unwrap());
    }
}
