use std::time::Instant;

use super::*;

/// Bad, and how it is masked.
const GUILTY: &[(&str, &str)] = &[
    ("fuck", "****"),
    ("FUCK", "****"),
    ("What the fuck?", "What the ****?"),
    ("fucking hell", "******* hell"),
    ("f u c k", "* * * *"),
    ("f u c k!", "* * * *!"),
    ("'a s s'", "'* * *'"),
    ("F.U.C.K", "*.*.*.*"),
    ("f-u-c-k you", "*-*-*-* you"),
    ("f_u_c_k", "*_*_*_*"),
    ("f/u/c/k", "*/*/*/*"),
    ("f\nu\nc\nk", "*\n*\n*\n*"),
    ("f*ck", "****"),
    ("f**k", "****"),
    ("fuuuuuuuck", "**********"),
    ("fuck!!!", "****!!!"),
    ("f\u{fc}ck", "****"),
    ("fu\u{308}ck", "****"),
    ("fu\u{441}k", "****"),
    ("\u{ff46}\u{ff55}\u{ff43}\u{ff4b}", "****"),
    ("\u{1d4ef}\u{1d4fe}\u{1d4ec}\u{1d4f4}", "****"),
    ("\u{1f175}\u{1f184}\u{1f172}\u{1f17a}", "****"),
    ("\u{24d5}\u{24e4}\u{24d2}\u{24da}", "****"),
    ("\u{1f1eb}\u{1f1fa}\u{1f1e8}\u{1f1f0}", "**"),
    ("f\u{200b}u\u{200b}c\u{200b}k", "*\u{200b}*\u{200b}*\u{200b}*"),
    ("f\u{ad}uck", "*\u{ad}***"),
    ("\u{202e}fuck\u{202c}", "\u{202e}****\u{202c}"),
    ("f\u{338}\u{32a}u\u{337}\u{316}c\u{338}k\u{336}", "****"),
    ("fu ck", "** **"),
    ("f uck", "* ***"),
    ("fuc k", "*** *"),
    ("fvck", "****"),
    ("fck", "***"),
    ("phuck", "*****"),
    ("clusterfuck", "***********"),
    ("motherfucker", "************"),
    ("motherfuckers!", "*************!"),
    ("shit", "****"),
    ("Shit happens", "**** happens"),
    ("sh1t", "****"),
    ("$h1t", "****"),
    ("5hit", "****"),
    ("shiiiiiit", "*********"),
    ("shitty", "******"),
    ("shitting", "********"),
    ("bullshit", "********"),
    ("b u l l s h i t", "* * * * * * * *"),
    ("s h i t", "* * * *"),
    ("s.h.i.t.", "*.*.*.*."),
    ("sh it", "** **"),
    ("shit's", "****'s"),
    ("that's shit, ann", "that's ****, ann"),
    ("*shit*", "*****\u{2a}"),
    ("\"shit\"", "\"****\""),
    ("(shit)", "(****)"),
    ("shit/fuck", "****/****"),
    ("foo:shit:bar", "foo:****:bar"),
    ("#shit", "#****"),
    ("@bitch", "@*****"),
    ("shit\u{1f4a9}", "****\u{1f4a9}"),
    ("\u{4f60}fuck\u{4f60}", "\u{4f60}****\u{4f60}"),
    ("\u{455}\u{4bb}\u{456}t", "****"),
    ("sh\u{456}t", "****"),
    ("\u{3b1}ss", "***"),
    ("bitch", "*****"),
    ("b1tch", "*****"),
    ("b!tches", "*******"),
    ("bitching", "********"),
    ("b i t c h", "* * * * *"),
    ("ass", "***"),
    ("a s s", "* * *"),
    ("a$$", "***"),
    ("@ss", "***"),
    ("asses", "*****"),
    ("asshole", "*******"),
    ("a$$hole", "*******"),
    ("assholes!", "********!"),
    ("cunt", "****"),
    ("c u n t s", "* * * * *"),
    ("dick", "****"),
    ("d1ck", "****"),
    ("dick69", "****69"),
    ("dickhead", "********"),
    ("c0ck", "****"),
    ("cocksucker", "**********"),
    ("nigger", "******"),
    ("n1gger", "******"),
    ("n!gg3r", "******"),
    ("faggot", "******"),
    ("f4ggot", "******"),
    ("whore", "*****"),
    ("wh0re", "*****"),
    ("sluts", "*****"),
    ("twat", "****"),
    ("w4nker", "******"),
    ("tits", "****"),
    ("pussy", "*****"),
    ("bastards", "********"),
    ("bollocks", "********"),
    ("prick", "*****"),
    ("jizz", "****"),
];

const INNOCENT: &[&str] = &[
    "",
    " ",
    "class",
    "Scunthorpe",
    "assassin",
    "Dickens",
    "shitake",
    "shiitake",
    "cocktail",
    "A cocktail in Scunthorpe with an assassin",
    "I push it, push it real good",
    "wash it, crush it, finish it",
    "the pen is mightier than the sword",
    "as soon as she is here, as she said",
    "as usual, as such, as some say",
    "Model S hit the road",
    "it's hit or miss",
    "Let's hit the beach",
    "5 hit combo, 4 hits",
    "Vitamin C, plan B, item 1",
    "plan b itches to be tried",
    "a b c d e f g",
    "A, B, C, D, E, F, G, H, I, J, K",
    "U S A, U K, E U",
    "f(x, k) = x * k + c",
    "x = y + z; i++; if (a && b) {}",
    "c l a s s",
    "c o c k t a i l",
    "S c u n t h o r p e",
    "m8, gr8, h8 it, w00t, l33t",
    "password pa$$word p@ssword p4ssw0rd",
    "cl4ss gr@ss gl@$$",
    "who're you? He'll be there. She'll too. We'll see.",
    "Moby says hello, hell no, damn",
    "sextant, sextet, Sussex, Essex, Middlesex",
    "breast cancer, sex education, gay rights",
    "analysis of a canal, annals, banal",
    "my grandmother's cockatoo",
    "a cockpit, a peacock, a weathercock and a shuttlecock",
    "Hitchcock, Hancock, Babcock, Alcock",
    "therapist and psychotherapist",
    "grapes, drapes, skyscraper",
    "title, titan, constitution, competition",
    "cumulative, document, cucumber, circumstances",
    "Matsushita, Yoshitaka",
    "Nigeria, Niger, niggardly, snigger",
    "spicy, despicable, suspicious",
    "raccoon, tycoon, cocoon",
    "Massachusetts, Arkansas, Picasso",
    "embassy, compass, harass, cassette, trespass",
    "assume, assess, asset, associate, assign",
    "swanky Swansea",
    "homogeneous, homework, homo sapiens' home",
    "Fagin and Oliver",
    "cracker, flange, hoe, ghetto",
    "Nazi Germany, Hitler, the Holocaust",
    "penis, vagina, testicle: a lesson in anatomy",
    "https://example.com/assets/class?pass=1#analysis",
    "assets.example.com, bass@example.com",
    "100%, 3.50$, 20\u{20ac}, 5\u{a3}",
    "****",
    "* * * *",
    "\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43a}\u{430}\u{43a} \u{434}\u{435}\u{43b}\u{430}?",
    "\u{4f60}\u{597d}\u{ff0c}\u{4e16}\u{754c}",
    "\u{e2a}\u{e27}\u{e31}\u{e2a}\u{e14}\u{e35}",
    "\u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947}",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{645}\u{631}\u{62d}\u{628}\u{627}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f44d}\u{1f3fd} \u{1f618} \u{1f346}",
    "naïve café crème brûlée",
    "zalgo t\u{338}\u{32a}e\u{337}x\u{338}t",
];

/// English words with a bad one inside, or nearly.
const SUSPICIOUS: &str = include_str!("tests/suspicious.txt");

fn bad(content: &Content, text: &str) -> bool {
    content.screen(text.to_owned(), Filter::Reject).is_err()
}

#[test]
fn the_guilty_are_found_in_every_shape() {
    let content = Content::default();
    for (text, masked) in GUILTY {
        assert_eq!(content.screen((*text).to_owned(), Filter::Reject), Err(Refusal::Inappropriate), "{text}");
        assert_eq!(content.screen((*text).to_owned(), Filter::Mask).as_deref(), Ok(*masked), "{text}");
        assert_eq!(content.screen((*text).to_owned(), Filter::Off).as_deref(), Ok(*text));
        assert!(!bad(&content, masked), "what was masked is fine: {masked}");
        // Whatever stands around it, and when it was judged before.
        for around in [format!("Oh {text} indeed"), format!("\u{1f600}{text}\u{1f600}"), format!("...{text}...")] {
            assert!(bad(&content, &around), "{around}");
        }
    }
}

#[test]
fn the_innocent_pass() {
    let content = Content::default();
    for text in INNOCENT.iter().copied().chain(SUSPICIOUS.split_whitespace()) {
        for text in
            [text.to_owned(), text.to_uppercase(), format!("{text}!"), format!("({text})"), format!("{text}, {text}")]
        {
            assert_eq!(content.screen(text.clone(), Filter::Reject).as_deref(), Ok(text.as_str()));
        }
    }
}

#[test]
fn a_list_of_ones_own() {
    let content = Content::default();
    let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    content.replace_lists(
        &list(&[
            "turnip",
            "God",
            "buy now",
            "n00b",
            "1337",
            "\u{431}\u{443}",
            "\u{43d}\u{435}\u{442}",
            "hello",
            "\u{7b28}\u{86cb}",
            "dick pic",
            "he'd",
        ]),
        &list(&["dick", "Ass", "moby fuck", "shit"]),
    );
    for guilty in [
        "turnip",
        "TURNIP",
        "a turnip!",
        "turn1p",
        "turn!p",
        "t u r n i p",
        "tuuuuurnip",
        "turnip's",
        "tu\u{200b}rnip",
        "t\u{fc}rnip",
        "turn\u{456}p",
        "god",
        "my god",
        "gooood",
        "Buy  now!",
        "buy-NOW",
        "noob",
        "n00b",
        "1337",
        "\u{411}\u{423}",
        "\u{41d}\u{435}\u{422}",
        "\u{43d}\u{435}\u{442}",
        "HELL\u{41e}",
        "\u{41d}ELLO",
        "\u{4f60}\u{662f}\u{7b28}\u{86cb}",
        "a dick pic",
        "d1ck p1c",
        "fuck",
        "he'd",
    ] {
        assert!(bad(&content, guilty), "{guilty}");
    }
    for innocent in [
        "turnips",
        "a turn, I presume",
        "good",
        "goods",
        "goddess",
        "buy",
        "now buy",
        "13379",
        "\u{431}\u{443}\u{431}\u{43b}\u{438}\u{43a}",
        "\u{7b28}",
        "dick",
        "D1CK",
        "ass",
        "@ss",
        "a s s",
        "moby fuck",
        "Moby-Fuck",
        "shit",
        "s h i t",
        "$h1t",
        "shit's",
        "pic",
        "heed",
        "het",
        "\u{43d}ello",
    ] {
        assert!(!bad(&content, innocent), "{innocent}");
    }
    assert_eq!(content.screen("a Turn1p, then!".into(), Filter::Mask).as_deref(), Ok("a ******, then!"));
    assert_eq!(
        content.screen("'Turnip'! #t u r n i p!".into(), Filter::Mask).as_deref(),
        Ok("'******'! #* * * * * *!")
    );
    assert_eq!(content.screen("please buy now, dick".into(), Filter::Mask).as_deref(), Ok("please *** ***, dick"));
    content.replace_lists(&[], &[]);
    assert!(bad(&content, "dick") && !bad(&content, "turnip"), "at once, whatever was judged before");
}

#[test]
fn names_are_written_together() {
    let content = Content::default();
    for bad in ["Fuck", "fuckMaster", "xXfuckXx", "BigDick", "big_dick", "dick2000", "sh1t", "The Shit Club"] {
        assert!(!content.allows_name(bad), "{bad}");
    }
    for fine in
        ["Ann", "Dickens", "McDonald", "Scunthorpe United", "iPhone", "BigClass", "Assassin", "Moby", "J\u{fc}rgen"]
    {
        assert!(content.allows_name(fine), "{fine}");
    }
}

#[test]
fn an_entry_must_say_something() {
    for good in ["a", "1", "buy now", "\u{7b28}", "sh*t", "\u{431}"] {
        assert!(says_something(good), "{good}");
    }
    for bad in ["", " ", "*", "-", "\u{200b}", "\u{1f4a9}", "$"] {
        assert!(!says_something(bad), "{bad}");
    }
}

/// How long it takes is printed. That it does not grow with the square of the length can be seen from
/// the test ending.
#[test]
fn long_texts_take_no_time() {
    let content = Content::default();
    content.warm_up();
    let talk = "What people say is mostly made of the same words, and now and then of one that is new. ";
    let filled = |with: &str, bytes: usize| {
        with.chars().cycle().take(bytes / with.len() * with.chars().count()).collect::<String>()
    };
    let repeated = |with: &str| filled(with, 100_000);
    for (what, text) in [
        ("5000 characters of talk", filled(talk, 5000)),
        ("the same again", filled(talk, 5000)),
        ("5000 characters, hardly a word twice", SUSPICIOUS.chars().take(5000).collect()),
        ("the same again", SUSPICIOUS.chars().take(5000).collect()),
        ("100 kB of one letter", repeated("a")),
        ("of a sign", repeated("\u{3df}")),
        ("of spelled letters", repeated("a b c ")),
        ("of spelled bad words", repeated("f u c k ")),
        ("of pieces", repeated("as b ")),
        ("of bad words", repeated("fuck ")),
        ("of one long bad word", repeated("fuck")),
        ("of a word without end", repeated("abcdefghijklmnopqrstuvwxyz")),
        ("of combining marks", repeated("\u{301}")),
        ("of combining marks on a letter", format!("a{}", repeated("\u{301}"))),
        ("of zero-width spaces", repeated("\u{200b}")),
        ("of letters that look like others", repeated("\u{ff46}\u{441} ")),
        ("of signs", repeated("$!@")),
        ("of letters and signs", repeated("f!")),
        ("of Chinese", repeated("\u{4f60}")),
        ("of Hindi", repeated("\u{915}\u{93f}")),
        ("of spaces", repeated(" ")),
    ] {
        let begun = Instant::now();
        let masked = content.screen(text.clone(), Filter::Mask).unwrap();
        println!("{:?} for {what}", begun.elapsed());
        assert_eq!(masked.graphemes(true).count(), text.graphemes(true).count());
    }
}

/// Whatever is written, nothing panics, and what was masked is masked once for all.
#[test]
fn any_text_can_be_read() {
    let pieces = [
        "fuck",
        "sh",
        "it",
        "a",
        " ",
        "\u{301}",
        "\u{200b}",
        "\u{200d}",
        "!",
        "$",
        "1",
        "\u{fb01}",
        "\u{1f1eb}",
        "\u{915}",
        "\u{93f}",
        "\u{4f60}",
        "\u{ac00}",
        "\u{1100}",
        "'",
        "s",
        "\u{fdfa}",
        "\u{f8ff}",
        "\u{e000}",
        "\r\n",
        "\u{7f}",
        "\u{10ffff}",
        "\u{2044}",
        "\u{130}",
        "\u{df}",
        "\u{600}",
        "\u{e33}",
        "*",
        "\u{345}",
    ];
    let mut chance = fastrand::Rng::with_seed(7);
    let content = Content::default();
    for _ in 0..20_000 {
        let text: String = (0..chance.usize(1..12)).map(|_| pieces[chance.usize(..pieces.len())]).collect();
        let masked = content.screen(text.clone(), Filter::Mask).unwrap();
        assert_eq!(bad(&content, &text), masked != text, "{text:?}");
        content.allows_name(&text);
    }
}
