//! Texts as JavaScript measures and trims them, since clients were written against a Node server; and
//! what names are compared by.

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// What `String.prototype.trim` takes away. Rust's `trim` differs: it takes U+0085 and leaves U+FEFF.
pub fn trim_like_javascript(text: &str) -> &str {
    text.trim_matches(|character| {
        matches!(
            character,
            '\u{9}'..='\u{D}' | ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}'
                | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}' | '\u{FEFF}'
        )
    })
}

/// What `.length` says: UTF-16 units.
pub fn javascript_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Longer is cut: it is a key in indexes.
const MOST_FOLDED: usize = 255;

/// What names are compared by, so that nobody takes another's with letters that look alike: case, width,
/// script, spaces and what is not seen make no difference. Accents do.
pub fn folded(name: &str) -> String {
    let letters = name.nfkc().flat_map(|letter| plain(letter).chars().collect::<Vec<_>>());
    letters.filter(|letter| !letter.is_whitespace()).take(MOST_FOLDED).collect()
}

/// Whether a name is one line that turns no text around it, and something of it is to be seen.
pub fn is_legible(name: &str) -> bool {
    let turns = |letter: char| matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    !name.chars().any(|letter| turns(letter) || breaks(letter)) && !folded(name).is_empty()
}

/// The plain letter that one is or looks like, as a capital or else as a small one.
fn plain(letter: char) -> String {
    let like = |text: String| skeleton(&text).collect::<String>();
    let small = || like(letter.to_lowercase().collect());
    let capital = like(letter.to_uppercase().collect());
    let chosen = if capital.is_ascii() { capital } else { small() };
    // Side by side they look like one.
    chosen.to_lowercase().replace('m', "rn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_the_same() {
        for (one, other) in [
            ("Ann", "aNN"),
            ("Ann", "\u{410}nn"),
            ("ann", "\u{FF21}nn"),
            ("Ann Lee", "Ann\u{A0}\u{200B} Lee"),
            ("Iris", "lris"),
            ("iris", "IRIS"),
            ("Bob0", "B0bo"),
            ("Tom", "Torn"),
            ("\u{43D}\u{438}\u{43D}\u{430}", "\u{41D}\u{418}\u{41D}\u{410}"),
            ("Stra\u{DF}e", "STRASSE"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} and {other}");
        }
        for (one, other) in [("Ann", "Anna"), ("Jos\u{E9}", "Jose"), ("\u{65E5}\u{672C}", "\u{65E5}"), ("a.b", "ab")] {
            assert_ne!(folded(one), folded(other), "{one} and {other}");
        }
        assert_eq!(folded("\u{200B}\u{3164}\u{AD}"), "", "nothing is to be seen of it");
        assert!(folded(&"\u{FDFA}".repeat(255)).chars().count() <= MOST_FOLDED);
    }

    #[test]
    fn names_are_seen_and_turn_nothing_around() {
        for name in ["Ann", "\u{65E5}\u{672C}", "a b", "\u{5D0}\u{5D1}"] {
            assert!(is_legible(name), "{name}");
        }
        for name in ["", " ", "\u{3164}", "\u{200B}\u{AD}", "a\u{202E}b", "a\u{2069}", "a\u{2028}b", "a\nb", "a\u{7F}"]
        {
            assert!(!is_legible(name), "{name:?}");
        }
    }

    #[test]
    fn trims_and_counts_as_javascript_does() {
        assert_eq!(trim_like_javascript("\u{FEFF}\u{A0}\u{2028}\u{3000} a\n"), "a");
        assert_eq!(trim_like_javascript("\u{85}a"), "\u{85}a");
        assert_eq!(javascript_length("a😀"), 3);
    }
}
