//! Texts as JavaScript measures and trims them, since clients were written against a Node server.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_and_counts_as_javascript_does() {
        assert_eq!(trim_like_javascript("\u{FEFF}\u{A0}\u{2028}\u{3000} a\n"), "a");
        assert_eq!(trim_like_javascript("\u{85}a"), "\u{85}a");
        assert_eq!(javascript_length("a😀"), 3);
    }
}
