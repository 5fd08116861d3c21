//! Reads Rust just well enough to see what a file names.

#[derive(Default)]
pub struct Names {
    /// Each begins with `crate` or with the name of something that is not ours.
    pub paths: Vec<Vec<String>>,
    pub modules: Vec<String>,
}

/// Every path of two parts or more, and whatever `use` names, with `self` and `super` resolved.
pub fn names_in(text: &str, module: &[String]) -> Names {
    let tokens = tokens(text);
    let mut names = Names::default();
    let mut inline: Vec<(usize, String)> = Vec::new();
    let (mut depth, mut at) = (0, 0);
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inline.retain(|(opened, _)| *opened < depth + 1);
            }
            "mod" if at + 2 < tokens.len() && is_word(&tokens[at + 1]) => {
                names.modules.push(tokens[at + 1].clone());
                if tokens[at + 2] == "{" {
                    inline.push((depth + 1, tokens[at + 1].clone()));
                }
                at += 1;
            }
            token if is_word(token) && !is_keyword(token) && !is_member(&tokens, at) => {
                let mut here = module.to_vec();
                here.extend(inline.iter().map(|(_, name)| name.clone()));
                let global = usize::from(at > 0 && tokens[at - 1] == "::");
                let is_used = at > global && ["use", "crate"].contains(&tokens[at - 1 - global].as_str());
                let mut found = Vec::new();
                at = read_tree(&tokens, at, &[], &mut found);
                for path in found.into_iter().filter(|path| path.len() > 1 || is_used) {
                    names.paths.extend(resolved(path, &here));
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    names
}

/// Reads `a::b`, `a::{b, c::d}` and `a::*` from `at`; says where it ended.
fn read_tree(tokens: &[String], mut at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") if !path.is_empty() => {
                at += 1;
                while at < tokens.len() && tokens[at] != "}" {
                    let is_path = is_word(&tokens[at]) || ["{", "*"].contains(&tokens[at].as_str());
                    at = if is_path { read_tree(tokens, at, &path, found) } else { at + 1 };
                    if at < tokens.len() && tokens[at] == "as" {
                        at += 2;
                    }
                }
                return at + 1;
            }
            Some(part) if is_word(part) || part == "*" => path.push(part.to_owned()),
            // A turbofish: what is named in it is read as a path of its own.
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    at
}

fn resolved(path: Vec<String>, here: &[String]) -> Option<Vec<String>> {
    let root = vec!["crate".to_owned()];
    let ups = path.iter().take_while(|part| *part == "super").count();
    Some(match path[0].as_str() {
        "super" if ups > here.len() => return None,
        "super" => [&root, &here[..here.len() - ups], &path[ups..]].concat(),
        "self" => [&root, here, &path[1..]].concat(),
        "Self" => return None,
        _ => path,
    })
}

/// A field or method, but not what follows the two dots of a range.
fn is_member(tokens: &[String], at: usize) -> bool {
    let dots = tokens[..at].iter().rev().take_while(|token| *token == ".");
    dots.count() == 1
}

/// Those that a path beginning with `::` can follow; `crate`, `self` and `super` begin one.
fn is_keyword(token: &str) -> bool {
    const KEYWORDS: &str = " use pub in impl for dyn where return break let if else match while \
                            move mut ref box await unsafe fn type const static extern ";
    KEYWORDS.contains(&format!(" {token} "))
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && token != "as"
}

/// Words, `::` and single signs; comments, texts, characters and lifetimes are left out.
fn tokens(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    let see = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| text.get(at + i) == Some(&c));
    while at < text.len() {
        let c = text[at];
        if see(at, "//") {
            at += text[at..].iter().take_while(|c| **c != '\n').count();
        } else if see(at, "/*") {
            let mut depth = 0;
            loop {
                let (opens, closes) = (see(at, "/*"), see(at, "*/"));
                depth = if opens {
                    depth + 1
                } else if closes {
                    depth - 1
                } else {
                    depth
                };
                at += if opens || closes { 2 } else { 1 };
                if depth == 0 || at >= text.len() {
                    break;
                }
            }
        } else if let Some((marks, start)) = raw_text(&text, at) {
            let end = format!("\"{}", "#".repeat(marks));
            at = (start..text.len()).find(|at| see(*at, &end)).map_or(text.len(), |at| at + end.len());
        } else if c == '"' {
            at += 1;
            while at < text.len() && text[at] != '"' {
                at += if text[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' {
            if text.get(at + 1) == Some(&'\\') {
                at += 3;
                at += text[at.min(text.len())..].iter().take_while(|c| **c != '\'').count() + 1;
            } else if text.get(at + 2) == Some(&'\'') {
                at += 3;
            } else {
                at += 1 + word_length(&text[at + 1..]);
            }
        } else if c.is_alphanumeric() || c == '_' {
            let length = word_length(&text[at..]);
            let word: String = text[at..at + length].iter().collect();
            at += length;
            if word == "r" && text.get(at) == Some(&'#') {
                at += 1;
            } else {
                found.push(word);
            }
        } else {
            let sign = if see(at, "::") { "::".to_owned() } else { c.to_string() };
            at += sign.len().max(1).min(if sign == "::" { 2 } else { 1 });
            if !c.is_whitespace() {
                found.push(sign);
            }
        }
    }
    found
}

fn word_length(text: &[char]) -> usize {
    text.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count()
}

/// `r"`, `br##"`, `cr#"`: how many marks, and where the text begins.
fn raw_text(text: &[char], at: usize) -> Option<(usize, usize)> {
    let starts_word = at == 0 || !(text[at - 1].is_alphanumeric() || text[at - 1] == '_');
    let letters = word_length(&text[at..]);
    let word: String = text[at..at + letters].iter().collect();
    if !starts_word || !["r", "br", "cr"].contains(&word.as_str()) {
        return None;
    }
    let marks = text[at + letters..].iter().take_while(|c| **c == '#').count();
    (text.get(at + letters + marks) == Some(&'"')).then_some((marks, at + letters + marks + 1))
}
