//! Pictures are decoded within limits and encoded anew. What is served is written by our encoders:
//! upright, without metadata, and with nothing behind its end. A colour profile goes too.

mod animation;
#[cfg(test)]
mod tests;

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::PictureFormat;

const MEGAPIXEL: u64 = 1_000_000;
const MOST_PIXELS: u64 = 50 * MEGAPIXEL;
const LONGEST_SIDE: u32 = 65_535;
/// What a decoder may hold: the most pixels with 8 bits of red, green, blue and alpha, and its tables.
const MOST_MEMORY: u64 = 4 * MOST_PIXELS + (32 << 20);
const THUMBNAIL_SIDE: u32 = 320;
const AVATAR_SIDE: u32 = 256;
const QUALITY: u8 = 87;

/// A picture to be served.
#[derive(Debug, Clone)]
pub struct Encoded {
    pub bytes: Bytes,
    pub format: PictureFormat,
}

#[derive(Debug, Clone)]
pub struct Picture {
    pub full: Encoded,
    /// At most 320 px wide and high, one frame, JPEG or PNG: what it is, its first bytes say.
    pub thumbnail: Encoded,
    pub width: u32,
    pub height: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("this image cannot be read")]
    Unreadable,
    #[error("this image is too large")]
    TooLarge,
}

/// Makes pictures, a few at a time and off the event loop.
#[derive(Clone)]
pub struct Pictures {
    turns: Arc<Semaphore>,
}

impl Pictures {
    /// Larger ones are no pictures to look at. Operators may allow larger uploads than pictures need.
    pub const MOST_BYTES: u64 = 64 << 20;

    /// `at_once`: the largest that are let in take a core for some seconds, and half a gigabyte.
    pub fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    /// Waits until a picture may be made: what is to be decoded need not be in memory before.
    pub async fn turn(&self) -> Result<Turn, Unfit> {
        let permit = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Unfit::Unreadable)?;
        Ok(Turn { permit })
    }
}

/// For one picture.
pub struct Turn {
    permit: OwnedSemaphorePermit,
}

impl Turn {
    /// What a message shows.
    pub async fn prepare(self, sent: Bytes, format: PictureFormat) -> Result<Picture, Unfit> {
        self.used_for(move || prepare(&sent, format)).await
    }

    /// 256 × 256 px from the middle, one frame.
    pub async fn avatar(self, sent: Bytes, format: PictureFormat) -> Result<Encoded, Unfit> {
        self.used_for(move || avatar(&sent, format)).await
    }

    async fn used_for<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, Unfit> + Send + 'static,
    ) -> Result<T, Unfit> {
        // The work goes on when its caller has gone away, so it holds the turn itself.
        let worked = spawn_blocking(move || {
            let outcome = work();
            drop(self.permit);
            outcome
        });
        worked.await.unwrap_or_else(|panicked| {
            tracing::warn!("a decoder gave up on a picture: {panicked}");
            Err(Unfit::Unreadable)
        })
    }
}

fn prepare(sent: &[u8], format: PictureFormat) -> Result<Picture, Unfit> {
    let image = decode(sent, format)?;
    let (width, height) = (image.width(), image.height());
    let thumbnail = if width.max(height) > THUMBNAIL_SIDE {
        small(&image.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE))?
    } else {
        small(&image)?
    };
    let full = match format {
        PictureFormat::Jpeg => jpeg(image)?,
        PictureFormat::Png => png(&image)?,
        PictureFormat::Gif => Encoded { bytes: animation::encode_anew(sent)?.into(), format },
        // Our encoder of WebP is lossless: a photo would become ten times as large.
        PictureFormat::WebP if is_opaque(&image) => jpeg(image)?,
        PictureFormat::WebP => webp(&image)?,
    };
    Ok(Picture { full, thumbnail, width, height })
}

fn avatar(sent: &[u8], format: PictureFormat) -> Result<Encoded, Unfit> {
    let image = decode(sent, format)?;
    // Cut before it is scaled: a line of 50 million pixels would be scaled to as many by 256.
    let side = image.width().min(image.height());
    let square = image.crop_imm((image.width() - side) / 2, (image.height() - side) / 2, side, side);
    small(&square.resize_exact(AVATAR_SIDE, AVATAR_SIDE, FilterType::Triangle))
}

/// The first frame, upright.
fn decode(sent: &[u8], format: PictureFormat) -> Result<DynamicImage, Unfit> {
    if sent.len() as u64 > Pictures::MOST_BYTES {
        return Err(Unfit::TooLarge);
    }
    let named = match format {
        PictureFormat::Jpeg => ImageFormat::Jpeg,
        PictureFormat::Png => ImageFormat::Png,
        PictureFormat::Gif => ImageFormat::Gif,
        PictureFormat::WebP => ImageFormat::WebP,
    };
    let mut reader = ImageReader::with_format(Cursor::new(sent), named);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(why)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Unfit::Unreadable);
    }
    // Before anything is made room for.
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY {
        return Err(Unfit::TooLarge);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(why)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// JPEG, or PNG where something shines through.
fn small(image: &DynamicImage) -> Result<Encoded, Unfit> {
    let image = DynamicImage::from(image.to_rgba8());
    if is_opaque(&image) { jpeg(image) } else { png(&image) }
}

fn jpeg(image: DynamicImage) -> Result<Encoded, Unfit> {
    let image = if image.as_luma8().is_some() { image } else { image.into_rgb8().into() };
    let mut bytes = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).map_err(why)?;
    Ok(Encoded { bytes: bytes.into(), format: PictureFormat::Jpeg })
}

fn png(image: &DynamicImage) -> Result<Encoded, Unfit> {
    let mut bytes = Vec::new();
    image.write_with_encoder(PngEncoder::new(&mut bytes)).map_err(why)?;
    Ok(Encoded { bytes: bytes.into(), format: PictureFormat::Png })
}

fn webp(image: &DynamicImage) -> Result<Encoded, Unfit> {
    let mut bytes = Vec::new();
    image.write_with_encoder(WebPEncoder::new_lossless(&mut bytes)).map_err(why)?;
    Ok(Encoded { bytes: bytes.into(), format: PictureFormat::WebP })
}

/// Of what WebP is decoded to, and of what is small.
fn is_opaque(image: &DynamicImage) -> bool {
    image.as_rgba8().is_none_or(|pixels| pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX))
}

fn why(error: ImageError) -> Unfit {
    if matches!(error, ImageError::Limits(_)) { Unfit::TooLarge } else { Unfit::Unreadable }
}
