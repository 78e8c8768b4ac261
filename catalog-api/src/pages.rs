//! The buyers' pages and the board of staff, under `/shop/`: files that never change while a program runs, from the program
//! itself or, after `catalog-api pages FOLDER`, from any web server.
//!
//! A page is small and asked for again every time; what it is made of stands under an address with the
//! hash of all of it, and is kept for ever. The policy lets a page reach its own origin and the store of
//! pictures, and no other; scripts come from files only.
//!
//! Everything that is told of a sale comes from the engine, under `/seckill/` of the same origin. In
//! production the proxy in front of both makes it one; [`forward`] does so on a developer's machine.

mod forward;
mod payment;

use crate::config::{Config, PayProvider};
use crate::state::App;
use anyhow::Context;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::path::Path as FilePath;
use std::sync::{Arc, LazyLock};

/// Where the pages are.
pub const PATH: &str = "/shop";
/// Where the local provider's page is, below [`PATH`].
pub const LOCAL_PAYMENT: &str = "/shop/local-payment";

/// A file that is part of the program.
struct File {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! files {
    ($folder:literal: $($name:literal $kind:literal,)+) => {
        &[$(File { name: $name, kind: $kind, bytes: include_bytes!(concat!("../web/", $folder, $name)) },)+]
    };
}

const PAGES: &[File] = files! { "":
    "index.html" "text/html; charset=utf-8",
    "sale.html" "text/html; charset=utf-8",
    "orders.html" "text/html; charset=utf-8",
    "sign-in.html" "text/html; charset=utf-8",
    "board.html" "text/html; charset=utf-8",
};

const ASSETS: &[File] = files! { "assets/":
    "shop.css" "text/css; charset=utf-8",
    "icon.svg" "image/svg+xml",
    "board.css" "text/css; charset=utf-8",
    "board.js" "text/javascript; charset=utf-8",
    "board-action.js" "text/javascript; charset=utf-8",
    "board-charts.js" "text/javascript; charset=utf-8",
    "board-figures.js" "text/javascript; charset=utf-8",
    "board-panels.js" "text/javascript; charset=utf-8",
    "board-words.js" "text/javascript; charset=utf-8",
    "call.js" "text/javascript; charset=utf-8",
    "clock.js" "text/javascript; charset=utf-8",
    "events.js" "text/javascript; charset=utf-8",
    "list.js" "text/javascript; charset=utf-8",
    "orders.js" "text/javascript; charset=utf-8",
    "page.js" "text/javascript; charset=utf-8",
    "payment.js" "text/javascript; charset=utf-8",
    "purchase.js" "text/javascript; charset=utf-8",
    "sale.js" "text/javascript; charset=utf-8",
    "session.js" "text/javascript; charset=utf-8",
    "sign-in.js" "text/javascript; charset=utf-8",
    "staff.js" "text/javascript; charset=utf-8",
    "watch.js" "text/javascript; charset=utf-8",
    "words.js" "text/javascript; charset=utf-8",
};

/// Files of others, as they came; `assets/uplot/README.md` says from where. They stand beside our own.
const FOREIGN: &[File] = &[
    File {
        name: "uplot.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../assets/uplot/uPlot.esm.js"),
    },
    File {
        name: "uplot.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../assets/uplot/uPlot.min.css"),
    },
];

/// Everything below `assets/`.
fn assets() -> impl Iterator<Item = &'static File> {
    ASSETS.iter().chain(FOREIGN)
}

/// The name of exactly these assets: the first half of a hash over all of them.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for file in assets() {
        hash.update(file.name);
        hash.update(file.bytes.len().to_be_bytes());
        hash.update(file.bytes);
    }
    crate::random::hex(&hash.finalize()[..8])
});

/// The pages as they are sent: with the addresses of exactly these assets.
static RENDERED: LazyLock<Vec<(&'static File, String)>> = LazyLock::new(|| {
    let render = |file: &'static File| {
        let text = std::str::from_utf8(file.bytes).expect("pages are text");
        (file, text.replace("\"assets/", &format!("\"assets/{}/", *VERSION)))
    };
    PAGES.iter().map(render).collect()
});

/// The routes.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let policy = HeaderValue::from_str(&policy(&app.config)).expect("a policy is visible ASCII");
    let page = move |name: &str, headers: &HeaderMap| page(name, headers, &policy);
    let index = page.clone();
    let mut router = Router::new()
        .route("/", get(async || Redirect::to("/shop/")))
        .route(PATH, get(async || Redirect::permanent("/shop/")))
        .route("/shop/", get(async move |headers: HeaderMap| index("index.html", &headers)))
        .route(
            "/shop/{page}",
            get(async move |Path(name): Path<String>, headers: HeaderMap| page(&name, &headers)),
        )
        .route("/shop/assets/{version}/{name}", get(asset));
    if app.config.is_dev() {
        if app.config.pay.provider == PayProvider::Local {
            router = router.route("/shop/local-payment/{order_sn}", get(payment::page).post(payment::pay));
        }
        if let Some(engine) = app.config.pages.engine {
            router = router.merge(forward::router(engine));
        }
    }
    router
}

/// Writes the pages into a folder, for a web server.
pub fn write(folder: &FilePath) -> anyhow::Result<()> {
    let below = folder.join("assets").join(&*VERSION);
    std::fs::create_dir_all(&below).with_context(|| format!("cannot make {}", below.display()))?;
    let put = |to: std::path::PathBuf, bytes: &[u8]| {
        std::fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))
    };
    for file in assets() {
        put(below.join(file.name), file.bytes)?;
    }
    // Pages last: whoever gets a new one finds its assets there.
    for (file, text) in &*RENDERED {
        put(folder.join(file.name), text.as_bytes())?;
    }
    Ok(())
}

/// What a page may do. Pictures may also come from the store people's uploads are in.
pub fn policy(config: &Config) -> String {
    let pictures = origin(&config.storage_url()).map_or_else(String::new, |origin| format!(" {origin}"));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{pictures}; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    )
}

/// Scheme and host of an address, if nothing in them could end a directive.
fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split('/').next()?;
    let plain =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte));
    plain.then(|| format!("{scheme}://{host}"))
}

fn page(name: &str, headers: &HeaderMap, policy: &HeaderValue) -> Response {
    let Some((file, text)) = RENDERED.iter().find(|(file, _)| file.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", crate::random::hex(&Sha256::digest(text)[..8]));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    let unchanged =
        known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, HeaderValue::from_str(&tag).expect("hexadecimal")),
        (header::CONTENT_SECURITY_POLICY, policy.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    if unchanged {
        (StatusCode::NOT_MODIFIED, about).into_response()
    } else {
        (about, text.as_str()).into_response()
    }
}

/// Under another version's name the same file is as good as there is, but not to be kept: instances of two
/// versions answer side by side while one replaces the other.
async fn asset(Path((version, name)): Path<(String, String)>) -> Response {
    let Some(file) = assets().find(|file| file.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-store" };
    let about = [
        (header::CONTENT_TYPE, file.kind),
        (header::CACHE_CONTROL, keep),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (about, file.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folders_is_part_of_the_program() {
        for (folder, files) in [("web", PAGES), ("web/assets", ASSETS)] {
            let there = std::fs::read_dir(FilePath::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
            let mut there: Vec<String> = there
                .map(|entry| entry.unwrap())
                .filter(|entry| entry.file_type().unwrap().is_file())
                .map(|entry| entry.file_name().into_string().unwrap())
                .collect();
            there.sort();
            let mut known: Vec<&str> = files.iter().map(|file| file.name).collect();
            known.sort_unstable();
            assert_eq!(there, known);
        }
    }

    #[test]
    fn a_page_names_only_assets_that_are_there_and_holds_no_script() {
        for (file, text) in &*RENDERED {
            let begin = format!("\"assets/{}/", *VERSION);
            let named: Vec<&str> =
                text.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            assert!(named.len() >= 3, "{}: style, icon, script", file.name);
            for name in named {
                assert!(assets().any(|asset| asset.name == name), "{}: {name}", file.name);
            }
            for inline in ["<style", " style=", " onclick=", "javascript:", "http://", "https://"] {
                assert!(!text.contains(inline), "{}: {inline}", file.name);
            }
            assert_eq!(text.matches("<script").count(), text.matches("<script type=\"module\" src=").count());
        }
    }

    #[test]
    fn scripts_import_only_scripts_that_are_there_and_make_no_markup() {
        for file in ASSETS.iter().filter(|file| file.name.ends_with(".js")) {
            let text = std::str::from_utf8(file.bytes).unwrap();
            for import in text.split(" from '").skip(1).map(|rest| rest.split('\'').next().unwrap()) {
                let name = import.strip_prefix("./").unwrap_or_else(|| panic!("{}: {import}", file.name));
                assert!(assets().any(|asset| asset.name == name), "{}: {name}", file.name);
            }
            for forbidden in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http"]
            {
                let allowed = forbidden == "http" && !text.contains("http://") && !text.contains("https://");
                assert!(allowed || !text.contains(forbidden), "{}: {forbidden}", file.name);
            }
        }
    }

    #[test]
    fn files_of_others_make_no_markup_and_run_no_text() {
        for file in FOREIGN {
            let text = std::str::from_utf8(file.bytes).unwrap();
            for forbidden in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("]
            {
                assert!(!text.contains(forbidden), "{}: {forbidden}", file.name);
            }
        }
    }

    #[test]
    fn an_origin_cannot_end_a_directive() {
        assert_eq!(origin("https://files.example:8443/a/"), Some("https://files.example:8443".into()));
        assert_eq!(origin("https://files.example; script-src *"), None);
        assert_eq!(origin("nonsense"), None);
    }
}
