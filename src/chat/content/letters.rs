//! Reads a text as words of letters, whatever clothes the letters wear.

use std::ops::Range;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_security::skeleton;

/// What stands for letters in the middle of a word, or belongs to one.
const SYMBOLS: &str = "@$!|+*#'’€£¢¥©®";
/// A word that is longer is none.
const MOST_LETTERS: usize = 64;
/// In bytes. Words of this length are held together by signs only.
const LONGEST: usize = 256;
/// No language writes a letter more often at a stretch.
const REPEATED: usize = 3;

/// What stands behind an apostrophe and is a word of its own.
const CONTRACTED: &[&str] = &["d", "ll", "m", "re", "s", "t", "ve"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Letter,
    Symbol,
    /// Of a script that puts no spaces between words: each stands alone.
    Unspaced,
    /// Takes no place of its own: accents, zero-width characters, marks of direction.
    Unseen,
    Gap,
}

pub fn sort(c: char) -> Sort {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Sort::Letter,
        c if SYMBOLS.contains(c) => Sort::Symbol,
        c if c.is_ascii() => Sort::Gap,
        // Most letters of Latin, Greek and Cyrillic, for speed.
        '\u{C0}'..='\u{24F}' | '\u{370}'..='\u{481}' | '\u{48A}'..='\u{52F}' if c.is_alphabetic() => Sort::Letter,
        c if is_unseen(c) => Sort::Unseen,
        c if is_unspaced(c) => Sort::Unspaced,
        c if c.is_alphanumeric() || is_vowel_sign(c) || regional(c).is_some() => Sort::Letter,
        _ => Sort::Gap,
    }
}

fn is_unseen(c: char) -> bool {
    let is_filler = matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}');
    is_filler || c.general_category() == GeneralCategory::Format || (is_combining_mark(c) && !is_vowel_sign(c))
}

/// In the scripts of India and of South-East Asia marks are vowels.
fn is_vowel_sign(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{1CFF}') && is_combining_mark(c)
}

fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{E00}'..='\u{FFF}' | '\u{1000}'..='\u{109F}' | '\u{1100}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Flags are pairs of letters.
fn regional(c: char) -> Option<char> {
    let letter = u32::from(c).checked_sub(0x1F1E6).filter(|place| *place < 26)?;
    char::from_u32(u32::from('a') + letter)
}

/// A word and where it begins in its text.
#[derive(Clone, Copy)]
pub struct Word<'a> {
    pub text: &'a str,
    pub start: usize,
    pub is_unspaced: bool,
}

pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(text.len() / 4);
    let mut open: Option<Open> = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let sort = sort(c);
        match sort {
            Sort::Letter | Sort::Symbol => {
                let open = open.get_or_insert(Open { start: at, end, has_letter: false });
                open.end = end;
                open.has_letter |= sort == Sort::Letter;
            }
            Sort::Unseen => {
                if let Some(open) = &mut open {
                    open.end = end;
                }
            }
            Sort::Unspaced => {
                close(open.take(), text, &mut words);
                words.push(Word { text: &text[at..end], start: at, is_unspaced: true });
            }
            Sort::Gap => close(open.take(), text, &mut words),
        }
    }
    close(open, text, &mut words);
    words
}

struct Open {
    start: usize,
    end: usize,
    has_letter: bool,
}

fn close<'a>(open: Option<Open>, text: &'a str, words: &mut Vec<Word<'a>>) {
    let Some(Open { start, end, has_letter: true }) = open else { return };
    let word = Word { text: &text[start..end], start, is_unspaced: false };
    if word.text.len() <= LONGEST {
        return words.push(word);
    }
    let mut at = start;
    for part in word.text.split_inclusive(|c| SYMBOLS.contains(c)) {
        let letters = part.trim_end_matches(|c| SYMBOLS.contains(c));
        if !letters.is_empty() {
            words.push(Word { text: letters, start: at, ..word });
        }
        at += part.len();
    }
}

/// A character as it looks without its clothes, and the bytes of the word that it stands for.
#[derive(Clone, Copy)]
pub struct Letter {
    pub bare: char,
    pub start: usize,
    pub end: usize,
}

impl Letter {
    pub fn is_symbol(&self) -> bool {
        SYMBOLS.contains(self.bare)
    }
}

/// Signs around a word that are none of its letters.
const AROUND: &str = "!|+*#'’";

/// The bytes of a word without the signs around it.
pub fn core(letters: &[Letter]) -> Range<usize> {
    let is_in = |letter: &&Letter| !AROUND.contains(letter.bare);
    match (letters.iter().find(is_in), letters.iter().rfind(is_in)) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => 0..0,
    }
}

/// The letters of a word, none of a text that is too long to be one. What is repeated without end is
/// shortened.
pub fn letters(word: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for (start, c) in word.char_indices() {
        let end = start + c.len_utf8();
        let mut put = |bare: char| {
            let before = letters.iter().rev().take_while(|letter| letter.bare == bare).take(REPEATED).count();
            if before < REPEATED && letters.len() <= MOST_LETTERS {
                letters.push(Letter { bare, start, end });
            }
        };
        match sort(c) {
            Sort::Letter if c.is_ascii() => put(c),
            Sort::Letter => match regional(c) {
                Some(letter) => put(letter),
                None => decompose_compatible(c, |part| {
                    if part.is_alphanumeric() && !is_unseen(part) || is_vowel_sign(part) {
                        put(part);
                    }
                }),
            },
            Sort::Symbol | Sort::Unspaced => put(c),
            Sort::Unseen | Sort::Gap => {}
        }
        if let Some(last) = letters.last_mut() {
            last.end = end;
        }
    }
    if letters.len() > MOST_LETTERS { Vec::new() } else { letters }
}

/// How a word is looked up: the same for all that look alike. Digits and signs may stand for several
/// letters, and a stretched letter for one or two, so there may be several keys.
pub fn keys(letters: &[Letter]) -> Vec<Box<str>> {
    let mut keys = unstretched_keys(letters);
    let uncontracted = uncontracted(letters);
    if uncontracted.len() < letters.len() {
        keys.extend(unstretched_keys(uncontracted));
    }
    for at in 0..keys.len() {
        if is_stretched(&keys[at]) {
            for most in 1..REPEATED {
                let key = shortened(&keys[at], most);
                add(&mut keys, key);
            }
        }
    }
    keys
}

/// Of a word in a list, which says itself how often a letter stands in it.
pub fn unstretched_keys(letters: &[Letter]) -> Vec<Box<str>> {
    let (Some(first), Some(last)) =
        (letters.iter().position(|l| !l.is_symbol()), letters.iter().rposition(|l| !l.is_symbol()))
    else {
        return Vec::new();
    };
    let core = &letters[first..=last];
    let is_number = !core.iter().any(|letter| letter.bare.is_alphabetic());
    let mut keys = Vec::new();
    for part in [core, letters] {
        for reading in READINGS.iter().filter(|reading| reading.differs(part)) {
            add(&mut keys, part.iter().filter_map(|letter| reading.read(letter.bare, is_number)).collect());
        }
        if is_number || core.len() == letters.len() {
            break;
        }
    }
    keys
}

/// `who` of `who're`.
pub fn uncontracted(letters: &[Letter]) -> &[Letter] {
    let Some(at) = letters.iter().rposition(|letter| matches!(letter.bare, '\'' | '’')) else { return letters };
    let ending: String = letters[at + 1..].iter().map(|letter| letter.bare.to_ascii_lowercase()).collect();
    if CONTRACTED.contains(&ending.as_str()) { &letters[..at] } else { letters }
}

fn add(keys: &mut Vec<Box<str>>, key: String) {
    if !key.is_empty() && !keys.iter().any(|known| **known == key) {
        keys.push(key.into());
    }
}

fn is_stretched(key: &str) -> bool {
    key.chars().zip(key.chars().skip(1)).zip(key.chars().skip(2)).any(|((one, two), three)| one == two && two == three)
}

/// Where letters stand `REPEATED` times, they stand `most` times.
fn shortened(key: &str, most: usize) -> String {
    let characters: Vec<char> = key.chars().collect();
    let runs = characters.chunk_by(|one, other| one == other);
    runs.flat_map(|run| &run[..if run.len() < REPEATED { run.len() } else { most }]).collect()
}

/// How what may stand for several letters is read.
struct Reading {
    one: char,
    /// A capital letter of another script looks like one of ours that the small letter does not look like.
    by_capitals: bool,
}

const READINGS: &[Reading] = &[
    Reading { one: 'i', by_capitals: false },
    Reading { one: 'l', by_capitals: false },
    Reading { one: 'i', by_capitals: true },
];

impl Reading {
    /// Whether this is the first, or another word comes out than there.
    fn differs(&self, letters: &[Letter]) -> bool {
        let has = |is: fn(char) -> bool| letters.iter().any(|letter| is(letter.bare));
        let first = self.one == 'i' && !self.by_capitals;
        first
            || (self.one == 'l' && has(|bare| matches!(bare, '1' | '!' | '|')))
            || (self.by_capitals && has(|bare| !bare.is_ascii() && bare.is_uppercase()))
    }

    fn read(&self, bare: char, is_number: bool) -> Option<char> {
        Some(match bare {
            '0'..='9' if is_number => bare,
            '0' => 'o',
            '1' | '!' | '|' => self.one,
            '3' | '€' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' | '+' => 't',
            '8' => 'b',
            '9' => 'g',
            '¢' | '©' => 'c',
            '£' => 'l',
            '¥' => 'y',
            '®' => 'r',
            '*' | '#' | '\'' | '’' => return None,
            other if other.is_ascii() => other.to_ascii_lowercase(),
            other => {
                let plain = if self.by_capitals { looks_like(other).filter(char::is_ascii) } else { None };
                let small = other.to_lowercase().next().unwrap_or(other);
                plain.or_else(|| looks_like(small)).unwrap_or(small).to_ascii_lowercase()
            }
        })
    }
}

fn looks_like(c: char) -> Option<char> {
    let mut buffer = [0; 4];
    let mut like = skeleton(c.encode_utf8(&mut buffer)).filter(|part| !is_combining_mark(*part));
    match (like.next(), like.next()) {
        (Some(one), None) => Some(one),
        // Unicode has it that an m looks like both.
        (Some('r'), Some('n')) => Some('m'),
        _ => None,
    }
}
