//! What a file is, by its content: the name and the type that came with it are somebody's word.

/// So many bytes of a file's beginning settle what it is.
pub const ENOUGH_TO_RECOGNIZE: usize = 8192;

const NOTHING_IN_PARTICULAR: &str = "application/octet-stream";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Claims to be a picture; whether it is one, decoding shows.
    Picture(PictureFormat),
    /// Audio, video, PDF: a download that says what it is.
    Known(&'static str),
    /// A download that says nothing, so that no browser runs or shows it.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    Jpeg,
    Png,
    Gif,
    WebP,
}

impl PictureFormat {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }
}

impl Content {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Picture(format) => format.media_type(),
            Self::Known(media_type) => media_type,
            Self::Other => NOTHING_IN_PARTICULAR,
        }
    }
}

/// From the first [`ENOUGH_TO_RECOGNIZE`] bytes, or all if there are fewer.
pub fn recognize(head: &[u8]) -> Content {
    // `infer` looks at fixed places, so `<!--ftypisom--><script>` passes for a film there.
    if is_written_for_a_parser(head) {
        return Content::Other;
    }
    let Some(found) = infer::get(head) else { return Content::Other };
    match found.mime_type() {
        "image/jpeg" => Content::Picture(PictureFormat::Jpeg),
        "image/png" => Content::Picture(PictureFormat::Png),
        "image/gif" => Content::Picture(PictureFormat::Gif),
        "image/webp" => Content::Picture(PictureFormat::WebP),
        known if known.starts_with("audio/") || known.starts_with("video/") || known == "application/pdf" => {
            Content::Known(known)
        }
        _ => Content::Other,
    }
}

/// Markup (SVG, HTML, XML, PHP) and scripts with a first line of their own, in UTF-8 or UTF-16.
fn is_written_for_a_parser(head: &[u8]) -> bool {
    const MARKS: [&[u8]; 3] = [&[0xEF, 0xBB, 0xBF], &[0xFF, 0xFE], &[0xFE, 0xFF]];
    let text = MARKS.iter().find_map(|mark| head.strip_prefix(*mark)).unwrap_or(head);
    let mut letters = text.iter().filter(|byte| **byte != 0 && !byte.is_ascii_whitespace());
    match letters.next() {
        Some(b'<') => true,
        Some(b'#') => letters.next() == Some(&b'!'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_scripts_are_downloads_that_say_nothing() {
        let utf16: Vec<u8> = "\u{FEFF}<html><script>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in [
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".as_slice(),
            b"\n\t <?xml version=\"1.0\"?><svg/>",
            b"\xEF\xBB\xBF<!DOCTYPE html><script>alert(1)</script>",
            b"<?php system($_GET['x']);",
            b"#!/bin/sh\nrm -rf /",
            b"<!--ftypisom--><script>alert(1)</script>",
            b"alert(1)",
            b"{}",
            b"",
            b"<",
            &utf16,
        ] {
            assert_eq!(recognize(text), Content::Other, "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(Content::Other.media_type(), "application/octet-stream");
    }

    #[test]
    fn what_is_played_or_read_elsewhere_says_what_it_is() {
        for (head, media_type) in [
            (b"%PDF-1.7\n".as_slice(), "application/pdf"),
            (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0", "audio/ogg"),
            (b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41", "video/mp4"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "audio/x-wav"),
        ] {
            assert_eq!(recognize(head), Content::Known(media_type));
        }
    }

    #[test]
    fn programs_archives_and_documents_say_nothing() {
        for head in
            [b"MZ\x90\0\x03\0\0\0".as_slice(), b"\x7fELF\x02\x01\x01\0", b"PK\x03\x04\x14\0\0\0", b"II*\0\x08\0"]
        {
            assert_eq!(recognize(head), Content::Other, "{head:?}");
        }
    }

    #[test]
    fn pictures_are_told_by_their_first_bytes() {
        for (head, format) in [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), PictureFormat::Png),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF\0", PictureFormat::Jpeg),
            (b"GIF89a\x01\0\x01\0\0", PictureFormat::Gif),
            (b"RIFF\x24\0\0\0WEBPVP8 ", PictureFormat::WebP),
        ] {
            assert_eq!(recognize(head), Content::Picture(format));
        }
    }
}
