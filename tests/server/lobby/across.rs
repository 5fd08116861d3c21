//! One conversation: what is said here is seen by other dialects under the same number, and the other way round.

use super::*;
use crate::harness::Socket;

async fn says(socket: &mut Socket, room: &Value, text: &str) -> Value {
    socket.succeed("send-message", json!({ "roomId": room, "message": text })).await["data"].clone()
}

async fn hears(socket: &mut Socket, text: &str) -> Value {
    loop {
        let heard = socket.hear("message-received").await;
        if heard["message"] == text {
            return heard;
        }
    }
}

#[tokio::test]
async fn the_same_messages_under_the_same_numbers() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let garden = Person::nobody(&server).rest("POST", ROOMS, json!({ "name": "Garden" })).await["id"].clone();
        let mut community = ann.socket().await;
        community.succeed("join-room", json!({ "roomId": garden })).await;
        let listens = format!("/api/chat/ws/{garden}?token={}", ann.account.token);
        let mut channels = Plain::open(&server, &listens).await;
        let (mut zoe, _) = guest(&server, &garden, "Zoe").await;

        zoe.send(&json!({ "content": "by the lobby" })).await;
        let mine = zoe.hear("message").await;
        let theirs = hears(&mut community, "by the lobby").await;
        assert_eq!(
            (&theirs["seq"], &theirs["User"]["name"], &theirs["User"]["guest"]),
            (&mine["id"], &json!("Zoe"), &json!(true))
        );
        let theirs = channels.hear("new_message").await["data"].clone();
        assert_eq!((&theirs["message_id"], &theirs["username"]), (&mine["id"], &json!("Zoe")));

        let second = says(&mut community, &garden, "by the community").await;
        let heard = zoe.hear("message").await;
        assert_eq!(
            (&heard["id"], &heard["username"], &heard["content"]),
            (&second["seq"], &json!("ann"), &json!("by the community"))
        );
        let path = format!("/api/chat/channels/{garden}/messages");
        let third = ann.rest("POST", &path, json!({ "content": "by the channels" })).await;
        assert_eq!(zoe.hear("message").await["id"], third["message_id"]);

        let history = ann.rest("GET", &messages(&garden), NO_BODY).await;
        let of_channels = ann.rest("GET", &path, NO_BODY).await;
        let of_community = community.succeed("load-messages", json!({ "roomId": garden })).await["data"].clone();
        for (at, text) in ["by the lobby", "by the community", "by the channels"].into_iter().enumerate() {
            let number = json!(at + 1);
            assert_eq!((&history[at]["id"], &history[at]["content"]), (&number, &json!(text)));
            assert_eq!((&of_channels[at]["message_id"], &of_channels[at]["content"]), (&number, &json!(text)));
            assert_eq!((&of_community[at]["seq"], &of_community[at]["message"]), (&number, &json!(text)));
        }

        // The dialect has no word for edits and deletions: its history has them.
        community.succeed("edit-message", json!({ "messageId": second["id"], "message": "edited" })).await;
        let deleted = of_community[2]["id"].clone();
        community.succeed("delete-message", json!({ "messageId": deleted })).await;
        let history = ann.rest("GET", &messages(&garden), NO_BODY).await;
        assert_eq!((history.as_array().unwrap().len(), &history[1]["content"]), (2, &json!("edited")));
        zoe.send(&json!({ "content": "the next" })).await;
        let next = loop {
            let frame = zoe.next().await.unwrap();
            if !["system", "users_list"].contains(&frame["type"].as_str().unwrap()) {
                break frame;
            }
        };
        assert_eq!((&next["type"], &next["id"]), (&json!("message"), &json!(4)), "nothing was heard of it");
    }
}

#[tokio::test]
async fn typing_and_comings_of_every_dialect() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let main = json!(1);
        let (mut zoe, _) = guest(&server, &main, "Zoe").await;
        sees(&mut zoe, &["Zoe"]).await;
        let mut community = ann.socket().await;
        assert_eq!(zoe.hear("system").await["content"], "ann joined the room");
        sees(&mut zoe, &["Zoe", "ann"]).await;
        let mut channels = Plain::open(&server, &format!("/api/chat/ws/1?token={}", ben.account.token)).await;
        assert_eq!(zoe.hear("system").await["content"], "ben joined the room");
        sees(&mut zoe, &["Zoe", "ann", "ben"]).await;

        let typing = |names: Value| json!({ "type": "typing", "users": names });
        community.succeed("typing", json!({ "isTyping": true })).await;
        assert_eq!(zoe.hear("typing").await, typing(json!(["ann"])));
        channels.send(&json!({ "type": "typing" })).await;
        assert_eq!(zoe.hear("typing").await, typing(json!(["ann", "ben"])));
        let (mut late, _) = guest(&server, &main, "Late").await;
        assert_eq!(late.next().await.unwrap(), typing(json!(["ann", "ben"])), "who comes later is told");
        community.succeed("typing", json!({ "isTyping": false })).await;
        assert_eq!(zoe.hear("typing").await, typing(json!(["ben"])));
        zoe.send(&json!({ "type": "typing", "is_typing": true })).await;
        while channels.hear("user_typing").await["username"] != "Zoe" {}
        let heard = async {
            loop {
                let heard = community.hear("user-typing").await;
                if heard["user"]["name"] == "Zoe" {
                    return heard["isTyping"].clone();
                }
            }
        };
        assert_eq!(heard.await, json!(true));
        channels.close().await;
        drop(community);
        for _ in 0..2 {
            let left = zoe.hear("system").await["content"].clone();
            assert!(
                left == "ben left the room" || left == "ann left the room" || left == "Late joined the room",
                "{left}"
            );
        }
    }
}

#[tokio::test]
async fn a_typing_flag_ends_by_itself_and_with_the_connection() {
    let program = open_house(BOTH[0], &[]);
    let server = program.serve().await;
    let (mut zoe, _) = guest(&server, &json!(1), "Zoe").await;
    let (mut ben, _) = guest(&server, &json!(1), "Ben").await;
    let began = std::time::Instant::now();
    ben.send(&json!({ "type": "typing", "is_typing": true })).await;
    assert_eq!(zoe.hear("typing").await["users"], json!(["Ben"]));
    assert_eq!(zoe.hear("typing").await["users"], json!([]));
    let lasted = began.elapsed().as_millis();
    assert!((4900..7000).contains(&lasted), "{lasted}");
    ben.send(&json!({ "type": "typing", "is_typing": true })).await;
    assert_eq!(zoe.hear("typing").await["users"], json!(["Ben"]));
    let began = std::time::Instant::now();
    ben.close().await;
    assert_eq!(zoe.hear("typing").await["users"], json!([]));
    assert!(began.elapsed().as_secs() < 3);
}
