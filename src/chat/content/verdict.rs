//! Whether one word is bad. `rustrict` finds bad words, however they are hidden, also inside of others;
//! here they count as whole words only, with their endings.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use rustrict::{Censor, Type};
use unicode_normalization::char::is_combining_mark;

use super::letters::{Letter, core, uncontracted};

/// `rustrict` takes characters for private use out of what it reads: this can only be its own.
const FOUND: char = '\u{F8FF}';

/// What may follow a bad word in the same word, also behind its doubled last letter.
const ENDINGS: &[&str] = &["", "s", "z", "es", "ed", "er", "ers", "in", "ing", "ings", "y", "ies", "ier", "iest"];

/// In whatever word it stands.
const STEM: &str = "fuck";

/// Bad words that `rustrict` holds for milder ones, or finds only in part.
const GUILTY: &str = "batshit dickwad dickwads goddamnit gook gooks paki pakis raghead ragheads shitbag shitbags \
    shitface shitfaced shithole shitholes shitshow shitstorm shitstorms spic tits titties titty towelhead \
    towelheads wetback wetbacks phuck phucking";

/// Words of medicine, history, names and daily life that it holds for bad ones.
const INNOCENT: &str = "\
    adolf annal anus anuses auschwitz bondage bonner bonners booby cocked cocker cockers commie commies \
    commixes coom cooms cracker crackers cumming cummings dicker dickers dominatrix dominatrixes dumas dyke \
    dykes eff effed effing effs erotica fagin fascist fascists fawkes feck flange flanges foursome foursomes \
    fuchs fug fugger fuggers fugs gayest ghetto ghettoes ghettos himmler hitler hitlers ho hoar hoars hoe \
    hoes holocaust holocausts homo homos hos incest incests inseminate inseminates inseminating inseminator \
    klan klansman klansmen knt kuntz labia muff muffs nagger naggers nazi nazis niger nigers niggler nude \
    nudes penile penis penises pennis phallus phalluses prepubescent prepubescents pron prostituted \
    prostitutes prostituting pube pubes pubescent schutzstaffel scrotum scrotums semen semens shiites spunk \
    spunks testicle testicles threesome threesomes tosser tossers vagina vaginas vibrator vibrators vulva \
    vulvas xnty";

/// Bad words that are also heard when they are spelled, or have a gap: each of them as it is written, since
/// single letters with a likeness to others may be anything.
const SPELLED: &[&str] = &[
    "fuck", "shit", "bitch", "cunt", "dick", "cock", "whore", "slut", "twat", "wank", "pussy", "asshole", "nigger",
    "nigga", "faggot",
];
/// The same, where nothing else is spelled with them.
const SPELLED_ALONE: &[&str] = &["ass", "asses", "fag", "fags", "tits"];

static GUILTY_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| GUILTY.split_whitespace().collect());
static INNOCENT_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| INNOCENT.split_whitespace().collect());

/// What is merely rude passes.
fn bad() -> Type {
    ((Type::PROFANE | Type::OFFENSIVE) & Type::MODERATE_OR_HIGHER) | ((Type::SEXUAL | Type::MEAN) & Type::SEVERE)
}

/// Which of these are bad, whole words or not. None: nothing is.
fn found(letters: &[Letter]) -> Option<Vec<bool>> {
    let (said, kind) = Censor::new(letters.iter().map(|letter| letter.bare.to_ascii_lowercase()))
        .with_ignore_self_censoring(true)
        .with_censor_threshold(bad())
        .with_censor_first_character_threshold(Type::ANY)
        .with_censor_replacement(FOUND)
        .censor_and_analyze();
    let found: Vec<bool> = said.chars().map(|c| c == FOUND).collect();
    (kind.is(bad()) && found.len() == letters.len()).then_some(found)
}

pub fn has_stem(keys: &[Box<str>]) -> bool {
    keys.iter().any(|key| key.contains(STEM))
}

pub fn is_innocent(keys: &[Box<str>]) -> bool {
    keys.iter().any(|key| INNOCENT_WORDS.contains(&**key))
}

/// The bad part of a word: all of it but for signs around.
pub fn judge(letters: &[Letter], keys: &[Box<str>]) -> Option<Range<usize>> {
    if !letters.iter().any(|letter| letter.bare.is_alphabetic()) || is_innocent(keys) {
        return None;
    }
    if has_stem(keys) || keys.iter().any(|key| GUILTY_WORDS.contains(&**key)) {
        return Some(core(letters));
    }
    // It would leave them out.
    let letters: Vec<Letter> =
        uncontracted(letters).iter().filter(|letter| !is_combining_mark(letter.bare)).copied().collect();
    let found = found(&letters)?;
    let (first, last) = (found.iter().position(|bad| *bad)?, found.iter().rposition(|bad| *bad)?);
    let is_fine = |at: usize| !found[at] && letters[at].bare.is_alphabetic();
    if (0..last).any(is_fine) {
        return None;
    }
    let ending: String = letters[last + 1..].iter().map(|letter| letter.bare.to_ascii_lowercase()).collect();
    let ending: String = ending.chars().filter(|c| c.is_alphabetic()).collect();
    let doubled = ending.strip_prefix(letters[last].bare.to_ascii_lowercase());
    if !ENDINGS.contains(&ending.as_str()) && !doubled.is_some_and(|ending| ENDINGS.contains(&ending)) {
        return None;
    }
    let end = letters.iter().rfind(|letter| letter.bare.is_alphanumeric()).filter(|_| !ending.is_empty());
    Some(letters[first].start..end.unwrap_or(&letters[last]).end)
}

/// The bad part of a word that was put together from its pieces, wherever it begins and ends.
pub fn judge_spelled(letters: &[Letter], keys: &[Box<str>]) -> Option<Range<usize>> {
    if keys.iter().any(|key| SPELLED_ALONE.contains(&&**key)) {
        return Some(core(letters));
    }
    if is_innocent(keys) || !keys.iter().any(|key| SPELLED.iter().any(|word| key.contains(word))) {
        return None;
    }
    let found = found(letters)?;
    let bad = |at: &usize| found[*at];
    let (first, last) = ((0..letters.len()).find(bad)?, (0..letters.len()).rfind(bad)?);
    Some(letters[first].start..letters[last].end)
}
