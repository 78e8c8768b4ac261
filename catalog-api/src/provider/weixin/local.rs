//! Any code is the account it names, except that one beginning with `bad` is refused. Codes of the
//! mini-program look like one and open nothing; messages are said to the log.

use super::{Weixin, WeixinLogin};
use crate::error::Fault;
use crate::provider::pay::Call;
use axum::body::Bytes;
use image::{GrayImage, ImageFormat, Luma};
use sha2::{Digest, Sha256};
use std::io::Cursor;

/// Base64 of `0123456789abcdef`, with which development can seal a phone number.
pub const SESSION_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

/// Accounts for development.
pub struct LocalWeixin;

impl Weixin for LocalWeixin {
    fn login<'a>(&'a self, code: &'a str) -> Call<'a, Option<WeixinLogin>> {
        Box::pin(
            async move { Ok(WeixinLogin::checked(code, SESSION_KEY).filter(|_| !code.starts_with("bad"))) },
        )
    }

    fn app_id(&self) -> Option<&str> {
        None
    }

    fn mini_code<'a>(&'a self, scene: &'a str) -> Call<'a, Bytes> {
        Box::pin(async move { pattern(scene) })
    }

    fn say<'a>(&'a self, openid: &'a str, text: &'a str) -> Call<'a, ()> {
        Box::pin(async move {
            tracing::info!(openid, text, "weixin would say");
            Ok(())
        })
    }
}

/// Fields of a code and pixels of a field, a side each.
const FIELDS: u32 = 16;
const PIXELS: u32 = 16;

/// A pattern of its own for every scene.
fn pattern(scene: &str) -> Result<Bytes, Fault> {
    let digest = Sha256::digest(scene.as_bytes());
    let is_dark = |field: u32| (digest[(field / 8) as usize] >> (field % 8)) & 1 == 1;
    let picture = GrayImage::from_fn(FIELDS * PIXELS, FIELDS * PIXELS, |x, y| {
        Luma([if is_dark(y / PIXELS * FIELDS + x / PIXELS) { 40 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    let written = picture.write_to(&mut bytes, ImageFormat::Png);
    written.map_err(|_| Fault::Broken("a picture cannot be written to memory"))?;
    Ok(bytes.into_inner().into())
}
