//! Names of files: shown, sent in a header, never part of a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::PictureFormat;

const LONGEST: usize = 255;
const NAMELESS: &str = "file";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    Inline,
    Attachment,
}

/// One line, without what a path or a reader could be misled by.
pub fn clean_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last.chars().filter(|character| !misleads(*character)).collect();
    let mut units = 0;
    let end = name.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > LONGEST
    });
    if let Some((end, _)) = end {
        name.truncate(end);
    }
    let name = name.trim();
    if name.trim_matches('.').is_empty() { NAMELESS.to_owned() } else { name.to_owned() }
}

/// Control characters, ends of lines and what turns text around (`gpj.exe` read backwards).
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

/// A picture that is saved under the name `page.html` would be opened as a page.
pub fn named_as(name: &str, format: PictureFormat) -> String {
    let endings: &[&str] = match format {
        PictureFormat::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
        PictureFormat::Png => &["png"],
        PictureFormat::Gif => &["gif"],
        PictureFormat::WebP => &["webp"],
    };
    let has = name.rsplit_once('.').map(|(_, ending)| ending);
    if has.is_some_and(|has| endings.iter().any(|ending| ending.eq_ignore_ascii_case(has))) {
        return name.to_owned();
    }
    let ending = format!(".{}", endings[0]);
    let room = LONGEST - ending.len();
    let mut units = 0;
    let kept = name.chars().take_while(|character| {
        units += character.len_utf16();
        units <= room
    });
    kept.chain(ending.chars()).collect()
}

/// The value of `Content-Disposition`, as RFC 5987 writes a name.
pub fn disposition(how: Disposition, name: &str) -> String {
    const AS_THEY_ARE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let how = match how {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    format!("{how}; filename*=UTF-8''{}", utf8_percent_encode(name, AS_THEY_ARE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path_and_no_trick() {
        for (sent, name) in [
            ("rose.jpg", "rose.jpg"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\x", "x"),
            ("C:\\Users\\ann\\rose.jpg", "rose.jpg"),
            ("a/b\\c", "c"),
            ("/", "file"),
            ("..", "file"),
            ("../..", "file"),
            ("", "file"),
            ("  \t ", "file"),
            ("\0", "file"),
            ("ro\0se\r\nSet-Cookie: a=b.jpg", "roseSet-Cookie: a=b.jpg"),
            ("photo\u{202E}gpj.exe", "photogpj.exe"),
            ("\u{2066}a\u{2069}\u{200F}b\u{2028}c", "abc"),
            ("  Größe 😀.txt ", "Größe 😀.txt"),
            (".htaccess", ".htaccess"),
        ] {
            assert_eq!(clean_name(sent), name, "{sent:?}");
        }
    }

    #[test]
    fn a_name_ends_after_255_units() {
        assert_eq!(clean_name(&"a".repeat(5000)), "a".repeat(255));
        assert_eq!(clean_name(&"😀".repeat(200)).encode_utf16().count(), 254);
        assert_eq!(named_as(&"a".repeat(255), PictureFormat::Png), format!("{}.png", "a".repeat(251)));
    }

    #[test]
    fn a_picture_is_named_as_one() {
        assert_eq!(named_as("rose.JPEG", PictureFormat::Jpeg), "rose.JPEG");
        assert_eq!(named_as("page.html", PictureFormat::Png), "page.html.png");
        assert_eq!(named_as("file", PictureFormat::Gif), "file.gif");
        assert_eq!(named_as("cat.webp", PictureFormat::Jpeg), "cat.webp.jpg");
    }

    #[test]
    fn a_header_cannot_be_broken_out_of() {
        let hostile = "a\"; filename=\"b.html\r\nX: y'*%😀";
        let header = disposition(Disposition::Attachment, hostile);
        assert_eq!(
            header,
            "attachment; filename*=UTF-8''a%22%3B%20filename%3D%22b.html%0D%0AX%3A%20y%27%2A%25%F0%9F%98%80"
        );
        assert_eq!(disposition(Disposition::Inline, "rose-1_~.jpg"), "inline; filename*=UTF-8''rose-1_~.jpg");
    }
}
