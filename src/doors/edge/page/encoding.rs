//! Which of the forms that a file was packed in is sent (RFC 9110, 12.5.3).

use axum::http::{HeaderMap, header};

/// The file's ending and its name in `Content-Encoding`, the smallest first.
pub const PACKED: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

/// Those that the asker takes.
pub fn accepted(headers: &HeaderMap) -> impl Iterator<Item = (&'static str, &'static str)> {
    let values = headers.get_all(header::ACCEPT_ENCODING);
    let asked: Vec<String> =
        values.iter().filter_map(|value| value.to_str().ok()).map(str::to_ascii_lowercase).collect();
    PACKED.into_iter().filter(move |(_, coding)| takes(&asked.join(","), coding))
}

fn takes(asked: &str, coding: &str) -> bool {
    let weight_of = |wanted: &str| {
        asked.split(',').find_map(|one| {
            let mut parts = one.split(';').map(str::trim);
            (parts.next() == Some(wanted)).then(|| {
                let weight = parts.find_map(|part| part.strip_prefix("q="));
                weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0))
            })
        })
    };
    weight_of(coding).or_else(|| weight_of("*")).is_some_and(|weight: f32| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_and_others_ask_for() {
        for (asked, expected) in [
            ("gzip, deflate, br, zstd", vec!["br", "gzip"]),
            ("gzip;q=1.0, br; q=0", vec!["gzip"]),
            ("*", vec!["br", "gzip"]),
            ("br;q=0, *;q=0.1", vec!["gzip"]),
            ("identity", vec![]),
            ("GZIP", vec!["gzip"]),
            ("br;q=nonsense", vec![]),
            ("", vec![]),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, asked.parse().unwrap())]);
            assert_eq!(accepted(&headers).map(|(_, coding)| coding).collect::<Vec<_>>(), expected, "{asked}");
        }
        assert_eq!(accepted(&HeaderMap::new()).count(), 0);
    }
}
