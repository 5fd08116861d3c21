//! The channels dialect, as its own clients see it; on both databases.

mod document;
mod ends;
mod refusals;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::guests::guest;
use super::harness::plain::{Closed, Plain};
use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::{BOTH, Person, Program, Server, serve_to};

const NO_BODY: Value = Value::Null;

fn socket_path(channel: &Value, person: &Person) -> String {
    format!("/api/chat/ws/{channel}?token={}", person.account.token)
}

fn messages_path(channel: &Value) -> String {
    format!("/api/chat/channels/{channel}/messages")
}

async fn listens(server: &Server, channel: &Value, person: &Person) -> Plain {
    Plain::open(server, &socket_path(channel, person)).await
}

async fn number_of(person: &Person, name: &str) -> Value {
    let channels = person.rest("GET", "/api/chat/channels", NO_BODY).await;
    let channel = channels.as_array().unwrap().iter().find(|channel| channel["display_name"] == name);
    channel.unwrap_or_else(|| panic!("{channels}"))["id"].clone()
}

#[tokio::test]
async fn what_is_posted_is_heard_and_stands_in_the_history() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        ann.rest("POST", "/api/rooms", json!({ "name": "Tavern", "slug": "tavern", "description": "Ale" })).await;
        ann.rest("POST", "/api/rooms", json!({ "name": "Cellar", "isPrivate": true })).await;
        let channels = ben.rest("GET", "/api/chat/channels", NO_BODY).await;
        let tavern = number_of(&ben, "Tavern").await;
        let expected = json!({ "id": tavern, "name": "tavern", "display_name": "Tavern", "description": "Ale",
            "channel_type": "public" });
        assert_eq!((channels.as_array().unwrap().len(), &channels[1]), (2, &expected), "{channels}");

        let mut hears = listens(&server, &tavern, &ben).await;
        let character = ann.rest("POST", "/api/chat/characters", json!({ "name": "Bard" })).await["id"].clone();
        let said = json!({ "content": " /me sings ", "character_id": character.to_string() });
        let posted = ann.rest("POST", &messages_path(&tavern), said).await;
        let shape = json!({ "message_id": 1, "user_id": ann.id(), "username": "ann", "character_name": "Bard",
            "character_id": character, "content": "/me sings", "message_type": "emote",
            "timestamp": posted["timestamp"], "channel_id": tavern });
        assert_eq!(posted, shape);
        let time = posted["timestamp"].as_str().unwrap();
        assert_eq!((time.len(), &time[26..]), (32, "+00:00"), "{time}");
        assert_eq!(hears.hear("new_message").await["data"], shape);
        assert_eq!(ben.rest("GET", &messages_path(&tavern), NO_BODY).await, json!([shape]));
    }
}

#[tokio::test]
async fn older_messages_are_paged_by_time_without_a_gap_or_a_repeat() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let mut speaks = ann.socket().await;
        for number in 1..=120 {
            speaks.succeed("send-message", json!({ "message": format!("line {number}") })).await;
        }
        let main = number_of(&ann, "main-chat").await;
        let (mut path, mut seen) = (messages_path(&main), Vec::new());
        loop {
            let page = ann.rest("GET", &path, NO_BODY).await;
            let page = page.as_array().unwrap();
            let Some(oldest) = page.first() else { break };
            let before = oldest["timestamp"].as_str().unwrap().replace('+', "%2B");
            path = format!("{}?limit=50&before={before}", messages_path(&main));
            seen.splice(0..0, page.iter().map(|message| message["message_id"].as_i64().unwrap()));
        }
        assert_eq!(seen, (1..=120).collect::<Vec<_>>());
        // Without an offset it is UTC.
        let (status, page) =
            ann.request("GET", &format!("{}?before=2001-01-01T00:00:00", messages_path(&main)), NO_BODY).await;
        assert_eq!((status, page), (StatusCode::OK, json!([])));
        let (status, answer) = ann.request("GET", &format!("{}?before=yesterday", messages_path(&main)), NO_BODY).await;
        assert_eq!((status, &answer["detail"]), (StatusCode::BAD_REQUEST, &json!("Invalid timestamp format")));
    }
}

#[tokio::test]
async fn a_listener_hears_comings_typing_edits_and_deletions_of_every_dialect() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let main = json!(1);
        let mut anns = listens(&server, &main, &ann).await;
        anns.hears_nothing_before(&json!({ "type": "ping" }), "pong").await;
        let mut bens = listens(&server, &main, &ben).await;
        assert_eq!(anns.hear("user_joined").await, json!({ "type": "user_joined", "user_id": ben.id() }));
        bens.send(&json!({ "type": "typing" })).await;
        let typing = json!({ "type": "user_typing", "user_id": ben.id(), "username": "ben" });
        assert_eq!(anns.hear("user_typing").await, typing);

        let mut spoken = ben.socket().await;
        let said = spoken.succeed("send-message", json!({ "message": "by the community dialect" })).await;
        let id = said["data"]["id"].clone();
        let heard = anns.hear("new_message").await["data"].clone();
        assert_eq!(
            (&heard["content"], &heard["message_id"]),
            (&json!("by the community dialect"), &said["data"]["seq"])
        );
        spoken.succeed("edit-message", json!({ "messageId": id, "message": "edited" })).await;
        assert_eq!(anns.hear("message_edited").await["data"]["content"], "edited");
        spoken.succeed("delete-message", json!({ "messageId": id })).await;
        let deleted =
            json!({ "type": "message_deleted", "data": { "message_id": heard["message_id"], "channel_id": 1 } });
        assert_eq!(anns.hear("message_deleted").await, deleted);
        assert_eq!(ann.rest("GET", &messages_path(&main), NO_BODY).await, json!([]));

        // And the other way round.
        let posted = ann.rest("POST", &messages_path(&main), json!({ "content": "by the channels" })).await;
        let heard = async {
            loop {
                let heard = spoken.hear("message-received").await;
                if heard["message"] == "by the channels" {
                    return heard["seq"].clone();
                }
            }
        };
        assert_eq!(heard.await, posted["message_id"]);

        // Somebody who has another connection in the room has not left.
        bens.close().await;
        drop(spoken);
        assert_eq!(anns.hear("user_left").await, json!({ "type": "user_left", "user_id": ben.id() }));
    }
}

/// The document's client comes back unless its own farewell is answered.
#[tokio::test]
async fn who_says_farewell_is_answered() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        for (code, reason) in [(1000, "Intentional disconnect"), (1001, "")] {
            let anns = listens(&server, &json!(1), &ann).await;
            assert_eq!(anns.leaves(code, reason).await, Closed(code, reason.into()));
        }
    }
}

#[tokio::test]
async fn channels_are_those_that_one_may_see() {
    for database in BOTH {
        let (_program, server, [ann, ben, cleo]) = serve_to(database, NO_LIMITS, ["ann", "ben", "cleo"]).await;
        for (name, kind) in [("Tavern", "public"), ("Cellar", "private"), ("Smiths", "guild")] {
            ann.rest("POST", "/api/rooms", json!({ "name": name, "kind": kind })).await;
        }
        ann.rest("PUT", &format!("/api/me/directs/{}", ben.id()), json!({})).await;
        let listed = async |person: &Person| {
            let channels = person.rest("GET", "/api/chat/channels", NO_BODY).await;
            let kinds = channels.as_array().unwrap().iter().map(|channel| {
                format!("{} {}", channel["display_name"].as_str().unwrap(), channel["channel_type"].as_str().unwrap())
            });
            kinds.collect::<Vec<_>>()
        };
        assert_eq!(listed(&ann).await, ["main-chat public", "Tavern public", "Cellar private", "Smiths guild"]);
        assert_eq!(listed(&cleo).await, ["main-chat public", "Tavern public"]);
        // Who is in them speaks and hears there; a direct room is no channel even to its two.
        let smiths = number_of(&ann, "Smiths").await;
        let mut anns = listens(&server, &smiths, &ann).await;
        ann.rest("POST", &messages_path(&smiths), json!({ "content": "among smiths" })).await;
        assert_eq!(anns.hear("new_message").await["data"]["channel_id"], smiths);
        let direct = json!(5);
        for (method, body, expected) in [("GET", NO_BODY, 404), ("POST", json!({ "content": "Psst" }), 400)] {
            assert_eq!(ann.request(method, &messages_path(&direct), body).await.0.as_u16(), expected, "{method}");
        }
        assert_eq!(Plain::try_to_open(&server.url, &socket_path(&direct, &ann)).await.err().unwrap().0, 404);
    }
}

#[tokio::test]
async fn a_page_is_the_newest_before_a_time_in_whatever_form_that_is() {
    for database in BOTH {
        let (program, _server, [ann]) = serve_to(database, NO_LIMITS, ["ann"]).await;
        let mut speaks = ann.socket().await;
        for number in 1..=210 {
            speaks.succeed("send-message", json!({ "message": format!("line {number}") })).await;
        }
        let page = async |query: &str| {
            let page = ann.rest("GET", &format!("{}{query}", messages_path(&json!(1))), NO_BODY).await;
            page.as_array().unwrap().clone()
        };
        let numbers =
            |page: &[Value]| -> Vec<i64> { page.iter().map(|one| one["message_id"].as_i64().unwrap()).collect() };
        let all = page("?limit=1000").await;
        assert_eq!(numbers(&all), (11..=210).collect::<Vec<_>>(), "200 at most");
        for query in ["", "?limit=50", "?before=", "?limit=50&before="] {
            assert_eq!(numbers(&page(query).await), (161..=210).collect::<Vec<_>>(), "{query}");
        }
        assert_eq!(numbers(&page("?limit=1").await), [210]);
        let times: Vec<&str> = all.iter().map(|one| one["timestamp"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|one, next| one < next), "strictly");
        // The time itself is not before it.
        let utc = times[100].strip_suffix("+00:00").unwrap();
        for before in [format!("{utc}%2B00:00"), format!("{utc}+00:00"), utc.to_owned(), format!("{utc}Z")] {
            assert_eq!(numbers(&page(&format!("?limit=3&before={before}")).await), [108, 109, 110], "{before}");
        }
        // Nobody says them yet, and whoever has some shows them.
        program.sql("UPDATE chat_log SET kind = 'system' WHERE seq = 210");
        assert_eq!(page("?limit=1").await[0]["message_type"], "system");
    }
}

#[tokio::test]
async fn only_what_one_does_is_an_emote() {
    for database in BOTH {
        let (_program, _server, [ann]) = serve_to(database, NO_LIMITS, ["ann"]).await;
        for (content, kind) in
            [("/me waves", "emote"), (" /me waves", "emote"), ("/me", "text"), ("/meow", "text"), ("I /me", "text")]
        {
            let posted = ann.rest("POST", &messages_path(&json!(1)), json!({ "content": content })).await;
            assert_eq!((&posted["message_type"], &posted["content"]), (&json!(kind), &json!(content.trim())));
        }
    }
}

#[tokio::test]
async fn a_guest_with_a_token_speaks_and_hears() {
    for database in BOTH {
        let settings = unlimited(&[("ALLOW_GUESTS", "true")]);
        let (_program, server, [ann]) = serve_to(database, &settings, ["ann"]).await;
        let zoe = guest(&server, "Zoe").await;
        let main = number_of(&zoe, "main-chat").await;
        let (mut anns, mut zoes) = (listens(&server, &main, &ann).await, listens(&server, &main, &zoe).await);
        while anns.hear("user_joined").await["user_id"] != zoe.id() {}
        let posted = zoe.rest("POST", &messages_path(&main), json!({ "content": "Hello" })).await;
        assert_eq!((&posted["user_id"], &posted["username"]), (&json!(zoe.id()), &json!("Zoe")));
        for socket in [&mut anns, &mut zoes] {
            assert_eq!(socket.hear("new_message").await["data"], posted);
        }
    }
}

#[tokio::test]
async fn one_speaks_as_ones_own_characters() {
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let path = "/api/chat/characters";
        let bard = ann.rest("POST", path, json!({ "name": " Bard " })).await;
        assert_eq!(bard, json!({ "id": bard["id"], "name": "Bard" }));
        let sage = ann.rest("POST", path, json!({ "name": "Sage" })).await;
        assert_eq!(ann.rest("GET", path, NO_BODY).await, json!([bard, sage]));
        assert_eq!(ben.rest("GET", path, NO_BODY).await, json!([]));
        let id = &bard["id"];
        let said = async |character: Value| {
            let body = json!({ "content": "Hear me", "character_id": character });
            let said = ann.rest("POST", &messages_path(&json!(1)), body).await;
            (said["character_id"].clone(), said["character_name"].clone())
        };
        for (given, spoken) in [
            (id.clone(), (id.clone(), json!("Bard"))),
            (json!(id.to_string()), (id.clone(), json!("Bard"))),
            (json!(""), (NO_BODY, NO_BODY)),
            (NO_BODY, (NO_BODY, NO_BODY)),
        ] {
            assert_eq!(said(given.clone()).await, spoken, "{given}");
        }
        let own = format!("{path}/{id}");
        for (person, method, path, body, expected) in [
            (&ben, "DELETE", own.as_str(), NO_BODY, (404, "Character not found")),
            (&ann, "DELETE", "/api/chat/characters/x", NO_BODY, (404, "Character not found")),
            (&ann, "POST", path, json!({ "name": "Bard" }), (409, "This name is taken")),
            (&ann, "POST", path, json!({}), (422, "name must be one line of 1 to 100 characters")),
            (
                &ann,
                "POST",
                path,
                json!({ "name": "two\nlines" }),
                (422, "name must be one line of 1 to 100 characters"),
            ),
            (
                &ann,
                "POST",
                path,
                json!({ "name": "x".repeat(101) }),
                (422, "name must be one line of 1 to 100 characters"),
            ),
        ] {
            let (status, answer) = person.request(method, path, body).await;
            assert_eq!((status.as_u16(), answer["detail"].as_str().unwrap()), expected, "{method} {path}");
        }
        ann.rest("DELETE", &own, NO_BODY).await;
        assert_eq!(ann.rest("GET", path, NO_BODY).await, json!([sage]));
        let (status, answer) =
            ann.request("POST", &messages_path(&json!(1)), json!({ "content": "Hear me", "character_id": id })).await;
        assert_eq!((status.as_u16(), &answer["detail"]), (400, &json!("Character not found")));
        let history = ann.rest("GET", &messages_path(&json!(1)), NO_BODY).await;
        assert_eq!(history[0]["character_name"], "Bard", "what was spoken as it stays so");
    }
}

#[tokio::test]
async fn comings_and_typing_are_told_to_other_people_and_not_to_ones_other_connections() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let main = json!(1);
        let mut anns = listens(&server, &main, &ann).await;
        let mut bens = listens(&server, &main, &ben).await;
        anns.hear("user_joined").await;
        let mut others = listens(&server, &main, &ben).await;
        bens.send(&json!({ "type": "typing" })).await;
        // He came once: this is next.
        assert_eq!(anns.next().await.unwrap()["type"], "user_typing");
        ann.rest("POST", &messages_path(&main), json!({ "content": "Well?" })).await;
        for own in [&mut bens, &mut others] {
            loop {
                match own.next().await.unwrap()["type"].as_str().unwrap() {
                    "new_message" => break,
                    // She had come a moment before him.
                    other => assert_eq!(other, "user_joined"),
                }
            }
        }
        assert_eq!(anns.next().await.unwrap()["type"], "new_message");
        bens.close().await;
        others.send(&json!({ "type": "typing" })).await;
        assert_eq!(anns.next().await.unwrap()["type"], "user_typing", "he is still here");
        others.close().await;
        assert_eq!(anns.next().await.unwrap(), json!({ "type": "user_left", "user_id": ben.id() }));
    }
}
