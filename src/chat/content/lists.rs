//! The operator's own words. An entry is one word or several in a row.

use std::collections::HashMap;

use super::letters::{keys, letters, unstretched_keys, words};

/// Entries by their words, so that a text is looked up in one walk however many there are.
#[derive(Default)]
struct Entries {
    begin: Branch,
    is_empty: bool,
}

#[derive(Default)]
struct Branch {
    next: HashMap<Box<str>, Branch>,
    ends: bool,
}

/// Blocked and allowed words.
#[derive(Default)]
pub struct Lists {
    block: Entries,
    allow: Entries,
}

/// A run of words of a text, by their places.
pub type Run = std::ops::Range<usize>;

impl Lists {
    pub fn new(block: &[String], allow: &[String]) -> Lists {
        Lists { block: Entries::new(block), allow: Entries::new(allow) }
    }

    /// The runs of words that are blocked and not allowed, and for each word whether it is allowed.
    pub fn look_up(&self, words: &[&[Box<str>]]) -> (Vec<Run>, Vec<bool>) {
        let mut allowed = vec![false; words.len()];
        for run in self.allow.runs(words) {
            allowed[run].fill(true);
        }
        let mut blocked = self.block.runs(words);
        blocked.retain(|run| !allowed[run.clone()].iter().all(|allowed| *allowed));
        (blocked, allowed)
    }
}

impl Entries {
    fn new(entries: &[String]) -> Entries {
        let mut begin = Branch::default();
        for entry in entries {
            let words: Vec<_> = words(entry).iter().map(|word| unstretched_keys(&letters(word.text))).collect();
            // All ones for the same letter: the keys of a word stand in the same order everywhere.
            for way in 0..words.iter().map(Vec::len).max().unwrap_or(0) {
                let mut branch = &mut begin;
                for keys in &words {
                    let Some(key) = keys.get(way.min(keys.len().saturating_sub(1))) else { break };
                    branch = branch.next.entry(key.clone()).or_default();
                }
                branch.ends = true;
            }
        }
        let is_empty = begin.next.is_empty();
        Entries { begin, is_empty }
    }

    /// The longest entry at each place.
    fn runs(&self, words: &[&[Box<str>]]) -> Vec<Run> {
        if self.is_empty {
            return Vec::new();
        }
        let longest = |start: usize| Some(start..start + self.begin.longest(&words[start..])?);
        (0..words.len()).filter_map(longest).collect()
    }
}

impl Branch {
    /// So many of these words are an entry.
    fn longest(&self, words: &[&[Box<str>]]) -> Option<usize> {
        let (first, rest) = words.split_first()?;
        let ways = first.iter().filter_map(|key| self.next.get(key));
        ways.filter_map(|branch| branch.longest(rest).map(|more| more + 1).or(branch.ends.then_some(1))).max()
    }
}

/// Whether there is anything in an entry that could be found in a text.
pub fn says_something(entry: &str) -> bool {
    let words = words(entry);
    !words.is_empty() && words.iter().all(|word| !keys(&letters(word.text)).is_empty())
}
