//! With inputs as a hostile sender would make them.

use gif::{Frame, Repeat};
use image::{GenericImageView, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::files::{Content, recognize};

/// Dark grey, with a red corner on the left above and a blue one on the right.
fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb([250, 0, 0]),
        (false, true) => Rgb([0, 0, 250]),
        _ => Rgb([40, 40, 40]),
    })
}

fn written(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A segment behind the first two bytes of a JPEG.
fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, body, &jpeg[2..]].concat()
}

fn exif(entries: &[(u16, u16, u32, [u8; 4])], rest: &[u8]) -> Vec<u8> {
    let mut body = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    body.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    for (tag, kind, count, value) in entries {
        body.extend(tag.to_le_bytes());
        body.extend(kind.to_le_bytes());
        body.extend(count.to_le_bytes());
        body.extend(value);
    }
    body.extend([0; 4]);
    body.extend(rest);
    body
}

/// A chunk right behind the header of a PNG.
fn with_chunk(png: &[u8], kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    const HEADER_ENDS: usize = 33;
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let sum = crc(&[kind.as_slice(), body].concat()).to_be_bytes();
    [&png[..HEADER_ENDS], &length, kind, body, &sum, &png[HEADER_ENDS..]].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 })
    })
}

/// The header of a PNG that claims to be so large, with next to nothing behind it.
fn boastful_png(width: u32, height: u32) -> Vec<u8> {
    let mut png = written(RgbImage::new(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&sum);
    png
}

fn animated(side: u16, frames: usize) -> Vec<u8> {
    let mut encoder = gif::Encoder::new(Vec::new(), side, side, &[0, 0, 0, 200, 0, 0]).unwrap();
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for index in 0..frames {
        let pixels = vec![u8::try_from(index % 2).unwrap(); usize::from(side) * usize::from(side)];
        let frame = Frame { width: side, height: side, delay: 7, buffer: pixels.into(), ..Frame::default() };
        encoder.write_frame(&frame).unwrap();
    }
    encoder.into_inner().unwrap()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

fn recognized(bytes: &[u8]) -> PictureFormat {
    match recognize(bytes) {
        Content::Picture(format) => format,
        other => panic!("{other:?}"),
    }
}

fn prepared(sent: &[u8]) -> Result<Picture, Unfit> {
    prepare(sent, recognized(sent))
}

fn opened(picture: &Encoded) -> DynamicImage {
    assert_eq!(recognized(&picture.bytes), picture.format);
    image::load_from_memory(&picture.bytes).unwrap()
}

fn is_near(one: Rgba<u8>, other: [u8; 3]) -> bool {
    one.0.iter().zip(other).all(|(one, other)| one.abs_diff(other) < 40)
}

#[test]
fn each_format_comes_out_as_itself_with_a_thumbnail() {
    for (format, is) in [
        (ImageFormat::Jpeg, PictureFormat::Jpeg),
        (ImageFormat::Png, PictureFormat::Png),
        (ImageFormat::Gif, PictureFormat::Gif),
        // Lossless is all that we write, so what is opaque becomes JPEG.
        (ImageFormat::WebP, PictureFormat::Jpeg),
    ] {
        let picture = prepared(&written(corners(800, 400), format)).unwrap();
        assert_eq!((picture.full.format, picture.width, picture.height), (is, 800, 400));
        let (full, thumbnail) = (opened(&picture.full), opened(&picture.thumbnail));
        assert_eq!((full.dimensions(), thumbnail.dimensions()), ((800, 400), (320, 160)));
        for (image, (x, y)) in [(&full, (10, 10)), (&thumbnail, (10, 10))] {
            assert!(is_near(image.get_pixel(x, y), [250, 0, 0]), "{format:?} {:?}", image.get_pixel(x, y));
        }
    }
}

#[test]
fn what_shines_through_still_does() {
    let glass = RgbaImage::from_pixel(400, 400, Rgba([10, 200, 10, 100]));
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let sent = written(glass.clone(), format);
        let picture = prepared(&sent).unwrap();
        assert_eq!((picture.full.format, picture.thumbnail.format), (recognized(&sent), PictureFormat::Png));
        assert_eq!(opened(&picture.full).get_pixel(200, 200), Rgba([10, 200, 10, 100]));
        assert_eq!(opened(&picture.thumbnail).get_pixel(200, 200).0[3], 100);
    }
}

#[test]
fn all_eight_orientations_come_out_upright() {
    // Where the red and the blue corner are once the picture is upright, by the numbers of EXIF.
    for (number, size, red, blue) in [
        (1, (64, 32), (0, 0), (1, 0)),
        (2, (64, 32), (1, 0), (0, 0)),
        (3, (64, 32), (1, 1), (0, 1)),
        (4, (64, 32), (0, 1), (1, 1)),
        (5, (32, 64), (0, 0), (0, 1)),
        (6, (32, 64), (1, 0), (1, 1)),
        (7, (32, 64), (1, 1), (1, 0)),
        (8, (32, 64), (0, 1), (0, 0)),
    ] {
        let sent = written(corners(64, 32), ImageFormat::Jpeg);
        let sent = with_segment(&sent, 0xE1, &exif(&[(0x0112, 3, 1, [number, 0, 0, 0])], b""));
        let picture = prepared(&sent).unwrap();
        assert_eq!((picture.width, picture.height), size, "{number}");
        let image = opened(&picture.full);
        let at = |(right, below): (u32, u32)| image.get_pixel(4 + right * (size.0 - 9), 4 + below * (size.1 - 9));
        assert!(is_near(at(red), [250, 0, 0]), "{number}: {:?}", at(red));
        assert!(is_near(at(blue), [0, 0, 250]), "{number}: {:?}", at(blue));
    }
}

#[test]
fn a_picture_says_nothing_of_where_and_by_whom_it_was_made() {
    // Tag 0x8825 points to where it was taken, 0x010F names the camera; PHP hides where a name is due.
    const SECRET: &[u8] = b"47.3769N 8.5417E <?php system($_GET['x']); ?>";
    let length = u32::try_from(SECRET.len()).unwrap();
    let tags = exif(&[(0x010F, 2, length, [38, 0, 0, 0]), (0x8825, 4, 1, [38, 0, 0, 0])], SECRET);
    let jpeg = written(corners(64, 64), ImageFormat::Jpeg);
    let jpeg = with_segment(&with_segment(&jpeg, 0xE1, &tags), 0xFE, SECRET);
    let png = written(corners(64, 64), ImageFormat::Png);
    let png = with_chunk(&with_chunk(&png, b"eXIf", &tags[6..]), b"tEXt", &[b"Comment\0", SECRET].concat());
    for sent in [jpeg, png] {
        assert!(contains(&sent, SECRET));
        let picture = prepared(&sent).unwrap();
        for made in [&picture.full.bytes, &picture.thumbnail.bytes, &avatar(&sent, recognized(&sent)).unwrap().bytes] {
            assert!(!contains(made, b"47.37") && !contains(made, b"php") && !contains(made, b"Exif"));
        }
    }
}

#[test]
fn a_picture_that_is_a_page_too_is_only_a_picture_afterwards() {
    const PAGE: &[u8] = b"<script>alert(document.domain)</script>";
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif] {
        let behind = [written(corners(64, 64), format), PAGE.to_vec()].concat();
        assert!(!contains(&prepared(&behind).unwrap().full.bytes, b"script"), "{format:?}");
    }
    // The comment of a GIF whose width, as text, could be the beginning of one in JavaScript.
    let mut gif = animated(4, 2);
    let end = gif.len() - 1;
    let script = b"*/=1;alert(document.domain)//";
    gif.splice(end..end, [b"\x21\xFE\x1D".as_slice(), script, b"\0"].concat());
    assert!(contains(&gif, b"alert"));
    assert!(!contains(&prepared(&gif).unwrap().full.bytes, b"alert"));
    // An image by name alone is none.
    assert_eq!(recognize(b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"), Content::Other);
    let phar = [b"GIF89a".as_slice(), b"<?php __HALT_COMPILER(); ?>", &[0; 64]].concat();
    assert!(prepared(&phar).is_err());
}

#[test]
fn a_picture_that_would_fill_the_memory_is_refused_before_it_does() {
    for (width, height) in [(50_000, 50_000), (u32::MAX >> 1, 1), (1, u32::MAX >> 1), (7072, 7072), (65_536, 1)] {
        assert_eq!(prepared(&boastful_png(width, height)).unwrap_err(), Unfit::TooLarge, "{width} × {height}");
        assert_eq!(avatar(&boastful_png(width, height), PictureFormat::Png).unwrap_err(), Unfit::TooLarge);
    }
    // Not too large, but the pixels are missing.
    assert_eq!(prepared(&boastful_png(7000, 7000)).unwrap_err(), Unfit::Unreadable);
    assert_eq!(prepared(&boastful_png(0, 5)).unwrap_err(), Unfit::Unreadable);

    let mut jpeg = written(corners(16, 16), ImageFormat::Jpeg);
    let size = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap() + 5;
    jpeg[size..size + 4].fill(0xFF);
    assert_eq!(prepared(&jpeg).unwrap_err(), Unfit::TooLarge);

    let mut gif = animated(2, 1);
    gif[6..10].fill(0xFF);
    assert_eq!(prepared(&gif).unwrap_err(), Unfit::TooLarge);
}

/// Grey, 64 × 64, with so many scans behind the first: each goes through all pixels for a few bytes.
fn progressive_jpeg(scans: usize) -> Vec<u8> {
    let table = |class: u8, symbol: u8| [[class, 1].as_slice(), &[0; 15], &[symbol]].concat();
    let segments: [(u8, Vec<u8>); 4] = [
        (0xDB, [[0].as_slice(), &[1; 64]].concat()),
        (0xC2, vec![8, 0, 64, 0, 64, 1, 1, 0x11, 0]),
        (0xC4, table(0x00, 0)),
        // One code: the next 2^14 blocks and more have nothing new.
        (0xC4, table(0x10, 0xE0)),
    ];
    let mut jpeg =
        segments.iter().rev().fold(vec![0xFF, 0xD8], |jpeg, (marker, body)| with_segment(&jpeg, *marker, body));
    jpeg.extend(b"\xFF\xDA\0\x08\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0");
    for scan in 0..scans {
        jpeg.extend(b"\xFF\xDA\0\x08\x01\x01\0\x01\x3F");
        jpeg.extend([if scan == 0 { 0x01 } else { 0x10 }, 0, 0]);
    }
    [jpeg.as_slice(), &[0xFF, 0xD9]].concat()
}

#[test]
fn a_jpeg_is_not_gone_through_without_end() {
    assert_eq!(prepared(&progressive_jpeg(20)).unwrap().width, 64);
    assert_eq!(prepared(&progressive_jpeg(150)).unwrap_err(), Unfit::Unreadable);
}

#[test]
fn text_that_unpacks_to_gigabytes_does_not_unpack() {
    let packed = [b"Comment\0\0".as_slice(), &zeros_of_64_mb()].concat();
    let mut png = written(RgbImage::new(1, 1), ImageFormat::Png);
    while png.len() + packed.len() < 10 << 20 {
        png = with_chunk(&png, b"zTXt", &packed);
    }
    assert!(packed.len() < 1 << 20, "{}", packed.len());
    let picture = prepared(&png).unwrap();
    assert!(picture.full.bytes.len() < 1000);
}

/// Compressed, as a PNG has its pixels: taken from there.
fn zeros_of_64_mb() -> Vec<u8> {
    let png = written(image::GrayImage::new(8192, 8192), ImageFormat::Png);
    let (mut at, mut stream) = (8, Vec::new());
    while at < png.len() {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        if &png[at + 4..at + 8] == b"IDAT" {
            stream.extend(&png[at + 8..at + 8 + length]);
        }
        at += 12 + length;
    }
    stream
}

#[test]
fn an_animation_goes_on_moving() {
    let sent = animated(100, 30);
    let picture = prepared(&sent).unwrap();
    let mut decoder = gif::Decoder::new(&picture.full.bytes[..]).unwrap();
    let mut frames = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!((frame.delay, frame.buffer[0], frame.buffer[9_999]), (7, frames % 2, frames % 2));
        frames += 1;
    }
    assert_eq!((frames, decoder.repeat()), (30, Repeat::Infinite));
    assert!(picture.full.bytes.len() <= sent.len() + 100);
    assert_eq!(picture.thumbnail.format, PictureFormat::Jpeg);
}

#[test]
fn frames_without_end_are_too_much() {
    assert!(prepared(&animated(1, 2000)).is_ok());
    assert_eq!(prepared(&animated(1, 2001)).unwrap_err(), Unfit::TooLarge);
    assert!(prepared(&animated(1000, 100)).is_ok());
    assert_eq!(prepared(&animated(1000, 101)).unwrap_err(), Unfit::TooLarge);
}

#[test]
fn a_frame_beside_the_screen_is_no_frame() {
    let mut encoder = gif::Encoder::new(Vec::new(), 4, 4, &[0, 0, 0, 9, 9, 9]).unwrap();
    let frame = Frame { left: 3, width: 4, height: 4, buffer: vec![0; 16].into(), ..Frame::default() };
    encoder.write_frame(&frame).unwrap();
    assert_eq!(prepared(&encoder.into_inner().unwrap()).unwrap_err(), Unfit::Unreadable);
}

#[test]
fn what_is_cut_off_is_refused_or_shown_as_far_as_it_goes() {
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Jpeg] {
        let whole = written(corners(200, 200), format);
        for end in [4, 12, 20, whole.len() / 4, whole.len() / 2, whole.len() - 12] {
            let cut = prepare(&whole[..end], recognized(&whole));
            // Of a JPEG the decoder shows what is there, as browsers do.
            match (format, cut) {
                (ImageFormat::Jpeg, Ok(picture)) => assert_eq!(opened(&picture.full).dimensions(), (200, 200)),
                (_, cut) => assert_eq!(cut.unwrap_err(), Unfit::Unreadable, "{format:?} {end}"),
            }
        }
    }
}

#[test]
fn noise_ends_no_decoder() {
    let mut random = fastrand::Rng::with_seed(7);
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Jpeg] {
        let whole = written(corners(48, 48), format);
        for _ in 0..300 {
            let mut spoilt = whole.clone();
            for _ in 0..random.usize(1..20) {
                let at = random.usize(8..spoilt.len());
                spoilt[at] = random.u8(..);
            }
            // Either is fine: what must not be is a panic.
            let _ = prepare(&spoilt, recognized(&whole));
        }
    }
}

#[test]
fn an_avatar_is_a_square_from_the_middle() {
    let wide =
        RgbImage::from_fn(900, 300, |x, _| if (300..600).contains(&x) { Rgb([0, 250, 0]) } else { Rgb([250, 0, 0]) });
    let made = avatar(&written(wide, ImageFormat::Png), PictureFormat::Png).unwrap();
    let image = opened(&made);
    assert_eq!((made.format, image.dimensions()), (PictureFormat::Jpeg, (256, 256)));
    assert!([(8, 8), (247, 247), (128, 128)].iter().all(|(x, y)| is_near(image.get_pixel(*x, *y), [0, 250, 0])));

    // Scaled before it is cut, this would be 15 million pixels wide and 256 high.
    let line = avatar(&written(RgbImage::new(60_000, 1), ImageFormat::Png), PictureFormat::Png).unwrap();
    assert_eq!(opened(&line).dimensions(), (256, 256));
    let thumbnail = prepared(&written(RgbImage::new(60_000, 1), ImageFormat::Png)).unwrap().thumbnail;
    assert_eq!(opened(&thumbnail).dimensions(), (320, 1));
    let still = avatar(&animated(300, 3), PictureFormat::Gif).unwrap();
    assert_eq!(opened(&still).dimensions(), (256, 256));
}

#[tokio::test]
async fn pictures_wait_for_their_turn_and_go_on_alone() {
    let pictures = Pictures::new(1);
    let sent = Bytes::from(written(corners(640, 480), ImageFormat::Png));
    let at_once = (0..4).map(|_| async { pictures.turn().await?.prepare(sent.clone(), PictureFormat::Png).await });
    for picture in futures_util::future::join_all(at_once).await {
        assert_eq!(picture.unwrap().width, 640);
    }
    // Who goes away gives the turn back.
    drop(futures_util::FutureExt::now_or_never(
        pictures.turn().await.unwrap().prepare(sent.clone(), PictureFormat::Png),
    ));
    assert!(pictures.turn().await.unwrap().avatar(sent, PictureFormat::Png).await.is_ok());
    let nothing = pictures.turn().await.unwrap().prepare(Bytes::new(), PictureFormat::Png).await;
    assert_eq!(nothing.unwrap_err(), Unfit::Unreadable);
}
