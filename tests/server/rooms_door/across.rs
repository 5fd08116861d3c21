//! The same conversation in the other dialects, the same numbers; messages of people and kinds that the document
//! does not know; the frames.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::super::files::Form;
use super::super::frames::Script;
use super::super::harness::plain::Plain;
use super::super::harness::program::{NO_LIMITS, node};
use super::super::harness::socket::ROOT;
use super::super::harness::transcript::{hold_against, quotes};
use super::super::harness::{BOTH, Person, Program, Socket, free_port, project, serve_to};
use super::{NO_BODY, assert_same, comes, hears_none_of, join, room_of, say};

const GOLDEN: &str = "rooms_socketio.txt";

#[tokio::test]
async fn what_is_said_in_one_dialect_is_seen_in_all_under_the_same_number() {
    for database in BOTH {
        let (program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let made = ann.make_room("Tavern", false).await;
        let (room, slug) = (made["id"].as_str().unwrap().to_owned(), made["slug"].as_str().unwrap().to_owned());
        let number = program.sql(&format!("SELECT number FROM chat_rooms WHERE slug = '{slug}'"))[0].clone();
        let mut anns = comes(&ann).await;
        join(&mut anns, &ann, &room).await;
        // Of Ben each dialect has one connection: he comes once.
        let mut community = ben.socket().await;
        community.succeed("join-room", json!(slug)).await;
        assert_eq!(anns.hear("user-joined").await["user"]["id"], ben.id());
        let mut channel = Plain::open(&server, &format!("/api/chat/ws/{number}?token={}", ben.account.token)).await;
        let mut pubsub = Plain::open(&server, &format!("/ws?token={}", ben.account.token)).await;
        pubsub.send(&json!({ "type": "join", "room": slug })).await;
        let mut lobby = Plain::open(&server, &format!("/ws/chat/{number}")).await;
        lobby.send(&json!({ "token": ben.account.token })).await;
        lobby.hear("connected").await;
        let mut bens = comes(&ben).await;
        join(&mut bens, &ben, &room).await;

        let first = say(&mut anns, &room, "by rooms").await["message"].clone();
        community.succeed("send-message", json!({ "roomId": room, "message": "by community" })).await;
        ben.rest("POST", &format!("/api/chat/channels/{number}/messages"), json!({ "content": "by channels" })).await;
        pubsub.send(&json!({ "type": "message", "data": { "room": slug, "content": "by pubsub" } })).await;
        // Of this there is no answer but what all hear.
        while anns.hear("message-received").await["message"]["content"] != "by pubsub" {}
        ann.rest("POST", &format!("/api/rooms/{room}/messages"), json!({ "content": "by REST" })).await;
        let said = ["by rooms", "by community", "by channels", "by pubsub", "by REST"];
        for (seq, content) in (1..).zip(said) {
            let heard = bens.hear("message-received").await["message"].clone();
            assert_eq!((&heard["content"], &heard["seq"]), (&json!(content), &json!(seq)));
            let heard = community.hear("message-received").await;
            assert_eq!((&heard["message"], &heard["seq"]), (&json!(content), &json!(seq)));
            let heard = channel.hear("new_message").await["data"].clone();
            assert_eq!((&heard["content"], &heard["message_id"]), (&json!(content), &json!(seq)));
            let heard = loop {
                let heard = pubsub.hear("message").await["data"].clone();
                if heard["user"] != "system" {
                    break heard;
                }
            };
            assert_eq!((&heard["content"], &heard["sequence"]), (&json!(content), &json!(seq)));
            assert_eq!(lobby.hear("message").await["content"], content);
        }
        let shown = join(&mut bens, &ben, &room).await;
        let history: Vec<&Value> =
            shown["messages"].as_array().unwrap().iter().map(|pair| &pair["message"]["content"]).collect();
        assert_eq!(history, said);

        // Changes and typing, both ways.
        let mut speaks = ann.socket().await;
        speaks.succeed("edit-message", json!({ "messageId": first["id"], "message": "edited" })).await;
        assert_eq!(bens.hear("message-edited").await["message"]["content"], "edited");
        speaks.succeed("delete-message", json!({ "messageId": first["id"] })).await;
        assert_eq!(bens.hear("message-deleted").await["messageId"], first["id"]);
        let last = shown["messages"][4]["message"]["id"].clone();
        anns.succeed("edit-message", json!({ "messageId": last, "content": "changed" })).await;
        assert_eq!(channel.hear("message_edited").await["data"]["content"], "edited");
        assert_eq!(channel.hear("message_edited").await["data"]["content"], "changed");
        community.succeed("typing", json!({ "roomId": room, "isTyping": true })).await;
        assert_eq!(anns.hear("typing-indicator").await["userId"], ben.id());
        anns.succeed("typing-start", json!({ "roomId": room })).await;
        assert_eq!(community.hear("user-typing").await["userId"], ann.id());
        assert_eq!(channel.hear("user_typing").await["username"], "ann");

        // He goes when the last of his connections does.
        lobby.close().await;
        pubsub.close().await;
        channel.close().await;
        drop(community);
        hears_none_of(&mut anns, &["user-left", "user-joined"]).await;
        drop(bens);
        assert_eq!(anns.hear("user-left").await, json!({ "userId": ben.id(), "roomId": room }));
    }
}

#[tokio::test]
async fn guests_characters_and_files_have_a_value_wherever_one_is_promised() {
    for database in BOTH {
        let settings: Vec<_> = NO_LIMITS.iter().copied().chain([("ALLOW_GUESTS", "true")]).collect();
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let room = room_of(&ann, "Garden").await;
        let mut anns = comes(&ann).await;
        join(&mut anns, &ann, &room).await;
        let entered = Person::nobody(&server).rest("POST", "/api/auth/guest", json!({ "name": "Zoe" })).await;
        let mut guest = Socket::with_token(&server.url, entered["accessToken"].as_str().unwrap()).await;
        guest.succeed("join-room", json!(room)).await;
        let id = entered["user"]["guestId"].clone();
        let joined = anns.hear("user-joined").await["user"].clone();
        assert_eq!((&joined["id"], &joined["username"], &joined["guest"]), (&id, &json!("Zoe"), &json!(true)));
        guest.succeed("typing", json!({ "roomId": room, "isTyping": true })).await;
        assert_eq!(anns.hear("typing-indicator").await["userId"], id);
        guest.succeed("send-message", json!({ "roomId": room, "message": "Hello" })).await;
        let heard = anns.hear("message-received").await;
        assert_eq!((&heard["message"]["userId"], &heard["user"]["id"]), (&id, &id));
        assert_eq!((&heard["user"]["username"], &heard["user"]["isOnline"]), (&json!("Zoe"), &json!(true)));
        let shown = join(&mut anns, &ann, &room).await;
        assert_same(&shown["messages"][0], &heard);

        let character = ann.rest("POST", "/api/me/characters", json!({ "name": "Gandalf" })).await["id"].clone();
        let spoken = json!({ "roomId": room, "content": "Fly!", "characterId": character });
        let spoken = anns.succeed("send-message", spoken).await["data"].clone();
        assert_eq!(spoken["message"]["character"]["name"], "Gandalf");
        assert_eq!((&spoken["user"]["username"], &spoken["message"]["userId"]), (&json!("ann"), &json!(ann.id())));

        Form::file("notes.txt", b"some notes").sent(&ann, &room).await;
        assert_eq!(anns.hear("message-received").await["message"]["content"], "Fly!");
        let file = anns.hear("message-received").await["message"].clone();
        assert_eq!((&file["type"], &file["content"]), (&json!("file"), &json!("notes.txt")));
        assert!(file["attachment"]["id"].is_string(), "{file}");
    }
}

async fn conversation(program: &Program) -> String {
    let ann = program.account("ann");
    let server = program.serve().await;
    let ben = Person::new(program, &server, "ben");
    let mut script = Script::open(&server).await;
    script.socket.namespace = ROOT;
    let room = ben.make_room("Garden", false).await["id"].clone();
    for (id, name) in [(ann.id.as_str(), "<ann>"), (ben.id(), "<ben>"), (room.as_str().unwrap(), "<room>")] {
        script.names.ids.insert(id.to_owned(), name.to_owned());
    }
    for token in ["forged", &ann.token] {
        script.says(&format!("40{}", json!({ "token": token }))).await;
        script.hears(1).await;
    }
    script.event(0, "join-room", json!({ "roomId": room, "userId": ann.id })).await;
    script.hears(1).await;
    let said = json!({ "roomId": room, "content": " Hello \u{1F600} ", "type": "text", "clientOffset": "ann-1" });
    script.event(1, "send-message", said).await;
    let id = script.hears(2).await[0]["data"]["message"]["id"].clone();
    script.event(2, "edit-message", json!({ "messageId": id, "content": "Hello all" })).await;
    script.hears(2).await;
    script.event(3, "typing-start", json!({ "roomId": room, "userId": ann.id })).await;
    script.hears(1).await;
    script.event(4, "typing-stop", json!({ "roomId": room, "userId": ann.id })).await;
    script.hears(1).await;
    let mut bens = comes(&ben).await;
    join(&mut bens, &ben, room.as_str().unwrap()).await;
    // That he came into the room, and then that he is here.
    script.hears(2).await;
    bens.succeed("typing-start", json!({ "roomId": room })).await;
    script.hears(1).await;
    drop(bens);
    script.hears(3).await;
    script.event(5, "join-room", json!({ "roomId": room, "rev": 1 })).await;
    script.hears(1).await;
    script.event(6, "delete-message", json!({ "messageId": id })).await;
    script.hears(2).await;
    for (number, event, payload) in [
        (7, "send-message", json!({ "roomId": room, "content": " " })),
        (8, "typing-start", json!({ "roomId": room, "userId": ben.id() })),
        (9, "leave-room", json!({ "roomId": room })),
    ] {
        script.event(number, event, payload).await;
        script.hears(1).await;
    }
    script.says("42[\"send-message\",{\"content\":\"Where?\"}]").await;
    script.hears(1).await;
    script.text()
}

#[tokio::test]
async fn a_conversation_frame_by_frame() {
    for database in BOTH {
        hold_against(GOLDEN, &conversation(&Program::on(database, NO_LIMITS)).await, database);
    }
}

#[test]
fn the_examples_of_the_document_are_golden_frames() {
    quotes("rooms.md", GOLDEN);
}

#[tokio::test]
async fn the_smallest_script_and_the_smallest_page_talk() {
    let program = Program::on(BOTH[0], NO_LIMITS);
    let port = free_port();
    let server = program.serve_on(port).await;
    let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
    let zoe = json!({ "username": "zoe", "email": "zoe@example.com", "password": "correct horse 1" });
    Person::nobody(&server).rest("POST", "/api/auth/register", zoe).await;
    let room = room_of(&ann, "Garden").await;
    let mut bens = comes(&ben).await;
    join(&mut bens, &ben, &room).await;
    // It finds its module where the tests of clients have it.
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(project("examples/rooms/chat.mjs"), folder.path().join("chat.mjs")).unwrap();
    let modules = std::fs::canonicalize(project("tests/clients/node_modules")).unwrap();
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).unwrap();
    let mut script = tokio::process::Command::new("node")
        .args(["chat.mjs", &room])
        .envs([("CHAT_URL", &server.url), ("CHAT_TOKEN", &ann.account.token)])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut written, printed) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let mut printed = BufReader::new(printed).lines();
    let mut line = async || {
        let line = tokio::time::timeout(std::time::Duration::from_secs(20), printed.next_line()).await;
        line.expect("it prints nothing").unwrap().expect("it ended")
    };
    assert_eq!(line().await, "* in Garden: ann, ben");
    written.write_all(b"from the script\n").await.unwrap();
    assert_eq!(line().await, "1 ann: from the script");
    let first = bens.hear("message-received").await["message"]["id"].clone();

    let environment = [("CHAT_URL", server.url.as_str())];
    let clients = project("tests/clients");
    let page = node(&clients, &["rooms_page.mjs"], &environment);
    let answering = async {
        assert_eq!(bens.hear("typing-indicator").await["isTyping"], true);
        let heard = bens.hear("message-received").await;
        assert_eq!(
            (&heard["message"]["content"], &heard["user"]["username"]),
            (&json!("from the page"), &json!("zoe"))
        );
        bens.succeed("typing-start", json!({ "roomId": room })).await;
        let said = say(&mut bens, &room, "Hello page").await["message"]["id"].clone();
        bens.succeed("edit-message", json!({ "messageId": said, "content": "Hello page" })).await;
        ann.rest("DELETE", &format!("/api/messages/{}", first.as_str().unwrap()), NO_BODY).await;
    };
    let (page, ()) = tokio::join!(page, answering);
    assert_eq!(page.trim(), "ok");
    while line().await != "3 ben: Hello page" {}

    // The server goes away; what is written meanwhile comes once, and nothing is missed.
    server.kill();
    written.write_all(b"while it is away\n").await.unwrap();
    let server = program.serve_on(port).await;
    let mut bens = comes(&ben).await;
    join(&mut bens, &ben, &room).await;
    while line().await != "4 ann: while it is away" {}
    say(&mut bens, &room, "welcome back").await;
    while line().await != "5 ben: welcome back" {}
    drop(server);
}
