//! A room's messages by REST: pages by `seq`, sending once, changing, and who may.

use std::collections::BTreeSet;

use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use super::harness::{BOTH, Person, Program};

fn seqs(page: &Value) -> Vec<i64> {
    page["data"].as_array().unwrap().iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

async fn get(who: &Person, path: &str) -> Value {
    who.rest("GET", path, Value::Null).await
}

#[tokio::test]
async fn pages_by_seq_show_everything_once_in_both_directions() {
    for database in BOTH {
        let program = Program::on(database, super::harness::program::NO_LIMITS);
        let server = program.serve().await;
        let (ann, joe) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "joe"));
        ann.make_room("Garden", false).await;
        joe.rest("POST", "/api/rooms/garden/join", json!({})).await;
        let mut socket = ann.socket().await;
        for number in 1..=130 {
            socket.feed("send-message", &json!({ "roomId": "garden", "message": format!("number {number}") })).await;
        }
        socket.flush().await;
        let all = socket.succeed("load-messages", json!({ "roomId": "garden", "limit": 1000 })).await;
        let all = all["data"].as_array().unwrap().clone();
        assert_eq!(all.len(), 130);
        for gone in [10, 11, 80, 130] {
            socket.succeed("delete-message", json!({ "messageId": all[gone - 1]["id"] })).await;
        }
        let visible: Vec<i64> = (1..=130).filter(|seq| ![10, 11, 80, 130].contains(seq)).collect();

        let newest = get(&joe, "/api/rooms/garden/messages").await;
        assert_eq!(seqs(&newest), visible[visible.len() - 50..]);
        assert_eq!((&newest["rev"], newest["epoch"].is_string()), (&json!(134), true));
        let shown = &newest["data"][0];
        assert_eq!((&shown["type"], &shown["content"]), (&json!("text"), &json!("number 79")));
        assert_eq!((&shown["user"]["username"], &shown["userId"]), (&json!("ann"), &json!(ann.id())));
        let mut seen: Vec<i64> = seqs(&newest);
        let mut next = newest["next"].clone();
        while !next.is_null() {
            let page = get(&joe, &format!("/api/rooms/garden/messages?before={next}&limit=20")).await;
            let by_event = json!({ "roomId": "garden", "before": next, "limit": 20 });
            let by_event = joe.socket().await.succeed("load-messages", by_event).await;
            assert_eq!((seqs(&by_event), &by_event["next"]), (seqs(&page), &page["next"]));
            assert!(by_event.get("pagination").is_none());
            seen.splice(0..0, seqs(&page));
            next = page["next"].clone();
        }
        assert_eq!(seen, visible);

        let (mut seen, mut next) = (Vec::new(), json!(0));
        while !next.is_null() {
            let page = get(&joe, &format!("/api/rooms/garden/messages?after={next}&limit=40")).await;
            seen.extend(seqs(&page));
            next = page["next"].clone();
        }
        assert_eq!(seen, visible);
        let whole = get(&joe, "/api/rooms/garden/messages?limit=100000").await;
        assert_eq!((seqs(&whole), &whole["next"]), (visible, &Value::Null));
        assert_eq!(seqs(&get(&joe, "/api/rooms/garden/messages?after=128").await), [129]);
        assert_eq!(seqs(&get(&joe, "/api/rooms/garden/messages?before=1").await), [0i64; 0]);

        for wrong in ["before=x", "after=-1", "limit=0", "before=3&after=1", "limit=x"] {
            let path = format!("/api/rooms/garden/messages?{wrong}");
            assert_eq!(joe.refusal("GET", &path, Value::Null).await, "400 invalid_fields", "{wrong}");
        }
        let both = json!({ "roomId": "garden", "before": 3, "after": 1 });
        assert_eq!(socket.ask("load-messages", both).await["code"], "unreadable");
    }
}

#[tokio::test]
async fn a_message_is_sent_once_and_changed() {
    for database in BOTH {
        let program = Program::on(database, &[("MAX_MESSAGE_CHARS", "20")]);
        let server = program.serve().await;
        let (ann, joe) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "joe"));
        let mut hears = joe.socket().await;
        let path = "/api/rooms/main-chat/messages";
        let message = json!({ "content": " Hello ", "clientOffset": "c-1" });
        let (status, sent) = ann.request("POST", path, message.clone()).await;
        assert_eq!((status.as_u16(), &sent["content"], &sent["seq"]), (201, &json!("Hello"), &json!(1)));
        assert_eq!(
            (&sent["type"], &sent["isEdited"], &sent["clientOffset"]),
            (&json!("text"), &json!(false), &json!("c-1"))
        );
        let heard = hears.hear("message-received").await;
        assert_eq!((&heard["id"], heard.get("type")), (&sent["id"], None));
        let (status, again) = ann.request("POST", path, message).await;
        assert_eq!((status.as_u16(), &again), (200, &sent));

        let with_key = async |key: &[u8], text: &str| {
            let request = reqwest::Client::new().post(format!("{}{path}", server.url)).bearer_auth(&ann.account.token);
            let answer = request
                .header("idempotency-key", HeaderValue::from_bytes(key).unwrap())
                .json(&json!({ "content": text }))
                .send()
                .await
                .unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        let (status, keyed) = with_key(b"k-1", "once").await;
        assert_eq!((status, &keyed["clientOffset"]), (201, &json!("k-1")));
        assert_eq!(with_key(b"k-1", "twice").await, (200, keyed));
        assert_eq!(with_key(b"k\xff", "x").await.1["error"]["code"], "invalid_fields", "one that cannot be read");
        assert_eq!(with_key("k".repeat(129).as_bytes(), "x").await.1["error"]["code"], "client_offset_too_long");

        let waves = ann.rest("POST", path, json!({ "content": "waves", "type": "emote" })).await;
        assert_eq!((&waves["type"], &waves["content"]), (&json!("emote"), &json!("/me waves")));
        let bows = ann.socket().await.succeed("send-message", json!({ "message": "/me bows" })).await;
        assert_eq!((&bows["data"]["type"], &bows["data"]["message"]), (&json!("emote"), &json!("/me bows")));
        let id = waves["id"].as_str().unwrap();
        let (status, edited) =
            ann.request("PATCH", &format!("/api/messages/{id}"), json!({ "content": "Stays" })).await;
        assert_eq!((status.as_u16(), &edited["type"], &edited["content"]), (200, &json!("text"), &json!("Stays")));
        assert_eq!((&edited["isEdited"], &edited["seq"]), (&json!(true), &waves["seq"]));
        let read = get(&joe, path).await;
        assert_eq!(
            read["data"].as_array().unwrap().iter().find(|message| message["id"] == id).unwrap()["type"],
            "text"
        );

        for (body, refused) in [
            (json!({}), "400 empty"),
            (json!({ "content": " \n" }), "400 empty"),
            (json!({ "content": 7 }), "400 invalid_fields"),
            (json!({ "content": "x", "clientOffset": 7 }), "400 invalid_fields"),
            (json!({ "content": "x\0" }), "400 unreadable"),
            (json!({ "content": "x".repeat(21) }), "400 too_long"),
            (json!({ "content": "x".repeat(18), "type": "emote" }), "400 too_long"),
            (json!({ "content": "x", "type": "image" }), "400 unreadable"),
            (json!({ "content": "x", "type": "system" }), "400 unreadable"),
            (json!([]), "400 unreadable"),
        ] {
            assert_eq!(ann.refusal("POST", path, body.clone()).await, refused, "{body}");
        }
        let (status, gone) = ann.request("DELETE", &format!("/api/messages/{id}"), Value::Null).await;
        assert_eq!((status.as_u16(), &gone["messageId"], &gone["isDeleted"]), (200, &json!(id), &json!(true)));
        assert_eq!(gone["roomId"], waves["roomId"]);
        assert_eq!(hears.hear("message-deleted").await["rev"], gone["rev"]);
        let twice = ann.rest("DELETE", &format!("/api/messages/{id}"), Value::Null).await;
        assert_eq!(twice, gone);
        assert_eq!(
            ann.refusal("PATCH", &format!("/api/messages/{id}"), json!({ "content": "x" })).await,
            "404 message_not_found"
        );
    }
}

#[tokio::test]
async fn who_may_read_send_and_change() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let server = program.serve().await;
        let person = |name| Person::new(&program, &server, name);
        let (owner, ann, joe, outsider) = (person("owner"), person("ann"), person("joe"), person("outsider"));
        let (support, admin) = (
            Person::with_role(&program, &server, "support", "support"),
            Person::with_role(&program, &server, "admin", "admin"),
        );
        let nobody = Person::nobody(&server);
        owner.make_room("Garden", false).await;
        let (garden, main) = ("/api/rooms/garden/messages", "/api/rooms/main-chat/messages");
        for member in [&ann, &joe] {
            member.rest("POST", "/api/rooms/garden/join", json!({})).await;
        }
        let say = json!({ "content": "hello" });
        let sent = ann.rest("POST", garden, say.clone()).await;
        let message = format!("/api/messages/{}", sent["id"].as_str().unwrap());
        let in_main = ann.rest("POST", main, say.clone()).await;
        let in_main = format!("/api/messages/{}", in_main["id"].as_str().unwrap());

        assert_eq!(seqs(&get(&nobody, main).await), [1], "the main room is read by anybody");
        assert_eq!(nobody.refusal("GET", garden, Value::Null).await, "404 room_not_found");
        for (method, path, body) in
            [("POST", main, say.clone()), ("PATCH", &in_main, say.clone()), ("DELETE", &in_main, Value::Null)]
        {
            assert_eq!(nobody.refusal(method, path, body).await, "401 no_token");
        }
        for stranger in [&outsider, &support] {
            assert_eq!(stranger.refusal("GET", garden, Value::Null).await, "404 room_not_found");
            assert_eq!(stranger.refusal("POST", garden, say.clone()).await, "404 room_not_found");
            assert_eq!(stranger.refusal("PATCH", &message, say.clone()).await, "404 message_not_found");
            assert_eq!(stranger.refusal("DELETE", &message, Value::Null).await, "404 message_not_found");
        }
        assert_eq!(joe.refusal("PATCH", &message, say.clone()).await, "403 not_yours");
        let (_, refused) = joe.request("DELETE", &message, Value::Null).await;
        assert_eq!(refused["error"]["message"], "You can only delete your own messages");
        assert_eq!(owner.refusal("PATCH", &message, say.clone()).await, "403 not_yours", "moderating is no editing");
        assert_eq!(joe.refusal("PATCH", "/api/messages/7", say.clone()).await, "400 unreadable");

        assert_eq!(seqs(&get(&admin, garden).await), [1]);
        admin.rest("POST", garden, say.clone()).await;
        assert_eq!(admin.rest("PATCH", &message, json!({ "content": "milder" })).await["content"], "milder");
        owner.rest("DELETE", &format!("{message}?reason=Spam"), Value::Null).await;
        let audit = get(&owner, "/api/rooms/garden/audit").await;
        let said: BTreeSet<(&str, &str)> = audit["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["action"].as_str().unwrap(), entry["by"]["username"].as_str().unwrap()))
            .collect();
        assert_eq!(said, BTreeSet::from([("message-deleted", "owner"), ("message-edited", "admin")]));
        assert_eq!(audit["data"][0]["reason"], "Spam");

        let own = ann.rest("POST", garden, say.clone()).await;
        let own = format!("/api/messages/{}", own["id"].as_str().unwrap());
        owner.rest("PUT", &format!("/api/rooms/garden/mutes/{}", ann.id()), json!({ "seconds": 600 })).await;
        for (method, path) in [("POST", garden), ("PATCH", own.as_str())] {
            let (status, refused) = ann.request(method, path, say.clone()).await;
            assert_eq!((status.as_u16(), &refused["error"]["code"]), (403, &json!("muted")));
            assert!(refused["error"]["retryIn"].as_u64().unwrap() > 500_000);
        }
        ann.rest("DELETE", &own, Value::Null).await;
        owner.rest("PUT", "/api/rooms/garden/archive", json!({})).await;
        assert_eq!(joe.refusal("POST", garden, say.clone()).await, "409 archived");
        assert_eq!(seqs(&get(&joe, garden).await), [2], "reading goes on");

        admin.rest("PUT", &format!("/api/rooms/main-chat/bans/{}", ann.id()), json!({})).await;
        assert_eq!(seqs(&get(&ann, main).await), [1]);
        assert_eq!(ann.refusal("POST", main, say.clone()).await, "403 banned");
        assert_eq!(ann.refusal("PATCH", &in_main, say.clone()).await, "403 banned");
        assert_eq!(ann.refusal("DELETE", &in_main, Value::Null).await, "403 banned");
        let mut stale = person("stale");
        stale.account.token = "x.y.z".into();
        assert_eq!(stale.refusal("GET", main, Value::Null).await, "401 invalid_token", "a token must be good");
    }
}
