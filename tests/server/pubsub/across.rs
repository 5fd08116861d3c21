//! The same conversation in the other dialects: the same numbers, live and in history.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::harness::plain::Plain;
use super::super::harness::program::{NO_LIMITS, node};
use super::super::harness::transcript::{Names, hold_against, quotes, rows};
use super::super::harness::{BOTH, Person, Program, Script, Socket, free_port, project, serve_to};
use super::{NO_BODY, comes, hear_announced, hear_said, history, join, say};

struct Everywhere {
    community: Socket,
    channel: Plain,
    pubsub: Plain,
    reader: Person,
    number: String,
}

impl Everywhere {
    /// Content and number, as each of the three heard it live.
    async fn hears(&mut self, content: &str, number: i64) {
        let by_community = async {
            loop {
                let heard = self.community.hear("message-received").await;
                if heard["message"] == content {
                    return heard["seq"].clone();
                }
            }
        };
        assert_eq!(by_community.await, number);
        let by_channel = self.channel.hear("new_message").await["data"].clone();
        assert_eq!((&by_channel["content"], &by_channel["message_id"]), (&json!(content), &json!(number)));
        let heard = hear_said(&mut self.pubsub).await;
        assert_eq!((&heard["content"], &heard["sequence"]), (&json!(content), &json!(number)));
    }

    /// And what stands in each one's history.
    async fn reads(&mut self, expected: &[(i64, &str)]) {
        let page = self.community.succeed("load-messages", json!({ "roomId": self.number, "limit": 50 })).await;
        let of = |list: &[Value], number: &str, content: &str| -> HashMap<i64, String> {
            let pair = |row: &Value| (row[number].as_i64().unwrap(), row[content].as_str().unwrap().to_owned());
            list.iter().map(pair).collect()
        };
        let expected: HashMap<i64, String> =
            expected.iter().map(|(number, content)| (*number, (*content).to_owned())).collect();
        assert_eq!(of(page["data"].as_array().unwrap(), "seq", "message"), expected);
        let path = format!("/api/chat/channels/{}/messages", self.number);
        let page = self.reader.rest("GET", &path, NO_BODY).await;
        assert_eq!(of(page.as_array().unwrap(), "message_id", "content"), expected);
        let mut page = history(&mut self.pubsub, "tavern", 0).await;
        page.retain(|message| message["content"] != "[Message deleted]");
        assert_eq!(of(&page, "sequence", "content"), expected);
    }
}

#[tokio::test]
async fn what_is_said_in_one_dialect_is_seen_in_all_under_the_same_number() {
    for database in BOTH {
        let (program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let mut anns = comes(&server, &ann).await;
        join(&mut anns, "tavern").await;
        let number = program.sql("SELECT number FROM chat_rooms WHERE slug = 'tavern'")[0].clone();
        // Of ben each dialect has one connection: he comes once.
        let mut community = ben.socket().await;
        community.succeed("join-room", json!("tavern")).await;
        let announced = hear_announced(&mut anns).await;
        assert_eq!((&announced["content"], &announced["sequence"]), (&json!("ben joined the room"), &json!(0)));
        let channel = Plain::open(&server, &format!("/api/chat/ws/{number}?token={}", ben.account.token)).await;
        let mut pubsub = comes(&server, &ben).await;
        assert_eq!(join(&mut pubsub, "tavern").await.len(), 2);
        let mut all = Everywhere { community, channel, pubsub, reader: ben, number };

        say(&mut anns, "tavern", "by pubsub").await;
        all.hears("by pubsub", 1).await;
        let mut speaks = ann.socket().await;
        let sent = speaks.succeed("send-message", json!({ "roomId": "tavern", "message": "by community" })).await;
        all.hears("by community", 2).await;
        let path = format!("/api/chat/channels/{}/messages", all.number);
        ann.rest("POST", &path, json!({ "content": "by channels" })).await;
        all.hears("by channels", 3).await;
        assert_eq!(sent["data"]["seq"], 2);
        for number in 1..=3 {
            assert_eq!(hear_said(&mut anns).await["sequence"], number, "nothing but what was said, each once");
        }
        all.reads(&[(1, "by pubsub"), (2, "by community"), (3, "by channels")]).await;

        let mine = history(&mut anns, "tavern", 0).await[0]["id"].clone();
        speaks.succeed("edit-message", json!({ "messageId": mine, "message": "edited" })).await;
        assert_eq!(all.channel.hear("message_edited").await["data"]["content"], "edited");
        speaks.succeed("delete-message", json!({ "messageId": sent["data"]["id"] })).await;
        all.channel.hear("message_deleted").await;
        all.reads(&[(1, "edited"), (3, "by channels")]).await;

        // He goes when the last of his connections does.
        let Everywhere { community, channel, pubsub, .. } = all;
        pubsub.close().await;
        drop(community);
        anns.hears_nothing_before(&json!({ "type": "presence", "room": "tavern" }), "presence").await;
        channel.close().await;
        assert_eq!(hear_announced(&mut anns).await["content"], "ben left the room");
    }
}

/// Names in the place of what differs, in numbers too.
fn tidy(names: &mut Names, frame: &str) -> String {
    let mut tidy = names.tidy(frame);
    for field in ["\"timestamp\":", "\"lastSeen\":"] {
        let parts: Vec<&str> = tidy.split(field).collect();
        let after = |part: &&str| part.trim_start_matches(|digit: char| digit.is_ascii_digit()).to_owned();
        let rest: Vec<String> = parts[1..].iter().map(after).collect();
        tidy = [parts[0].to_owned()].into_iter().chain(rest).collect::<Vec<_>>().join(&format!("{field}<ms>"));
    }
    tidy
}

#[tokio::test]
async fn a_conversation_frame_by_frame() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let (mut socket, mut names, mut lines) =
            (Plain::open(&server, "/ws").await, Names::default(), Vec::<String>::new());
        let script = [
            (r#"{"type":"auth","token":"<token>"}"#, 1),
            (r#"{"type":"join","room":"general"}"#, 2),
            (r#"{"type":"history","room":"general"}"#, 1),
            (r#"{"type":"message","data":{"room":"general","content":" Hello 😀 ","id":"ann-1"}}"#, 1),
            (r#"{"type":"message","data":{"room":"general","content":"again","id":"ann-1"}}"#, 1),
            (r#"{"type":"message","data":{"room":"general","content":"More"}}"#, 1),
            (r#"{"type":"presence","status":"away"}"#, 0),
            (r#"{"type":"presence","room":"general"}"#, 1),
            (r#"{"type":"history","room":"general","since":0}"#, 1),
            (r#"{"type":"history","room":"general","since":2}"#, 1),
            (r#"{"type":"join","room":"general","since":1}"#, 3),
            (r#"{"type":"leave","room":"general"}"#, 0),
            (r#"{"type":"message","data":{"room":"general","content":"Bye"}}"#, 1),
            (r#"{"type":"join","room":"Not A Room"}"#, 1),
            (r#"{"type":"dance"}"#, 1),
        ];
        for (frame, answers) in script {
            lines.push(format!("> {frame}"));
            socket.send_text(&frame.replace("<token>", &ann.account.token)).await;
            for _ in 0..answers {
                lines.push(format!("< {}", tidy(&mut names, &socket.next_text().await.unwrap())));
            }
        }
        hold_against("pubsub_ws.txt", &(lines.join("\n") + "\n"), database);
    }
}

#[test]
fn the_examples_of_the_document_are_golden_frames() {
    quotes("pubsub.md", "pubsub_ws.txt");
}

#[tokio::test]
async fn the_refusals_of_the_document_are_those_of_the_program() {
    let program = Program::on(BOTH[0], NO_LIMITS);
    let server = program.serve().await;
    let mut socket = comes(&server, &Person::new(&program, &server, "ann")).await;
    join(&mut socket, "general").await;
    for (frame, message) in rows("pubsub.md", "| frame | message |") {
        socket.send_text(&frame).await;
        let refused = socket.next().await.unwrap();
        let said = refused["data"]["message"].as_str().unwrap();
        assert!(said.starts_with(&message), "{frame}: {said:?}, not {message:?}");
    }
}

#[tokio::test]
async fn the_smallest_script_and_the_smallest_page_talk() {
    let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("ALLOW_GUESTS", "true")]).collect();
    let program = Program::on(BOTH[0], &settings);
    let port = free_port();
    let server = program.serve_on(port).await;
    let ann = Person::new(&program, &server, "ann");
    let environment = [("CHAT_URL", server.url.as_str()), ("CHAT_TOKEN", &ann.account.token)];
    let arguments = ["--no-warnings", "--experimental-websocket", "chat.mjs"];
    let mut script = Script::start("examples/pubsub", &arguments, &environment);
    assert_eq!(script.line().await, "* here: ann");
    assert_eq!(script.line().await, "* ann joined the room");
    script.write("from the script").await;
    assert_eq!(script.line().await, "1 ann: from the script");
    let page = node(&project("tests/clients"), &["pubsub_page.mjs"], &[("CHAT_URL", &server.url)]).await;
    assert_eq!(page.trim(), "ok");
    while !script.line().await.ends_with(": from the page") {}

    // The server goes away; what is written meanwhile comes once, and nothing is missed.
    server.kill();
    script.write("while it is away").await;
    let server = program.serve_on(port).await;
    let mut ben = comes(&server, &Person::new(&program, &server, "ben")).await;
    join(&mut ben, "general").await;
    script.prints("3 ann: while it is away").await;
    say(&mut ben, "general", "welcome back").await;
    script.prints("4 ben: welcome back").await;
}
