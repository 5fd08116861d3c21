//! What may be said: whole words, in whatever clothes.

mod letters;
mod lists;
mod verdict;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use unicode_segmentation::UnicodeSegmentation;

use super::Refusal;
use letters::{Sort, Word};
use lists::Lists;

pub use lists::says_something;

/// What becomes of bad words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    Off,
    /// A `*` for each of their letters.
    Mask,
    Reject,
}

/// Words that were judged before: a conversation has few new ones. When it is full it begins anew.
const REMEMBERED: usize = 20_000;
/// In bytes; longer ones are rare.
const REMEMBERED_LENGTH: usize = 64;

/// Spelled words have pieces of this many letters at most, and a pair of pieces of one word is one
/// such and the rest of it.
const PIECE: usize = 2;
const REST: usize = 6;
/// Signs between pieces, in bytes.
const BETWEEN: usize = 3;
/// Pieces that are read together; half of them again with those that follow.
const TOGETHER: usize = 24;
/// A spelled word has so many letters at least.
const LEAST: usize = 3;
/// Pieces that are words.
const SHORT_WORDS: &[&str] = &[
    "a", "am", "an", "as", "at", "be", "by", "do", "go", "he", "hi", "i", "if", "in", "is", "it", "me", "my", "no",
    "of", "oh", "ok", "on", "or", "so", "to", "up", "us", "we",
];

/// The filter: the built-in list, and the operator's own.
#[derive(Default)]
pub struct Content {
    lists: RwLock<Arc<Lists>>,
    judged: RwLock<HashMap<Box<str>, Arc<Judged>>>,
}

#[derive(Default)]
struct Judged {
    keys: Vec<Box<str>>,
    /// The bytes of it that are bad.
    bad: Option<Range<usize>>,
    /// Its bytes without the signs around it.
    core: Range<usize>,
    letters: usize,
    is_number: bool,
}

impl Judged {
    fn of(word: &str) -> Judged {
        let letters = letters::letters(word);
        let keys = letters::keys(&letters);
        let bad = verdict::judge(&letters, &keys);
        let is_number = !letters.iter().any(|letter| letter.bare.is_alphabetic());
        let core = letters::core(&letters);
        let letters = letters.iter().filter(|letter| !letter.is_symbol()).count();
        Judged { keys, bad, core, letters, is_number }
    }

    fn is_piece(&self) -> bool {
        (1..=PIECE).contains(&self.letters)
    }

    /// A piece that is no word.
    fn is_odd(&self) -> bool {
        self.is_piece() && !self.is_number && !self.keys.iter().any(|key| SHORT_WORDS.contains(&&**key))
    }
}

impl Content {
    /// Reads the built-in list, which takes a moment, before the first message needs it.
    pub fn warm_up(&self) {
        self.bad_parts("warm");
    }

    pub fn replace_lists(&self, block: &[String], allow: &[String]) {
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Lists::new(block, allow));
    }

    /// The text as it may be stored.
    pub fn screen(&self, text: String, filter: Filter) -> Result<String, Refusal> {
        if filter == Filter::Off {
            return Ok(text);
        }
        let bad = self.bad_parts(&text);
        match filter {
            Filter::Off | Filter::Mask | Filter::Reject if bad.is_empty() => Ok(text),
            Filter::Off | Filter::Mask => Ok(masked(&text, bad)),
            Filter::Reject => Err(Refusal::Inappropriate),
        }
    }

    /// Names are written together as they come: `BigName` is two words as well.
    pub fn allows_name(&self, name: &str) -> bool {
        let mut parted = String::with_capacity(name.len() + 8);
        let mut before = None;
        for c in name.chars() {
            if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
                parted.push(' ');
            }
            parted.push(c);
            before = Some(c);
        }
        self.bad_parts(name).is_empty() && self.bad_parts(&parted).is_empty()
    }

    /// Bytes of the text, each part within one word.
    fn bad_parts(&self, text: &str) -> Vec<Range<usize>> {
        let words = letters::words(text);
        let judged = self.judge(&words);
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner).clone();
        let keys: Vec<&[Box<str>]> = judged.iter().map(|judged| judged.keys.as_slice()).collect();
        let (blocked, allowed) = lists.look_up(&keys);
        let within = |word: &Word, bad: &Range<usize>| word.start + bad.start..word.start + bad.end;
        let mut bad: Vec<Range<usize>> = Vec::new();
        for (at, word) in words.iter().enumerate().filter(|(at, _)| !allowed[*at]) {
            bad.extend(judged[at].bad.as_ref().map(|bad| within(word, bad)));
        }
        bad.extend(blocked.into_iter().flatten().map(|at| within(&words[at], &judged[at].core)));
        for run in spelled_runs(&words, &judged) {
            if !allowed[run.clone()].contains(&true) {
                bad.extend(self.spelled(&words[run], &lists));
            }
        }
        for at in odd_pairs(&words, &judged) {
            if !allowed[at] && !allowed[at + 1] && is_one_bad_word(&words[at..at + 2]) {
                bad.extend([at, at + 1].map(|at| within(&words[at], &judged[at].core)));
            }
        }
        bad.sort_by_key(|part| part.start);
        bad
    }

    fn judge(&self, words: &[Word]) -> Vec<Arc<Judged>> {
        let mut news = Vec::new();
        let judged = {
            let known = self.judged.read().unwrap_or_else(PoisonError::into_inner);
            let judged = words.iter().map(|word| {
                known.get(word.text).cloned().unwrap_or_else(|| {
                    let judged = Arc::new(Judged::of(word.text));
                    if word.text.len() <= REMEMBERED_LENGTH {
                        news.push((word.text, judged.clone()));
                    }
                    judged
                })
            });
            judged.collect()
        };
        if !news.is_empty() {
            let mut known = self.judged.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.extend(news.into_iter().take(REMEMBERED).map(|(word, judged)| (word.into(), judged)));
        }
        judged
    }

    /// A word that is spelled letter by letter.
    fn spelled(&self, pieces: &[Word], lists: &Lists) -> Vec<Range<usize>> {
        let mut bad = Vec::new();
        for start in (0..pieces.len()).step_by(TOGETHER / 2) {
            if start > 0 && pieces.len() - start <= TOGETHER / 2 {
                break;
            }
            let pieces = &pieces[start..pieces.len().min(start + TOGETHER)];
            let joined: String = pieces.iter().map(|piece| piece.text).collect();
            let letters = letters::letters(&joined);
            let keys = letters::keys(&letters);
            let (blocked, allowed) = lists.look_up(&[&keys]);
            if allowed[0] {
                continue;
            }
            let found = if blocked.is_empty() {
                verdict::judge_spelled(&letters, &keys)
            } else {
                Some(letters::core(&letters))
            };
            let Some(found) = found else { continue };
            let mut end = 0;
            for piece in pieces {
                let start = end;
                end += piece.text.len();
                if start < found.end && end > found.start {
                    let (from, to) = (found.start.max(start) - start, found.end.min(end) - start);
                    bad.push(piece.start + from..piece.start + to);
                }
            }
        }
        bad
    }
}

/// Whether the second word follows the first at once.
fn is_next(one: &Word, other: &Word) -> bool {
    other.start - (one.start + one.text.len()) <= BETWEEN
}

fn spelled_runs(words: &[Word], judged: &[Arc<Judged>]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, word) in words.iter().enumerate().filter(|(at, word)| !word.is_unspaced && judged[*at].is_piece()) {
        match runs.last_mut() {
            Some(run) if run.end == at && is_next(&words[at - 1], word) => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs.retain(|run| {
        let pieces = &judged[run.clone()];
        let letters: usize = pieces.iter().map(|piece| piece.letters).sum();
        pieces.len() > 1 && letters >= LEAST && pieces.iter().any(|piece| piece.is_odd())
    });
    for at in 0..runs.len() {
        // The words around are none of it, or are.
        let is_word = |piece: &usize| judged[*piece].letters > 1 && !judged[*piece].is_odd();
        let before = runs[at].clone().take_while(is_word).count();
        let behind = runs[at].clone().rev().take_while(is_word).count();
        if before + behind > 0 {
            runs.push(runs[at].start + before..runs[at].end - behind);
        }
    }
    runs
}

/// Places of two neighbours that may be one word with a gap in it.
fn odd_pairs(words: &[Word], judged: &[Arc<Judged>]) -> Vec<usize> {
    let may_be_one = |at: &usize| {
        let (one, other) = (&judged[*at], &judged[at + 1]);
        (one.is_odd() || other.is_odd())
            && one.letters.max(other.letters) <= REST
            && !words[*at].is_unspaced
            && !words[at + 1].is_unspaced
            && is_next(&words[*at], &words[at + 1])
    };
    (0..words.len().saturating_sub(1)).filter(may_be_one).collect()
}

fn is_one_bad_word(pair: &[Word]) -> bool {
    let joined: String = pair.iter().map(|word| word.text).collect();
    let letters = letters::letters(&joined);
    let keys = letters::keys(&letters);
    // A single letter beside a word is mostly no part of it.
    let has_piece = pair.iter().all(|word| letters::letters(word.text).len() > 1);
    (has_piece || verdict::has_stem(&keys))
        && verdict::judge(&letters, &keys).is_some()
        && verdict::judge_spelled(&letters, &keys).is_some()
}

fn masked(text: &str, bad: Vec<Range<usize>>) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for part in bad.into_iter().filter(|part| !part.is_empty()) {
        let start = part.start.max(done);
        if start >= part.end {
            continue;
        }
        masked.push_str(&text[done..start]);
        for character in text[start..part.end].graphemes(true) {
            let is_seen = character.chars().any(|c| !matches!(letters::sort(c), Sort::Unseen | Sort::Gap));
            masked.push_str(if is_seen { "*" } else { character });
        }
        done = part.end;
    }
    masked.push_str(&text[done..]);
    masked
}

#[cfg(test)]
mod tests;
