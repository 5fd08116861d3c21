//! Joining, talking, changing, typing, coming and going: every event and every field.

use serde_json::{Value, json};

use super::super::harness::program::NO_LIMITS;
use super::super::harness::{BOTH, eventually, serve_to};
use super::{NO_BODY, assert_same, comes, hears_none_of, join, keys, refused, room_of, say};

/// The document's fields come first, and have values.
fn has_the_fields(message: &Value, user: &Value) {
    assert_eq!(
        keys(message)[..8],
        ["id", "roomId", "userId", "content", "type", "isEdited", "createdAt", "updatedAt"],
        "{message}"
    );
    assert_eq!(keys(user)[..5], ["id", "username", "avatarUrl", "isOnline", "lastSeen"], "{user}");
    for field in ["id", "roomId", "userId", "content", "type", "isEdited", "createdAt", "updatedAt", "seq", "rev"] {
        assert!(!message[field].is_null(), "{field}: {message}");
    }
    assert!(user["id"].is_string() && user["isOnline"].is_boolean(), "{user}");
    assert!(user["username"].as_str().is_some_and(|name| !name.is_empty()), "{user}");
    assert_eq!(message["userId"], user["id"]);
}

#[tokio::test]
async fn a_message_its_edit_and_its_end() {
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = room_of(&ann, "Garden").await;
        let (mut anns, mut bens) = (comes(&ann).await, comes(&ben).await);
        join(&mut anns, &ann, &room).await;
        join(&mut bens, &ben, &room).await;

        let sent = anns.succeed("send-message", json!({ "roomId": room, "content": " Hello ", "type": "text" })).await;
        assert_eq!(keys(&sent), ["success", "data"]);
        let (mine, theirs) = (anns.hear("message-received").await, bens.hear("message-received").await);
        assert_eq!(mine, theirs, "the same bytes");
        assert_same(&mine, &sent["data"]);
        assert_eq!(keys(&mine), ["message", "user"]);
        has_the_fields(&mine["message"], &mine["user"]);
        let (message, user) = (&mine["message"], &mine["user"]);
        assert_eq!((&message["content"], &message["type"]), (&json!("Hello"), &json!("text")));
        assert_eq!((&message["seq"], &message["isEdited"]), (&json!(1), &json!(false)));
        assert_eq!((&message["roomId"], &message["userId"]), (&json!(room), &json!(ann.id())));
        assert_eq!((&user["username"], &user["isOnline"]), (&json!("ann"), &json!(true)));
        let id = message["id"].clone();

        let edit = json!({ "messageId": id, "content": "Hello all" });
        assert_eq!(refused(&mut bens, "edit-message", edit.clone()).await.0, "not_yours");
        let edited = anns.succeed("edit-message", edit).await;
        for heard in [anns.hear("message-edited").await, bens.hear("message-edited").await] {
            assert_same(&heard, &edited["data"]);
            has_the_fields(&heard["message"], &heard["user"]);
            assert_eq!(
                (&heard["message"]["content"], &heard["message"]["isEdited"]),
                (&json!("Hello all"), &json!(true))
            );
            assert_eq!((&heard["message"]["seq"], &heard["message"]["rev"]), (&json!(1), &json!(2)));
        }

        let (code, text) = refused(&mut bens, "delete-message", json!({ "messageId": id })).await;
        assert_eq!((code.as_str(), text.as_str()), ("not_yours", "You can only delete your own messages"));
        let deleted = anns.succeed("delete-message", json!({ "messageId": id })).await;
        for heard in [anns.hear("message-deleted").await, bens.hear("message-deleted").await] {
            assert_eq!(heard, deleted["data"]);
            assert_eq!(keys(&heard)[..2], ["messageId", "roomId"]);
            assert_eq!(heard, json!({ "messageId": id, "roomId": room, "rev": 3, "isDeleted": true }));
        }

        let emote = anns.succeed("send-message", json!({ "roomId": room, "content": "waves", "type": "emote" })).await;
        assert_eq!(emote["data"]["message"]["type"], "emote");
        // Sent twice, stored once.
        let keyed = json!({ "roomId": room, "content": "once", "clientOffset": "ann-1" });
        let first = anns.succeed("send-message", keyed.clone()).await;
        assert_same(&anns.succeed("send-message", keyed).await["data"], &first["data"]);
        assert_eq!(first["data"]["message"]["seq"], 3);
        for content in ["/me waves", "once"] {
            assert_eq!(bens.hear("message-received").await["message"]["content"], content);
        }
        hears_none_of(&mut bens, &["message-received"]).await;
    }
}

#[tokio::test]
async fn an_answer_shows_the_room_and_what_was_missed() {
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = room_of(&ann, "Garden").await;
        let mut anns = comes(&ann).await;
        let empty = join(&mut anns, &ann, &room).await;
        let fields =
            ["roomId", "room", "messages", "seq", "rev", "epoch", "complete", "more", "next", "online", "users"];
        assert_eq!(keys(&empty), fields);
        assert_eq!((&empty["seq"], &empty["rev"], &empty["messages"]), (&json!(0), &json!(0), &json!([])));
        assert_eq!(
            keys(&empty["room"])[..7],
            ["id", "name", "description", "isPrivate", "createdBy", "createdAt", "updatedAt"]
        );
        assert_eq!((&empty["room"]["name"], &empty["room"]["me"]["role"]), (&json!("Garden"), &json!("owner")));
        assert_eq!((&empty["online"], &empty["users"][0]["username"]), (&json!(1), &json!("ann")));
        let mut ids = Vec::new();
        for number in 1..=60 {
            ids.push(say(&mut anns, &room, &format!("line {number}")).await["message"]["id"].clone());
        }

        // Ben is made a member by joining.
        assert_eq!(ben.refusal("GET", &format!("/api/rooms/{room}/messages"), NO_BODY).await, "404 room_not_found");
        let mut bens = comes(&ben).await;
        let shown = join(&mut bens, &ben, &room).await;
        assert_eq!(shown["room"]["me"]["role"], "member");
        let messages = shown["messages"].as_array().unwrap();
        assert_eq!((messages.len(), &messages[0]["message"]["seq"]), (50, &json!(11)));
        messages.iter().for_each(|pair| has_the_fields(&pair["message"], &pair["user"]));
        assert_eq!((&shown["seq"], &shown["rev"], &shown["next"]), (&json!(60), &json!(60), &json!(11)));
        assert_eq!((&shown["complete"], &shown["online"]), (&json!(false), &json!(2)));
        let older = ben.rest("GET", &format!("/api/rooms/{room}/messages?before={}", shown["next"]), NO_BODY).await;
        assert_eq!(older["data"].as_array().unwrap().len(), 10);
        let newer = ben.rest("GET", &format!("/api/rooms/{room}/messages?after=58"), NO_BODY).await;
        assert_eq!(newer["data"][0]["content"], "line 59");
        assert_eq!(newer["data"].as_array().unwrap().len(), 2);

        // Away: created, edited, deleted.
        drop(bens);
        anns.succeed("edit-message", json!({ "messageId": ids[0], "content": "changed" })).await;
        anns.succeed("delete-message", json!({ "messageId": ids[1] })).await;
        say(&mut anns, &room, "line 61").await;
        let mut bens = comes(&ben).await;
        let payload = json!({ "roomId": room, "rev": shown["rev"], "epoch": shown["epoch"] });
        let missed = bens.succeed("join-room", payload).await["data"].clone();
        assert_eq!((&missed["complete"], &missed["more"], &missed["rev"]), (&json!(true), &json!(false), &json!(63)));
        let contents: Vec<&Value> =
            missed["messages"].as_array().unwrap().iter().map(|pair| &pair["message"]["content"]).collect();
        assert_eq!(contents, ["changed", "[Message deleted]", "line 61"]);
        let another = json!({ "roomId": room, "rev": shown["rev"], "epoch": room });
        let anew = bens.succeed("join-room", another).await["data"].clone();
        assert_eq!((&anew["complete"], anew["messages"].as_array().unwrap().len()), (&json!(false), 50));
    }
}

/// While many speak, somebody joins again and again: what the answers show and what is heard is each message once.
#[tokio::test]
async fn live_delivery_joins_on_to_the_answer_without_gap_or_repeat() {
    const LINES: i64 = 400;
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = room_of(&ann, "Garden").await;
        let (mut anns, mut bens) = (comes(&ann).await, comes(&ben).await);
        let speaking = async {
            for number in 1..=LINES {
                anns.feed("send-message", &json!({ "roomId": room, "content": format!("line {number}") })).await;
                if number % 20 == 0 {
                    anns.flush().await;
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            }
            anns.flush().await;
            for _ in 0..LINES {
                let frame = anns.frame().await.unwrap();
                assert!(frame.contains("\"success\":true"), "{frame}");
            }
        };
        let listening = async {
            let first = bens.succeed("join-room", json!({ "roomId": room, "rev": 0 })).await["data"].clone();
            let (mut rev, mut seen) = (first["rev"].as_i64().unwrap(), Vec::new());
            let seqs = |page: &Value| -> Vec<i64> {
                page["messages"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|pair| pair["message"]["seq"].as_i64().unwrap())
                    .collect()
            };
            seen.extend(seqs(&first));
            while seen.len() < usize::try_from(LINES).unwrap() {
                // A few live ones, then it leaves and comes back.
                for _ in 0..7.min(LINES as usize - seen.len()) {
                    let heard = bens.hear("message-received").await["message"].clone();
                    seen.push(heard["seq"].as_i64().unwrap());
                    rev = heard["rev"].as_i64().unwrap();
                }
                bens.succeed("leave-room", json!({ "roomId": room })).await;
                for (name, payload) in std::mem::take(&mut bens.heard) {
                    if name == "message-received" {
                        seen.push(payload["message"]["seq"].as_i64().unwrap());
                        rev = payload["message"]["rev"].as_i64().unwrap();
                    }
                }
                let page = bens.succeed("join-room", json!({ "roomId": room, "rev": rev })).await["data"].clone();
                assert_eq!((&page["complete"], &page["more"]), (&json!(true), &json!(false)));
                // Nothing is heard before the answer that shows what was before it.
                assert!(bens.heard.iter().all(|(name, _)| name != "message-received"), "{:?}", bens.heard);
                seen.extend(seqs(&page));
                rev = page["rev"].as_i64().unwrap();
            }
            seen
        };
        let ((), seen) = tokio::join!(speaking, listening);
        assert_eq!(seen, (1..=LINES).collect::<Vec<_>>(), "on {database:?}");
    }
}

#[tokio::test]
async fn typing_coming_and_going() {
    for database in BOTH {
        let (_program, _server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let room = room_of(&ann, "Garden").await;
        let (mut anns, mut bens) = (comes(&ann).await, comes(&ben).await);
        join(&mut anns, &ann, &room).await;
        join(&mut bens, &ben, &room).await;
        let joined = anns.hear("user-joined").await;
        assert_eq!(keys(&joined), ["user", "roomId"]);
        assert_eq!((&joined["user"]["id"], &joined["roomId"]), (&json!(ben.id()), &json!(room)));
        assert_eq!(keys(&joined["user"])[..5], ["id", "username", "avatarUrl", "isOnline", "lastSeen"]);

        for (event, is_typing) in [("typing-start", true), ("typing-stop", false)] {
            let done = bens.succeed(event, json!({ "roomId": room, "userId": ben.id() })).await;
            assert_eq!(done, json!({ "success": true }));
            let heard = anns.hear("typing-indicator").await;
            assert_eq!(heard, json!({ "userId": ben.id(), "roomId": room, "isTyping": is_typing }));
        }
        // A second connection of his is no second coming.
        let mut again = comes(&ben).await;
        join(&mut again, &ben, &room).await;
        bens.succeed("leave-room", json!({ "roomId": room })).await;
        bens.succeed("leave-room", json!({ "roomId": room })).await;
        hears_none_of(&mut anns, &["user-joined", "user-left", "typing-indicator"]).await;
        say(&mut anns, &room, "still a member?").await;
        hears_none_of(&mut bens, &["message-received", "typing-indicator"]).await;
        assert_eq!(say(&mut bens, &room, "yes").await["message"]["seq"], 2);
        drop(again);
        let left = anns.hear("user-left").await;
        assert_eq!(left, json!({ "userId": ben.id(), "roomId": room }));

        // Gone with the connection, the typing ends.
        join(&mut bens, &ben, &room).await;
        bens.succeed("typing-start", json!({ "roomId": room })).await;
        assert_eq!(anns.hear("typing-indicator").await["isTyping"], true);
        drop(bens);
        assert_eq!(anns.hear("typing-indicator").await["isTyping"], false);
    }
}

#[tokio::test]
async fn who_is_here_is_told_once_to_those_who_share_a_room() {
    for database in BOTH {
        let (_program, _server, [ann, ben, eve]) = serve_to(database, NO_LIMITS, ["ann", "ben", "eve"]).await;
        let (one, other) = (room_of(&ann, "Garden").await, room_of(&ann, "Cellar").await);
        let apart = room_of(&eve, "Attic").await;
        let (mut anns, mut eves) = (comes(&ann).await, comes(&eve).await);
        for room in [&one, &other] {
            join(&mut anns, &ann, room).await;
            ben.rest("POST", &format!("/api/rooms/{room}/join"), NO_BODY).await;
        }
        join(&mut eves, &eve, &apart).await;

        // By another dialect, twice; and in a room that he shares with nobody here.
        let community = ben.socket().await;
        assert_eq!(anns.hear("user-online").await, json!({ "userId": ben.id() }));
        let bens = comes(&ben).await;
        drop(community);
        hears_none_of(&mut anns, &["user-online", "user-offline"]).await;
        drop(bens);
        let offline = anns.hear("user-offline").await;
        assert_eq!((keys(&offline), &offline["userId"]), (vec!["userId", "lastSeen"], &json!(ben.id())));
        assert!(offline["lastSeen"].as_str().is_some_and(|time| time.ends_with('Z')), "{offline}");
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        hears_none_of(&mut anns, &["user-online", "user-offline"]).await;
        hears_none_of(&mut eves, &["user-online", "user-offline"]).await;

        // Giving up a room is no going offline.
        let bens = comes(&ben).await;
        assert_eq!(anns.hear("user-online").await["userId"], ben.id());
        ben.rest("POST", &format!("/api/rooms/{one}/leave"), NO_BODY).await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        hears_none_of(&mut anns, &["user-offline"]).await;
        drop(bens);
        assert_eq!(anns.hear("user-offline").await["userId"], ben.id());

        // Whoever came while nobody was there to hear it is told of when they go.
        for room in [&one, &other] {
            anns.succeed("leave-room", json!({ "roomId": room })).await;
        }
        let bens = comes(&ben).await;
        let is_shown = |shown: &Value| shown["users"].as_array().unwrap().iter().any(|user| user["id"] == ben.id());
        eventually("he is shown", async || is_shown(&join(&mut anns, &ann, &other).await)).await;
        drop(bens);
        assert_eq!(anns.hear("user-offline").await["userId"], ben.id());
    }
}
