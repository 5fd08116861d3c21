//! The lobby dialect, as its own clients see it; on both databases.

mod across;
mod document;
mod ends;
mod names;

use serde_json::{Value, json};

use super::harness::plain::{Closed, Plain};
use super::harness::program::NO_LIMITS;
use super::harness::{BOTH, On, Person, Program, Server, Settings};

const NO_BODY: Value = Value::Null;
const ROOMS: &str = "/api/chat/rooms";

fn open_house(database: On, settings: Settings<'_>) -> Program {
    let guests = [("ALLOW_GUESTS", "true"), ("RATE_LIMIT_ROOMS_PER_HOUR", "0"), ("RATE_LIMIT_GUESTS_PER_HOUR", "0")];
    Program::on(database, &NO_LIMITS.iter().copied().chain(guests).chain(settings.iter().copied()).collect::<Vec<_>>())
}

fn messages(room: &Value) -> String {
    format!("{ROOMS}/{room}/messages")
}

async fn connects(server: &Server, room: &Value, first: Value) -> Plain {
    let mut socket = Plain::open(server, &format!("/ws/chat/{room}")).await;
    socket.send(&first).await;
    socket
}

/// Inside, with the name that they got.
async fn comes(server: &Server, room: &Value, first: Value) -> (Plain, String) {
    let mut socket = connects(server, room, first).await;
    let connected = socket.next().await.unwrap();
    assert_eq!((&connected["type"], &connected["room_id"]), (&json!("connected"), room), "{connected}");
    (socket, connected["username"].as_str().unwrap().to_owned())
}

async fn guest(server: &Server, room: &Value, name: &str) -> (Plain, String) {
    comes(server, room, json!({ "username": name })).await
}

async fn account(server: &Server, room: &Value, person: &Person) -> Plain {
    comes(server, room, json!({ "token": person.account.token })).await.0
}

/// The list of people, as soon as it is this one.
async fn sees(socket: &mut Plain, users: &[&str]) {
    while socket.hear("users_list").await != json!({ "type": "users_list", "users": users, "count": users.len() }) {}
}

/// A refusal before anybody is let in, and the end.
async fn is_refused(socket: &mut Plain, content: &str, code: u16) {
    assert_eq!(socket.next().await.unwrap(), json!({ "type": "error", "content": content }));
    assert_eq!(socket.closed().await.0, code, "{content}");
}

#[tokio::test]
async fn strangers_pick_a_name_and_a_room_and_talk() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let nobody = Person::nobody(&server);
        let garden = nobody.rest("POST", ROOMS, json!({ "name": " Garden ", "description": "Green" })).await;
        let shape = json!({ "id": garden["id"], "name": "Garden", "description": "Green",
            "created_at": garden["created_at"] });
        assert_eq!((&garden, garden["id"].is_i64()), (&shape, true));
        let cellar = nobody.rest("POST", ROOMS, json!({ "name": "Cellar" })).await;
        let rooms = nobody.rest("GET", ROOMS, NO_BODY).await;
        assert_eq!((&rooms[0], &rooms[1], &rooms[2]["name"]), (&cellar, &garden, &json!("main-chat")), "newest first");

        let garden = garden["id"].clone();
        assert_eq!(nobody.rest("GET", &messages(&garden), NO_BODY).await, json!([]));
        let (mut zoe, _) = guest(&server, &garden, "Zoe").await;
        sees(&mut zoe, &["Zoe"]).await;
        let (mut ben, _) = guest(&server, &garden, "Ben").await;
        sees(&mut ben, &["Ben", "Zoe"]).await;
        let joined = zoe.hear("system").await;
        assert_eq!(joined["content"], "Ben joined the room");
        assert_eq!(joined["timestamp"].as_str().unwrap().len(), 32);
        sees(&mut zoe, &["Ben", "Zoe"]).await;

        ben.send(&json!({ "type": "typing", "is_typing": true })).await;
        for listener in [&mut zoe, &mut ben] {
            assert_eq!(listener.hear("typing").await, json!({ "type": "typing", "users": ["Ben"] }));
        }
        ben.send(&json!({ "type": "typing", "is_typing": false })).await;
        assert_eq!(zoe.hear("typing").await["users"], json!([]));
        ben.send(&json!({ "type": "message", "content": " Hello \u{1F600} " })).await;
        zoe.send(&json!({ "content": "/me waves" })).await;
        for listener in [&mut zoe, &mut ben] {
            let mut heard = [listener.hear("message").await, listener.hear("message").await];
            heard.sort_by_key(|message| message["username"].to_string());
            let first = json!({ "type": "message", "id": heard[0]["id"], "room_id": garden, "username": "Ben",
                "content": "Hello \u{1F600}", "timestamp": heard[0]["timestamp"], "guest": true });
            assert_eq!((&heard[0], &heard[1]["content"]), (&first, &json!("/me waves")));
        }
        let history = nobody.rest("GET", &messages(&garden), NO_BODY).await;
        let ids: Vec<_> = history.as_array().unwrap().iter().map(|message| message["id"].as_i64().unwrap()).collect();
        assert_eq!((ids, history[0].get("type")), (vec![1, 2], None));
        assert_eq!(nobody.rest("GET", &format!("{}?limit=1", messages(&garden)), NO_BODY).await, json!([history[1]]));

        ben.close().await;
        assert_eq!(zoe.hear("system").await["content"], "Ben left the room");
        sees(&mut zoe, &["Zoe"]).await;
    }
}

#[tokio::test]
async fn rooms_have_names_of_their_own_and_owners() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let admin = Person::with_role(&program, &server, "root", "admin");
        let nobody = Person::nobody(&server);
        ann.make_room("Hidden", true).await;
        let garden = ann.rest("POST", ROOMS, json!({ "name": "Gärten" })).await["id"].clone();
        let refused = async |person: &Person, method: &str, path: &str, body: Value| {
            let (status, answer) = person.request(method, path, body).await;
            (status.as_u16(), answer["detail"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned())
        };
        let taken = (400, "Room name already exists".to_owned());
        assert_eq!(refused(&nobody, "POST", ROOMS, json!({ "name": " GÄRTEN" })).await, taken);
        assert_eq!(refused(&ann, "POST", ROOMS, json!({ "name": "hidden" })).await, taken, "hers, which she sees");
        ben.rest("POST", ROOMS, json!({ "name": "hidden" })).await;
        for wrong in [
            json!({}),
            json!({ "name": "" }),
            json!({ "name": "x".repeat(101) }),
            json!({ "name": 7 }),
            json!({ "name": "a\nb" }),
            json!({ "name": "A", "description": 7 }),
            json!({ "name": "A", "description": "x".repeat(1001) }),
            json!(["A"]),
        ] {
            assert_eq!(refused(&nobody, "POST", ROOMS, wrong.clone()).await.0, 422, "{wrong}");
        }
        // At once, one of them makes it.
        let wanted = || ben.request("POST", ROOMS, json!({ "name": "Race" }));
        let made = futures_util::future::join_all((0..8).map(|_| wanted())).await;
        assert_eq!(made.iter().filter(|(status, _)| status.is_success()).count(), 1, "{made:?}");
        assert!(made.iter().all(|(status, _)| status.is_success() || *status == 400), "{made:?}");

        let no_room = (404, "Room not found".to_owned());
        let hidden = ann.rest("GET", ROOMS, NO_BODY).await;
        let hidden = hidden.as_array().unwrap().iter().find(|room| room["name"] == "Hidden").unwrap()["id"].clone();
        for nowhere in [&hidden, &json!(4711), &json!("garten"), &json!("0x1")] {
            let nowhere = nowhere.to_string().replace('"', "");
            assert_eq!(refused(&nobody, "GET", &format!("{ROOMS}/{nowhere}/messages"), NO_BODY).await, no_room);
            assert_eq!(refused(&ben, "DELETE", &format!("{ROOMS}/{nowhere}"), NO_BODY).await, no_room);
            let mut socket = Plain::open(&server, &format!("/ws/chat/{nowhere}")).await;
            socket.send(&json!({ "username": "Zoe" })).await;
            is_refused(&mut socket, "Room not found", 1000).await;
        }
        assert_eq!(refused(&nobody, "GET", &format!("{}?limit=no", messages(&garden)), NO_BODY).await.0, 422);
        let path = format!("{ROOMS}/{garden}");
        assert_eq!(refused(&nobody, "DELETE", &path, NO_BODY).await.0, 401);
        assert_eq!(refused(&ben, "DELETE", &path, NO_BODY).await.0, 403);
        assert_eq!(refused(&admin, "DELETE", &format!("{ROOMS}/1"), NO_BODY).await.0, 409);
        let deleted = json!({ "message": "Room deleted successfully" });
        assert_eq!(ann.rest("DELETE", &path, NO_BODY).await, deleted);
        assert_eq!(refused(&ann, "DELETE", &path, NO_BODY).await, no_room);
        ben.rest("POST", ROOMS, json!({ "name": "Gärten" })).await;
        // What a guest made is nobody's.
        let common = nobody.rest("POST", ROOMS, json!({ "name": "Common" })).await["id"].clone();
        let common = format!("{ROOMS}/{common}");
        assert_eq!(refused(&ben, "DELETE", &common, NO_BODY).await.0, 403);
        assert_eq!(admin.rest("DELETE", &common, NO_BODY).await, deleted);
    }
}

#[tokio::test]
async fn bad_frames_get_one_error_each_and_end_nothing() {
    let program = open_house(BOTH[0], &[]);
    let server = program.serve().await;
    let mut zoe = Plain::open(&server, "/ws/chat/1").await;
    let refused = async |socket: &mut Plain, frame: &str| {
        socket.send_text(frame).await;
        loop {
            let answer = socket.next().await.unwrap();
            if answer["type"] == "error" {
                return answer["content"].as_str().unwrap().to_owned();
            }
        }
    };
    for frame in ["no json", "[]", "{}", r#"{"username":7}"#, r#"{"token":""}"#, r#"{"username":"a\nb"}"#] {
        refused(&mut zoe, frame).await;
    }
    for _ in 0..30 {
        refused(&mut zoe, "no json").await;
    }
    zoe.send(&json!({ "username": "Zoe" })).await;
    assert_eq!(zoe.next().await.unwrap(), json!({ "type": "connected", "username": "Zoe", "room_id": 1 }));
    for (frame, content) in [
        ("no json", "A frame is a JSON object"),
        (r#"{"type":7}"#, "type must be a text"),
        (r#"{"type":"dance"}"#, "Unknown type dance: message and typing are known"),
        (r#"{"type":"typing"}"#, "is_typing must be true or false"),
        (r#"{"content":7}"#, "content must be a text"),
        (r#"{"content":" "}"#, "Message cannot be empty"),
        ("{}", "Message cannot be empty"),
    ] {
        assert_eq!(refused(&mut zoe, frame).await, content, "{frame}");
    }
    let long = json!({ "content": "x".repeat(5001) }).to_string();
    assert_eq!(refused(&mut zoe, &long).await, "Message is too long (max 5000 characters)");
    zoe.send(&json!({ "content": "still here" })).await;
    assert_eq!(zoe.hear("message").await["content"], "still here");
}

#[tokio::test]
async fn a_limit_ends_who_overruns_it_and_silence_ends_too() {
    let program = Program::on(BOTH[0], &[("ALLOW_GUESTS", "true"), ("RATE_LIMIT_GUESTS_PER_HOUR", "3")]);
    let server = program.serve().await;
    let mut silent = Plain::open(&server, "/ws/chat/1").await;
    let (mut zoe, _) = guest(&server, &json!(1), "Zoe").await;
    for _ in 0..600 {
        zoe.send_text(r#"{"type":"dance"}"#).await;
    }
    assert_eq!(zoe.closed().await, Closed(1008, "Too many refusals in a row".into()));
    guest(&server, &json!(1), "Ben").await;
    guest(&server, &json!(1), "Cleo").await;
    let mut one_more = connects(&server, &json!(1), json!({ "username": "Dora" })).await;
    is_refused(&mut one_more, "Too many guests from this address, please try again later", 1013).await;
    // Accounts are not counted by their address.
    let ann = Person::new(&program, &server, "ann");
    account(&server, &json!(1), &ann).await;
    // A guest's rooms are.
    let nobody = Person::nobody(&server);
    for number in 0..20 {
        nobody.rest("POST", ROOMS, json!({ "name": format!("{number}") })).await;
        ann.rest("POST", ROOMS, json!({ "name": format!("Ann's {number}") })).await;
    }
    for somebody in [nobody, ann] {
        let (status, answer) = somebody.request("POST", ROOMS, json!({ "name": "One more" })).await;
        assert_eq!((status.as_u16(), answer["detail"].is_string()), (429, true), "{answer}");
    }
    assert_eq!(silent.closed().await, Closed(1008, "The first frame did not come".into()));
}
