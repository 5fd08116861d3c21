//! What was said by REST and on plain WebSockets, line by line: the golden frames in `tests/wire/`, which
//! the documents quote. `UPDATE_FRAMES=1` writes those files anew; the diff is then yours to read.

use std::collections::HashMap;

use serde_json::Value;

use super::plain::{Closed, Plain};
use super::{On, Person, Server, project};

/// Puts names in the place of what differs from run to run.
#[derive(Default)]
pub struct Names {
    pub ids: HashMap<String, String>,
}

impl Names {
    pub fn tidy(&mut self, frame: &str) -> String {
        let mut tidy = String::new();
        let mut rest = frame;
        while let Some(first) = rest.chars().next() {
            let (token, length) = self.token(rest).unwrap_or((first.to_string(), first.len_utf8()));
            tidy.push_str(&token);
            rest = &rest[length..];
        }
        tidy
    }

    fn token(&mut self, text: &str) -> Option<(String, usize)> {
        if let Some(id) = text.get(..36).filter(|id| uuid::Uuid::parse_str(id).is_ok()) {
            let next = format!("<id {}>", self.ids.len() + 1);
            return Some((self.ids.entry(id.to_owned()).or_insert(next).clone(), 36));
        }
        for (length, end) in [(24, "Z"), (32, "+00:00")] {
            let time = text.get(..length).filter(|time| time.ends_with(end));
            if time.is_some_and(|time| chrono::DateTime::parse_from_rfc3339(time).is_ok()) {
                return Some(("<time>".into(), length));
            }
        }
        if text.starts_with("eyJ") {
            let is_of_tokens = |end: char| end.is_ascii_alphanumeric() || "-_.".contains(end);
            return Some(("<token>".into(), text.find(|end| !is_of_tokens(end)).unwrap_or(text.len())));
        }
        text.strip_prefix("\"sid\":\"")?.find('"').map(|end| ("\"sid\":\"<sid>\"".into(), end + 8))
    }
}

pub struct Transcript<'a> {
    server: &'a Server,
    pub names: Names,
    lines: Vec<String>,
}

impl<'a> Transcript<'a> {
    pub fn of(server: &'a Server) -> Transcript<'a> {
        Transcript { server, names: Names::default(), lines: Vec::new() }
    }

    pub fn note(&mut self, line: &str) {
        let line = self.names.tidy(line);
        self.lines.push(line);
    }

    pub async fn asks(&mut self, person: &Person, method: &str, path: &str, body: Value) -> Value {
        let text = if body.is_null() { String::new() } else { format!(" {body}") };
        self.note(&format!("{method} {path}{text}"));
        let (status, answer) = person.request(method, path, body).await;
        self.note(&format!("{} {answer}", status.as_u16()));
        answer
    }

    pub async fn connects(&mut self, who: &str, path: &str) -> Plain {
        self.note(&format!("{who} connects to {path}"));
        Plain::open(self.server, path).await
    }

    pub async fn is_refused(&mut self, who: &str, path: &str) {
        self.note(&format!("{who} connects to {path}"));
        let (status, body) = Plain::try_to_open(&self.server.url, path).await.err().unwrap();
        self.note(&format!("{status} {body}"));
    }

    pub async fn says(&mut self, who: &str, socket: &mut Plain, frame: &str) {
        self.note(&format!("{who} → {frame}"));
        socket.send_text(frame).await;
    }

    /// So many frames in the order of the wire; or how it ended.
    pub async fn hears(&mut self, who: &str, socket: &mut Plain, frames: usize) {
        for _ in 0..frames {
            let line = match socket.next_text().await {
                Ok(frame) => frame,
                Err(Closed(code, reason)) => format!("closed {code} {reason}").trim_end().to_owned(),
            };
            self.note(&format!("{who} ← {line}"));
        }
    }

    pub fn text(self) -> String {
        self.lines.join("\n") + "\n"
    }
}

/// Line by line; or writes the file of `tests/wire/` anew.
pub fn hold_against(golden: &str, spoken: &str, database: On) {
    let golden = project("tests/wire").join(golden);
    if std::env::var_os("UPDATE_FRAMES").is_some() {
        std::fs::write(&golden, spoken).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    for (number, (said, wanted)) in spoken.lines().zip(expected.lines()).enumerate() {
        assert_eq!(said, wanted, "line {} on {database:?}", number + 1);
    }
    assert_eq!(spoken.lines().count(), expected.lines().count());
}

fn document(name: &str) -> String {
    std::fs::read_to_string(project("docs/wire").join(name)).unwrap()
}

/// The examples of a document of `docs/wire/` are golden frames, in their order.
pub fn quotes(name: &str, golden: &str) {
    let (document, golden) = (document(name), std::fs::read_to_string(project("tests/wire").join(golden)).unwrap());
    let examples: Vec<&str> =
        document.split("```").skip(1).step_by(2).flat_map(|block| block.lines().skip(1)).collect();
    assert!(examples.len() > 20, "does this test still read them?");
    let mut said = golden.lines();
    for example in examples {
        assert!(said.any(|line| line == example), "docs/wire/{name}: this was not said, or not then: {example}");
    }
}

/// The rows of a document's table below this head: what stands in their first two cells, without the backticks.
pub fn rows(name: &str, head: &str) -> Vec<(String, String)> {
    let document = document(name);
    let rows = document.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|row| {
        let mut cells =
            row.trim_matches(['|', ' ']).split(" | ").map(|cell| cell.trim_matches('`').trim_end().to_owned());
        (cells.next().unwrap(), cells.next().unwrap())
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() >= 4, "does this test still read the table? {rows:?}");
    rows
}
