//! The picture itself: what the goods look like above, the code to scan below.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageReader, Limits, Rgb, RgbImage};
use std::io::Cursor;

const WIDTH: u32 = 600;
const HEIGHT: u32 = 860;
/// A side of the code, below the square of the goods.
const CODE: u32 = 220;
const JPEG_QUALITY: u8 = 88;
/// A side of a picture that is taken, and what decoding it may allocate.
const SIDE_MAX: u32 = 8_000;
const DECODE_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// Draws it; nothing when the code is no picture. Goods whose picture we have not are a plain field.
pub(super) fn poster(goods: Option<&[u8]>, code: &[u8]) -> Option<Vec<u8>> {
    let code = decoded(code)?;
    let mut poster = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([255, 255, 255]));
    match goods.and_then(decoded) {
        Some(picture) => {
            let picture = picture.resize_to_fill(WIDTH, WIDTH, FilterType::Triangle);
            imageops::overlay(&mut poster, &on_white(&picture), 0, 0);
        }
        None => {
            let field = RgbImage::from_pixel(WIDTH, WIDTH, Rgb([236, 232, 226]));
            imageops::overlay(&mut poster, &field, 0, 0);
        }
    }
    let code = on_white(&code.resize(CODE, CODE, FilterType::Triangle));
    let left = i64::from((WIDTH - code.width()) / 2);
    let top = i64::from(WIDTH + (HEIGHT - WIDTH - code.height()) / 2);
    imageops::overlay(&mut poster, &code, left, top);
    let mut bytes = Vec::new();
    poster.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)).ok()?;
    Some(bytes)
}

fn decoded(bytes: &[u8]) -> Option<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    reader.limits(limits);
    reader.decode().ok()
}

/// What is seen through stays paper.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, a] = picture.get_pixel(x, y).0;
        let mixed = |tone: u8| ((u16::from(tone) * u16::from(a) + 255 * (255 - u16::from(a))) / 255) as u8;
        Rgb([mixed(r), mixed(g), mixed(b)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};

    fn png(side: u32, colour: [u8; 4]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_pixel(side, side, Rgba(colour)).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn goods_are_above_and_the_code_is_below() {
        let drawn = poster(Some(&png(40, [200, 0, 0, 255])), &png(90, [0, 0, 0, 255])).unwrap();
        let poster = decoded(&drawn).unwrap().to_rgb8();
        assert_eq!(poster.dimensions(), (WIDTH, HEIGHT));
        assert!(poster.get_pixel(300, 300).0[0] > 150 && poster.get_pixel(300, 300).0[1] < 60);
        assert!(poster.get_pixel(300, 730).0[0] < 60, "the code");
        assert!(poster.get_pixel(20, 730).0[0] > 240, "paper");
    }

    #[test]
    fn without_a_picture_there_is_a_field_and_without_a_code_nothing() {
        assert!(poster(None, &png(9, [0, 0, 0, 128])).is_some());
        assert!(poster(Some(b"no picture"), &png(9, [0, 0, 0, 0])).is_some());
        assert_eq!(poster(None, br#"{"errcode":41030}"#), None);
    }
}
