//! What may be said, and how much of it.

use std::sync::Arc;

use community_chat::bus::Bus;
use community_chat::chat::attendance::Attendance;
use community_chat::chat::feed::Feed;
use community_chat::chat::people::People;
use community_chat::chat::rooms::Rooms;
use community_chat::chat::sessions::Sessions;
use community_chat::chat::{Caller, Chat, FileRules, Files, Filter, Known, Refusal, Words, WordsRefusal};
use community_chat::config::{Config, StoragePlace};
use community_chat::files::{Links, Pictures, Storage};
use community_chat::model::{Actor, Clock, Event};
use community_chat::store::{ForeignChanges, Missing, Store, Writer};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::harness::{Account, BOTH, On, Program, Socket, eventually};

/// What a listener hears, what a page and REST show of the only message.
async fn shown(url: &str, listener: &mut Socket, event: &str) -> Vec<Value> {
    let heard = listener.hear(event).await["message"].clone();
    let listed = listener.succeed("load-messages", json!({})).await["data"].clone();
    let recent: Value = reqwest::get(format!("{url}/api/community/chat/recent")).await.unwrap().json().await.unwrap();
    assert_eq!((listed.as_array().unwrap().len(), recent["data"].as_array().unwrap().len()), (1, 1));
    vec![heard, listed[0]["message"].clone(), recent["data"][0]["message"].clone()]
}

#[tokio::test]
async fn what_is_masked_is_what_is_stored() {
    for database in BOTH {
        let program = Program::on(database, &[("CONTENT_FILTER", "mask")]);
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let mut listener = Socket::with_token(&server.url, &ben.token).await;
        let sent = json!({ "message": "  Holy sh1t, a class in Scunthorpe: f u c k!", "clientOffset": "c-1" });
        let masked = "Holy ****, a class in Scunthorpe: * * * *!";
        let answer = socket.succeed("send-message", sent.clone()).await["data"].clone();
        assert_eq!(answer["message"], masked);
        assert_eq!(shown(&server.url, &mut listener, "message-received").await, vec![masked; 3]);
        assert_eq!(socket.succeed("send-message", sent).await["data"], answer);

        let edit = json!({ "messageId": answer["id"], "message": "What an a$$hole" });
        let edited = socket.succeed("edit-message", edit).await["data"].clone();
        assert_eq!(edited["message"], "What an *******");
        assert_eq!(shown(&server.url, &mut listener, "message-edited").await, vec!["What an *******"; 3]);
        let missed = socket.succeed("sync", json!({ "rev": 0 })).await["data"]["messages"].clone();
        assert_eq!(missed, json!([edited]));
    }
}

#[tokio::test]
async fn what_is_rejected_is_not_stored() {
    for database in BOTH {
        let program = Program::on(database, &[("CONTENT_FILTER", "reject"), ("RATE_LIMIT_MESSAGES_PER_MINUTE", "3")]);
        let ann = program.account("ann");
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let sent = socket.succeed("send-message", json!({ "message": "An assassin in class" })).await["data"].clone();
        let refusal =
            json!({ "success": false, "error": "Message contains inappropriate content.", "code": "inappropriate" });
        for text in ["shit", "Sh\u{456}tty", "f.u.c.k", "s\u{200b}hit"] {
            assert_eq!(socket.ask("send-message", json!({ "message": text, "clientOffset": text })).await, refusal);
            let edit = json!({ "messageId": sent["id"], "message": text });
            assert_eq!(socket.ask("edit-message", edit).await, refusal);
        }
        let listed = socket.succeed("load-messages", json!({})).await;
        assert_eq!((&listed["data"], &listed["rev"]), (&json!([sent]), &json!(1)));
        // A name that was refused is free, and a refusal cost nothing.
        let again = socket.succeed("send-message", json!({ "message": "sheet", "clientOffset": "shit" })).await;
        assert_eq!((&again["data"]["seq"], &again["budget"]["left"]), (&json!(2), &json!(1)));
    }
}

#[tokio::test]
async fn nothing_is_filtered_unless_it_is_asked_for() {
    let program = Program::on(On::Sqlite, &[]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    let answer = socket.succeed("send-message", json!({ "message": "Holy shit" })).await;
    assert_eq!(answer["data"]["message"], "Holy shit");
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["success", "data", "message"]);
}

fn left(answer: &Value) -> (i64, i64) {
    let budget = &answer["budget"];
    let reset_in = budget["resetIn"].as_i64().unwrap();
    assert!((1..=60_000).contains(&reset_in), "{answer}");
    (budget["limit"].as_i64().unwrap(), budget["left"].as_i64().unwrap())
}

#[tokio::test]
async fn each_answer_says_what_is_left() {
    for database in BOTH {
        let program = Program::on(database, &[("RATE_LIMIT_MESSAGES_PER_MINUTE", "3")]);
        let (ann, ben) = (program.account("ann"), program.account("ben"));
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let mut other = Socket::with_token(&server.url, &ann.token).await;
        let first = json!({ "message": "one", "clientOffset": "1" });
        let answer = socket.succeed("send-message", first.clone()).await;
        assert_eq!(left(&answer), (3, 2));
        assert!(answer["budget"]["resetIn"].as_i64() > Some(50_000), "{answer}");
        let fields: Vec<_> = answer["budget"].as_object().unwrap().keys().collect();
        assert_eq!(fields, ["limit", "left", "resetIn"]);

        // Repeats, refusals and edits do not count; all connections of an account do.
        assert_eq!(left(&socket.succeed("send-message", first.clone()).await), (3, 2));
        assert_eq!(socket.ask("send-message", json!({ "message": " " })).await["code"], "empty");
        assert_eq!(
            socket.ask("send-message", json!({ "message": "x", "roomId": "nowhere" })).await["code"],
            "room_not_found"
        );
        let edit = json!({ "messageId": answer["data"]["id"], "message": "1" });
        assert_eq!(socket.succeed("edit-message", edit).await.get("budget"), None);
        assert_eq!(left(&other.succeed("send-message", json!({ "message": "two" })).await), (3, 1));
        assert_eq!(left(&socket.succeed("send-message", json!({ "message": "three" })).await), (3, 0));

        let refused = other.ask("send-message", json!({ "message": "four" })).await;
        let (code, error) = (&refused["code"], &refused["error"]);
        assert_eq!((code, error), (&json!("slow_down"), &json!("Too many messages: 3 a minute are allowed")));
        assert_eq!((left(&refused), &refused["retryIn"]), ((3, 0), &refused["budget"]["resetIn"]));
        assert_eq!(left(&socket.succeed("send-message", first).await), (3, 0));
        let mut somebody = Socket::with_token(&server.url, &ben.token).await;
        assert_eq!(left(&somebody.succeed("send-message", json!({ "message": "mine" })).await), (3, 2));
    }
}

/// The same message many times before the first of them is stored.
#[tokio::test]
async fn a_repeat_on_its_heels_is_given_back() {
    let program = Program::on(On::Sqlite, &[("RATE_LIMIT_MESSAGES_PER_MINUTE", "10")]);
    let ann = program.account("ann");
    let server = program.serve().await;
    let mut socket = Socket::with_token(&server.url, &ann.token).await;
    for _ in 0..8 {
        socket.feed("send-message", &json!({ "message": "once", "clientOffset": "1" })).await;
    }
    socket.flush().await;
    let answer = socket.succeed("send-message", json!({ "message": "another" })).await;
    assert_eq!(answer["data"]["seq"], 2);
    let after = socket.succeed("send-message", json!({ "message": "a third" })).await;
    assert_eq!(left(&after), (10, 7));
}

#[tokio::test]
async fn a_role_has_its_own_budget() {
    let settings =
        [("RATE_LIMIT_MESSAGES_PER_MINUTE", "1"), ("RATE_LIMIT_MESSAGES_PER_MINUTE_BY_ROLE", "support=2, admin=0")];
    let program = Program::on(On::Sqlite, &settings);
    let accounts = ["user", "support", "admin"].map(|role| program.account_as(role, role));
    let server = program.serve().await;
    let mut sent = Vec::new();
    for account in &accounts {
        let mut socket = Socket::with_token(&server.url, &account.token).await;
        for _ in 0..3 {
            let answer = socket.ask("send-message", json!({ "message": "hello" })).await;
            sent.push((answer["success"] == true, answer["budget"]["limit"].as_i64()));
        }
    }
    let (user, rest) = sent.split_at(3);
    assert_eq!(user, [(true, Some(1)), (false, Some(1)), (false, Some(1))]);
    assert_eq!(rest[..3], [(true, Some(2)), (true, Some(2)), (false, Some(2))]);
    assert_eq!(rest[3..], [(true, None); 3]);
}

/// A node without a door: its routes are written elsewhere.
struct Node {
    chat: Chat,
    bus: Bus,
    store: Store,
}

impl Node {
    async fn on(program: &Program) -> Node {
        let url = [("DATABASE_URL".to_owned(), program.database_url.clone())];
        let nothing = program.folder.path().join("nothing.toml");
        std::fs::write(&nothing, "").unwrap();
        let config = Config::load(Some(&nothing), url).unwrap();
        let store = Store::open(&config.database, Missing::IsRefused, true).await.unwrap();
        let known = Known {
            attendance: Attendance::new(Clock::System),
            people: Arc::new(People::new(store.clone(), false)),
            rooms: Arc::new(Rooms::new(None)),
            sessions: Arc::new(Sessions::new(store.clone())),
            typing: std::sync::Arc::default(),
            words: Arc::new(Words::load(store.clone(), Filter::Reject).await.unwrap()),
        };
        tokio::spawn(known.words.clone().follow());
        let (bus, heard) = Bus::local();
        let feed = Feed::new(store.clone(), known.clone()).await.unwrap();
        tokio::spawn(feed.run(heard, async |_| {}));
        let foreign = ForeignChanges::watch(&store).await;
        let (writer, _) = Writer::start(store.clone(), bus.clone(), Clock::System, foreign, CancellationToken::new());
        let files = StoragePlace::Folder(program.folder.path().join("files"));
        let rules = FileRules { most_bytes: None, quota: None, link_seconds: 600 };
        let files = Files::new(Storage::open(&files).unwrap(), Pictures::new(1), Links::new("secret"), rules);
        Node { chat: Chat::new(store.clone(), writer, bus.clone(), Clock::System, known, files), bus, store }
    }

    async fn caller(&self, account: &Account) -> Caller {
        self.chat.caller(Actor::User(account.id.parse().unwrap())).await.unwrap()
    }
}

fn list(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn one_list_for_all_nodes() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let accounts = ["user", "support", "admin"].map(|role| program.account_as(role, role));
        let (one, other) = (Node::on(&program).await, Node::on(&program).await);
        let admin = one.caller(&accounts[2]).await;
        assert_eq!(one.chat.words(&admin).await.unwrap().version, 0);

        let lists =
            one.chat.set_words(&admin, list(&[" turnip ", "turnip", "buy now"]), list(&["dick"])).await.unwrap();
        assert_eq!((&lists.block, &lists.allow, lists.version), (&list(&["turnip", "buy now"]), &list(&["dick"]), 1));
        assert_eq!(one.chat.words(&admin).await.as_ref(), Ok(&lists));
        assert_eq!(one.chat.check_name("Turn1p"), Err(Refusal::Inappropriate), "at once");
        assert_eq!((one.chat.check_name("Dick"), one.chat.check_name("Shit")), (Ok(()), Err(Refusal::Inappropriate)));

        assert_eq!(other.chat.check_name("Turnip"), Ok(()), "it heard nothing yet");
        other.bus.tell(Event::WordsChanged { version: 1 }).await;
        eventually("the other node follows", async || other.chat.check_name("Turnip").is_err()).await;
        assert_eq!(Node::on(&program).await.chat.check_name("Turnip"), Err(Refusal::Inappropriate), "after a restart");

        // Twice is once; and who comes with an old notice changes nothing.
        let again = one.chat.set_words(&admin, list(&["turnip", "buy now"]), list(&["dick"])).await.unwrap();
        assert_eq!(again, lists);
        let emptied = other.chat.set_words(&admin, Vec::new(), Vec::new()).await.unwrap();
        assert_eq!((emptied.version, other.chat.check_name("Turnip")), (2, Ok(())));
        other.bus.tell(Event::WordsChanged { version: 1 }).await;
        one.bus.tell(Event::WordsChanged { version: 2 }).await;
        eventually("and the first follows", async || one.chat.check_name("Turnip").is_ok()).await;
        assert_eq!(other.chat.check_name("Turnip"), Ok(()));
        assert_eq!(one.store.words_version().await.unwrap(), 2);

        for account in &accounts[..2] {
            let caller = one.caller(account).await;
            assert_eq!(one.chat.words(&caller).await, Err(Refusal::NotAllowed));
            let refused = one.chat.set_words(&caller, list(&["x"]), Vec::new()).await;
            assert_eq!(refused, Err(WordsRefusal::Refused(Refusal::NotAllowed)));
        }
        assert_eq!(one.store.words_version().await.unwrap(), 2);
    }
}

/// Of several changes at once each is one, whole.
#[tokio::test]
async fn changes_at_once_are_counted_one_by_one() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let admin = program.account_as("admin", "admin");
        let nodes = [Node::on(&program).await, Node::on(&program).await];
        let mut changes = tokio::task::JoinSet::new();
        for number in 0..10 {
            let chat = nodes[number % 2].chat.clone();
            let caller = nodes[number % 2].caller(&admin).await;
            changes.spawn(
                async move { chat.set_words(&caller, vec![format!("word {number}")], Vec::new()).await.unwrap() },
            );
        }
        let mut all = changes.join_all().await;
        all.sort_by_key(|lists| lists.version);
        assert_eq!(all.iter().map(|lists| lists.version).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
        assert_eq!(nodes[0].store.words().await.unwrap(), all[9]);
    }
}

#[tokio::test]
async fn a_bad_list_is_refused_with_what_is_wrong() {
    let program = Program::on(On::Sqlite, &[]);
    let admin = program.account_as("admin", "admin");
    let node = Node::on(&program).await;
    let caller = node.caller(&admin).await;
    let none = "must hold words with a letter or a digit: number";
    let long = "must hold words of one line and at most 50 characters: number";
    for (block, allow, faults) in [
        (list(&["fine", ""]), list(&[]), vec![("block", format!("block {none} 2 has none"))]),
        (
            list(&["*"]),
            list(&["!"]),
            vec![("block", format!("block {none} 1 has none")), ("allow", format!("allow {none} 1 has none"))],
        ),
        (list(&["fine"]), vec!["x".repeat(51)], vec![("allow", format!("allow {long} 1 is none"))]),
        (list(&["two\nlines"]), list(&[]), vec![("block", format!("block {long} 1 is none"))]),
        (list(&["n\0l"]), list(&[]), vec![("block", format!("block {long} 1 is none"))]),
        (vec!["word".to_owned(); 5001], list(&[]), vec![("block", "block may have at most 5000 words".to_owned())]),
    ] {
        assert_eq!(node.chat.set_words(&caller, block, allow).await, Err(WordsRefusal::Fields(faults)));
    }
    let most: Vec<String> = (0..5000).map(|number| format!("\u{e4}{number:049}")).collect();
    assert_eq!(node.chat.set_words(&caller, most.clone(), most.clone()).await.unwrap().block, most);
}
