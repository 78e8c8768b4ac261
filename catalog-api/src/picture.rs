//! Making an uploaded picture harmless: it is decoded and encoded anew, so that what we serve is a
//! picture and nothing else, without the camera's notes about where it was taken.
//!
//! Deliberately absent: SVG and everything else a browser would run.

use axum::body::Bytes;
use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Pixels of a picture at most: a good telephone's camera.
pub const PIXELS_MAX: u64 = 25_000_000;
/// A side at most.
pub const SIDE_MAX: u32 = 16_000;
/// Pixels of all frames of an animation at most; each of them has to be fitted to a palette.
const ANIMATION_PIXELS_MAX: u64 = 16_000_000;
/// What one decoding may allocate.
const DECODE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Hardly to be told from the original, at a fraction of its size.
const JPEG_QUALITY: u8 = 88;
/// 1 is the best palette and 30 the fastest.
const GIF_SPEED: i32 = 10;

/// A picture as it is kept.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The encoded picture.
    pub bytes: Bytes,
    /// What it is.
    pub content_type: &'static str,
    /// What its name ends with.
    pub suffix: &'static str,
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// No picture of a kind that is taken.
    NoPicture,
    /// Too many pixels.
    TooLarge,
}

/// Decodes a file and encodes it anew. It takes long; call it where nothing waits.
pub fn cleaned(file: &[u8]) -> Result<Picture, Unfit> {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| Unfit::NoPicture)?;
    match reader.format() {
        Some(ImageFormat::Gif) => animation(file),
        // A WebP is kept as one of the older formats: the encoder there is writes lossless ones only.
        Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) => still(reader),
        _ => Err(Unfit::NoPicture),
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    limits
}

/// Looks at the header only: a file of few bytes can unfold to many pixels.
fn pixels(decoder: &impl ImageDecoder) -> Result<u64, Unfit> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if width > SIDE_MAX || height > SIDE_MAX || pixels > PIXELS_MAX {
        return Err(Unfit::TooLarge);
    }
    if pixels == 0 { Err(Unfit::NoPicture) } else { Ok(pixels) }
}

fn still(mut reader: ImageReader<Cursor<&[u8]>>) -> Result<Picture, Unfit> {
    let is_png = reader.format() == Some(ImageFormat::Png);
    // The sides are judged by `pixels`, which knows why it refuses.
    reader.no_limits();
    let mut decoder = reader.into_decoder().map_err(|_| Unfit::NoPicture)?;
    pixels(&decoder)?;
    decoder.set_limits(limits()).map_err(|_| Unfit::TooLarge)?;
    let orientation = decoder.orientation().map_err(|_| Unfit::NoPicture)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| Unfit::NoPicture)?;
    image.apply_orientation(orientation);
    let mut bytes = Vec::new();
    if is_png || image.color().has_alpha() {
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).map_err(|_| Unfit::NoPicture)?;
        return Ok(Picture { bytes: bytes.into(), content_type: "image/png", suffix: ".png" });
    }
    let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    image.to_rgb8().write_with_encoder(encoder).map_err(|_| Unfit::NoPicture)?;
    Ok(Picture { bytes: bytes.into(), content_type: "image/jpeg", suffix: ".jpg" })
}

fn animation(file: &[u8]) -> Result<Picture, Unfit> {
    let mut decoder = GifDecoder::new(Cursor::new(file)).map_err(|_| Unfit::NoPicture)?;
    let frame_pixels = pixels(&decoder)?;
    decoder.set_limits(limits()).map_err(|_| Unfit::TooLarge)?;
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, GIF_SPEED);
    encoder.set_repeat(Repeat::Infinite).map_err(|_| Unfit::NoPicture)?;
    let mut seen = 0;
    for frame in decoder.into_frames() {
        seen += frame_pixels;
        if seen > ANIMATION_PIXELS_MAX {
            return Err(Unfit::TooLarge);
        }
        let frame = frame.map_err(|_| Unfit::NoPicture)?;
        encoder.encode_frame(frame).map_err(|_| Unfit::NoPicture)?;
    }
    drop(encoder);
    if seen == 0 {
        return Err(Unfit::NoPicture);
    }
    Ok(Picture { bytes: bytes.into(), content_type: "image/gif", suffix: ".gif" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Frame, Rgb, RgbImage, Rgba, RgbaImage};

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    #[test]
    fn every_kind_is_taken_and_stays_a_picture_of_the_same_size() {
        let opaque = DynamicImage::ImageRgb8(RgbImage::from_pixel(30, 20, Rgb([200, 30, 30])));
        let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(30, 20, Rgba([200, 30, 30, 9])));
        for (image, format, content_type) in [
            (&opaque, ImageFormat::Png, "image/png"),
            (&opaque, ImageFormat::Jpeg, "image/jpeg"),
            (&opaque, ImageFormat::WebP, "image/jpeg"),
            (&clear, ImageFormat::WebP, "image/png"),
            (&clear, ImageFormat::Gif, "image/gif"),
        ] {
            let picture = cleaned(&encoded(image, format)).unwrap();
            assert_eq!(picture.content_type, content_type, "{format:?}");
            let again = image::load_from_memory(&picture.bytes).unwrap();
            assert_eq!((again.width(), again.height()), (30, 20), "{format:?}");
        }
    }

    #[test]
    fn what_stands_beside_the_picture_is_gone() {
        let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(8, 8, Rgb([1, 2, 3])));
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif] {
            let mut file = encoded(&image, format);
            file.extend_from_slice(b"<script>alert(1)</script>");
            let picture = cleaned(&file).unwrap();
            assert!(!picture.bytes.windows(8).any(|window| window == b"<script>"), "{format:?}");
        }
    }

    #[test]
    fn frames_are_kept() {
        let mut file = Vec::new();
        let mut encoder = GifEncoder::new(&mut file);
        for shade in [10, 200] {
            let frame = Frame::new(RgbaImage::from_pixel(9, 9, Rgba([shade, shade, 0, 255])));
            encoder.encode_frame(frame).unwrap();
        }
        drop(encoder);
        let picture = cleaned(&file).unwrap();
        let frames = GifDecoder::new(Cursor::new(&picture.bytes)).unwrap().into_frames();
        assert_eq!(frames.count(), 2);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let png = encoded(&DynamicImage::ImageRgb8(RgbImage::new(40, 40)), ImageFormat::Png);
        for file in [
            b"".as_slice(),
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<html><script>alert(1)</script></html>",
            b"GIF89a/*",
            b"\x89PNG\r\n\x1a\n",
            &png[..png.len() / 2],
            b"BM\x00\x00\x00\x00",
        ] {
            assert_eq!(cleaned(file).unwrap_err(), Unfit::NoPicture, "{}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn a_small_file_of_many_pixels_is_refused_by_its_header() {
        // The header says so many pixels; the rest of the file does not matter.
        for (width, height) in [(20_000_u32, 10_u32), (6_000, 6_000), (u32::MAX / 2, u32::MAX / 2)] {
            // The last is more than the format's reader counts to; to it that is no picture at all.
            let reason = if width > 1_000_000 { Unfit::NoPicture } else { Unfit::TooLarge };
            let mut file = encoded(&DynamicImage::ImageRgb8(RgbImage::new(4, 4)), ImageFormat::Png);
            file[16..20].copy_from_slice(&width.to_be_bytes());
            file[20..24].copy_from_slice(&height.to_be_bytes());
            let sum = crc(&file[12..29]);
            file[29..33].copy_from_slice(&sum.to_be_bytes());
            assert_eq!(cleaned(&file).unwrap_err(), reason, "{width} × {height}");
        }
    }

    /// The check sum of a PNG chunk.
    fn crc(bytes: &[u8]) -> u32 {
        let step = |sum: u32| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
        !bytes.iter().fold(!0_u32, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| step(sum)))
    }
}
