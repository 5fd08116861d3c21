//! With its message or its room a file is gone: at once for everybody, and soon from the storage.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Form, fetch, fetch_as, link, opened, png, so_many_lie};
use crate::harness::program::NO_LIMITS;
use crate::harness::{BOTH, On, Person, Postgres, Program, eventually};

#[tokio::test]
async fn with_its_message_goes_the_file() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, nobody) = (Person::new(&program, &server, "ann"), Person::nobody(&server));
        let picture = Form::file("a.png", &png(50, 50)).sent(&ann, "main-chat").await;
        let other = Form::file("b.txt", b"stays").sent(&ann, "main-chat").await;
        let (gone, _) = link(&nobody, &picture["attachment"]["id"]).await.unwrap();
        let (stays, _) = link(&nobody, &other["attachment"]["id"]).await.unwrap();
        so_many_lie(&program, 3).await;

        let mut socket = ann.socket().await;
        socket.succeed("delete-message", json!({ "messageId": picture["id"] })).await;
        assert_eq!((fetch(&nobody, &gone).await.status, fetch(&nobody, &stays).await.status), (404, 200));
        assert!(link(&ann, &picture["attachment"]["id"]).await.is_none());
        let sync = socket.succeed("sync", json!({ "rev": 0 })).await;
        let told = &sync["data"]["messages"];
        assert_eq!((&told[1]["is_deleted"], told[1].get("attachment")), (&json!(true), None), "{told}");
        so_many_lie(&program, 1).await;
        assert_eq!(fetch(&nobody, &stays).await.status, 200);
    }
}

#[tokio::test]
async fn what_another_program_deletes_is_gone_with_its_file() {
    let program = Program::on(On::Postgres, NO_LIMITS);
    let server = program.serve().await;
    let ann = Person::new(&program, &server, "ann");
    let mut hears = ann.socket().await;
    for statement in ["UPDATE \"CommunityChats\" SET is_deleted = true", "DELETE FROM \"CommunityChats\""] {
        let sent = Form::file("a.png", &png(50, 50)).sent(&ann, "main-chat").await;
        let id = sent["id"].as_str().unwrap();
        Postgres::shared().query(&program.database_url, &format!("{statement} WHERE id = '{id}'"));
        assert_eq!(hears.hear("message-deleted").await["id"], sent["id"]);
        let path = format!("/api/files/{}", sent["attachment"]["id"].as_str().unwrap());
        assert_eq!(fetch_as(&ann, &path).await.status, 404);
        so_many_lie(&program, 0).await;
    }
}

#[tokio::test]
async fn with_its_room_goes_all_that_was_said_and_sent() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let [room, other] = [ann.make_room("Garden", false).await, ann.make_room("Den", true).await];
        let id = room["id"].as_str().unwrap();
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        let sent = Form::file("a.txt", b"text").and("content", "A caption").sent(&ben, id).await;
        let stays = Form::file("a.txt", b"text").sent(&ann, other["id"].as_str().unwrap()).await;
        let mut socket = ann.socket().await;
        // More than are taken at once.
        for number in 0..2100 {
            socket.feed("send-message", &json!({ "roomId": id, "message": format!("secret {number}") })).await;
        }
        let last = socket.succeed("send-message", json!({ "roomId": id, "message": "the last" })).await;
        let kept = socket.succeed("send-message", json!({ "roomId": other["id"], "message": "kept" })).await;
        let (link, _) = link(&ben, &sent["attachment"]["id"]).await.unwrap();
        assert_eq!(fetch(&ben, &link).await.status, 200);

        ann.rest("DELETE", &format!("/api/rooms/{id}"), Value::Null).await;
        assert_eq!(fetch(&ben, &link).await.status, 404);
        so_many_lie(&program, 1).await;
        let store = opened(&program).await;
        let text = async |message: &Value| {
            let id = message["id"].as_str().unwrap().parse().unwrap();
            store.message(id).await.unwrap().unwrap().text
        };
        eventually("the texts are gone", async || {
            text(&last["data"]).await == "[Message deleted]" && text(&sent).await == "[Message deleted]"
        })
        .await;
        assert_eq!((text(&kept["data"]).await, text(&stays).await), ("kept".into(), "a.txt".into()));
        let ann_id = ann.id().parse().unwrap();
        let number = store.rooms().await.unwrap().len();
        assert_eq!(number, 2, "the main room and the den");
        eventually("its members are", async || {
            store.membership(community_chat::model::RoomNumber(2), ann_id).await.unwrap().is_none()
        })
        .await;
        assert!(store.membership(community_chat::model::RoomNumber(3), ann_id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn with_its_account_goes_all_that_it_sent_and_its_face() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let sent = Form::file("a.png", &png(50, 50)).sent(&ann, "main-chat").await;
        let stays = Form::file("b.txt", b"stays").sent(&ben, "main-chat").await;
        let (status, me) = Form::file("a.png", &png(9, 9)).send(&ann, Method::PUT, "/api/me/avatar").await;
        assert!(status.is_success(), "{me}");
        let (link, _) = link(&ben, &sent["attachment"]["id"]).await.unwrap();
        so_many_lie(&program, 4).await;
        program.say(&["user", "erase", "ann", "--messages", "anonymise"]);
        for gone in [link.as_str(), me["avatarUrl"].as_str().unwrap()] {
            assert_eq!(fetch(&ben, gone).await.status, 404);
        }
        so_many_lie(&program, 1).await;
        let history = ben.socket().await.succeed("load-messages", json!({})).await;
        assert_eq!((&history["data"][0]["message"], history["data"][0].get("attachment")), (&json!("a.png"), None));
        assert_eq!(history["data"][1]["attachment"], stays["attachment"]);
    }
}
