//! Reports: who may make them, who sees them, who hears of them, and what becomes of a reported message.

use serde_json::{Value, json};

use super::harness::{BOTH, On, Person, Program, Server, eventually};

struct Town {
    program: Program,
    server: Server,
    owner: Person,
    moderator: Person,
    ann: Person,
    joe: Person,
    support: Person,
    admin: Person,
}

/// A public room with an owner and a moderator, where ann and joe talk; support and an admin beside it.
async fn town(database: On) -> Town {
    let program = Program::on(database, &[]);
    let server = program.serve().await;
    let person = |name| Person::new(&program, &server, name);
    let (owner, moderator, ann, joe) = (person("owner"), person("moderator"), person("ann"), person("joe"));
    let staff = |role| Person::with_role(&program, &server, role, role);
    let (support, admin) = (staff("support"), staff("admin"));
    assert_eq!(owner.make_room("Garden", false).await["slug"], "garden");
    for member in [&moderator, &ann, &joe] {
        member.rest("POST", "/api/rooms/garden/join", json!({})).await;
    }
    let path = format!("/api/rooms/garden/members/{}", moderator.id());
    owner.rest("PUT", &path, json!({ "role": "moderator" })).await;
    Town { program, server, owner, moderator, ann, joe, support, admin }
}

impl Town {
    async fn says(&self, who: &Person, room: &str, text: &str) -> String {
        let mut socket = who.socket().await;
        socket.succeed("join-room", json!(room)).await;
        let sent = socket.succeed("send-message", json!({ "roomId": room, "message": text })).await;
        sent["data"]["id"].as_str().unwrap().to_owned()
    }

    /// What the queue shows to somebody.
    async fn queue(&self, who: &Person, query: &str) -> Vec<Value> {
        let listed = who.rest("GET", &format!("/api/moderation/reports{query}"), Value::Null).await;
        listed["data"].as_array().unwrap().clone()
    }
}

fn against(message: &str) -> String {
    format!("/api/me/reports/{message}")
}

async fn report(who: &Person, message: &str, body: Value) -> Value {
    who.rest("PUT", &against(message), body).await
}

#[tokio::test]
async fn a_message_has_one_report_and_a_person_one_voice() {
    for database in BOTH {
        let town = town(database).await;
        let id = town.says(&town.joe, "garden", "Buy!").await;
        let (mut moderator, mut owner) = (town.moderator.socket().await, town.owner.socket().await);
        let mut admin = town.admin.socket().await;

        let mut ann = town.ann.socket().await;
        let payload = json!({ "messageId": id, "reason": "spam", "note": " Third time " });
        let said = ann.succeed("report-message", payload).await["data"].clone();
        assert_eq!(
            (&said["messageId"], &said["reason"], &said["note"]),
            (&json!(id), &json!("spam"), &json!("Third time"))
        );
        assert_eq!(said["status"], "open");
        let again = report(&town.ann, &id, json!({ "reason": "spam", "note": "Third time" })).await;
        assert_eq!(again, said, "the other door, the same answer");
        let second = report(&town.owner, &id, json!({ "reason": "abuse" })).await;
        assert_eq!(second["note"], "");

        for socket in [&mut moderator, &mut owner, &mut admin] {
            let (first, then) = (socket.hear("report-received").await, socket.hear("report-received").await);
            assert_eq!((&first["count"], &then["count"]), (&json!(1), &json!(2)), "a repeat is told to nobody");
        }
        let queue = town.queue(&town.admin, "?status=open").await;
        assert_eq!(queue.len(), 1);
        let listed = &queue[0];
        assert_eq!((&listed["count"], &listed["reasons"]), (&json!(2), &json!({ "abuse": 1, "spam": 1 })));
        assert_eq!(
            (&listed["text"], &listed["isDeleted"], &listed["author"]["username"]),
            (&json!("Buy!"), &json!(false), &json!("joe"))
        );
        assert_eq!((&listed["room"]["name"], &listed["room"]["kind"]), (&json!("Garden"), &json!("public")));
        assert_eq!(
            (&listed["outcome"], &listed["closedBy"], &listed["attachment"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        let names: Vec<&Value> =
            listed["reporters"].as_array().unwrap().iter().map(|one| &one["user"]["username"]).collect();
        assert_eq!(names, ["ann", "owner"]);
        let mine = town.ann.rest("GET", "/api/me/reports", Value::Null).await;
        assert_eq!((&mine["data"][0]["messageId"], &mine["next"]), (&json!(id), &Value::Null));

        let changed = report(&town.ann, &id, json!({ "reason": "other", "note": "x" })).await;
        assert_eq!((&changed["reason"], &changed["note"]), (&json!("other"), &json!("x")));
        assert_eq!(town.queue(&town.admin, "").await[0]["count"], 2, "the same voice, in other words");
    }
}

#[tokio::test]
async fn the_text_is_as_first_reported_and_a_new_voice_opens_a_closed_report() {
    for database in BOTH {
        let town = town(database).await;
        let id = town.says(&town.joe, "garden", "Buy!").await;
        report(&town.ann, &id, json!({ "reason": "spam" })).await;
        town.joe.socket().await.succeed("edit-message", json!({ "messageId": id, "message": "Good evening" })).await;
        report(&town.moderator, &id, json!({ "reason": "spam" })).await;
        let listed = town.queue(&town.owner, "").await.remove(0);
        assert_eq!(listed["text"], "Buy!");
        let path = format!("/api/moderation/reports/{}", listed["id"].as_str().unwrap());

        let mut moderator = town.moderator.socket().await;
        let ruling = json!({ "status": "closed", "outcome": "acted", "note": "Muted" });
        let closed = town.owner.rest("PUT", &path, ruling.clone()).await;
        assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("acted")));
        assert_eq!((&closed["closedBy"]["username"], &closed["note"]), (&json!("owner"), &json!("Muted")));
        let told = moderator.hear("report-closed").await;
        assert_eq!((&told["reportId"], &told["outcome"]), (&listed["id"], &json!("acted")));
        assert_eq!(told["roomId"], listed["room"]["id"]);
        assert_eq!(
            town.admin.rest("PUT", &path, ruling).await["closedBy"]["username"],
            "owner",
            "a repeat changes nothing"
        );
        let audit = town.owner.rest("GET", "/api/rooms/garden/audit", Value::Null).await;
        let closings =
            audit["data"].as_array().unwrap().iter().filter(|entry| entry["action"] == "report-closed").count();
        assert_eq!(closings, 1, "{audit}");
        assert!(town.queue(&town.owner, "").await.is_empty());
        assert_eq!(town.queue(&town.owner, "?status=closed").await.len(), 1);
        assert_eq!(town.ann.rest("GET", "/api/me/reports", Value::Null).await["data"][0]["status"], "closed");

        report(&town.ann, &id, json!({ "reason": "spam" })).await;
        assert!(town.queue(&town.owner, "").await.is_empty(), "the same voice opens nothing");
        report(&town.owner, &id, json!({ "reason": "spam" })).await;
        let listed = town.queue(&town.moderator, "").await.remove(0);
        assert_eq!(
            (&listed["count"], &listed["outcome"], &listed["closedBy"]),
            (&json!(3), &Value::Null, &Value::Null)
        );
        assert_eq!(moderator.hear("report-received").await["count"], 3);
        town.owner.rest("PUT", &path, json!({ "status": "closed", "outcome": "dismissed" })).await;
        let opened = town.support.rest("PUT", &path, json!({ "status": "open" })).await;
        assert_eq!((&opened["status"], &opened["outcome"]), (&json!("open"), &Value::Null));
    }
}

#[tokio::test]
async fn who_sees_what() {
    for database in BOTH {
        let town = town(database).await;
        let by_joe = town.says(&town.joe, "garden", "by joe").await;
        let by_moderator = town.says(&town.moderator, "garden", "by the moderator").await;
        let in_main = town.says(&town.joe, "main-chat", "in the main room").await;
        let direct = town.joe.rest("PUT", &format!("/api/me/directs/{}", town.ann.id()), json!({})).await;
        let direct = direct["id"].as_str().unwrap().to_owned();
        let between_two = town.says(&town.joe, &direct, "between two").await;
        for id in [&by_joe, &by_moderator, &in_main, &between_two] {
            report(&town.ann, id, json!({ "reason": "illegal" })).await;
        }
        let texts = async |who: &Person, query: &str| -> Vec<String> {
            town.queue(who, query).await.iter().map(|listed| listed["text"].as_str().unwrap().to_owned()).collect()
        };
        for staff in [&town.support, &town.admin] {
            let all = ["by joe", "by the moderator", "in the main room", "between two"];
            assert_eq!(texts(staff, "").await, all, "oldest first");
            assert_eq!(texts(staff, &format!("?roomId={direct}")).await, ["between two"]);
            assert_eq!(texts(staff, "?roomId=garden").await, ["by joe", "by the moderator"]);
        }
        assert_eq!(texts(&town.owner, "").await, ["by joe", "by the moderator"]);
        assert_eq!(texts(&town.moderator, "").await, ["by joe"], "none about their own messages");
        assert!(texts(&town.ann, "").await.is_empty());
        let seen = town.queue(&town.owner, "").await.remove(0);
        assert!(seen.get("reporters").is_none(), "{seen}");
        // Of those who see it, only those hear it.
        let own = town.queue(&town.owner, "").await[1]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/moderation/reports/{own}");
        let closing = json!({ "status": "closed" });
        for stranger in [&town.moderator, &town.ann, &town.joe] {
            assert_eq!(stranger.refusal("GET", &path, Value::Null).await, "404 report_not_found");
            assert_eq!(stranger.refusal("PUT", &path, closing.clone()).await, "404 report_not_found");
        }
        let queue = "/api/moderation/reports?roomId=";
        assert_eq!(town.ann.refusal("GET", &format!("{queue}garden"), Value::Null).await, "403 not_allowed");
        assert_eq!(town.ann.refusal("GET", &format!("{queue}{direct}"), Value::Null).await, "403 not_allowed");
        assert_eq!(town.owner.refusal("GET", &format!("{queue}{direct}"), Value::Null).await, "404 room_not_found");
        assert_eq!(town.owner.refusal("GET", &format!("{queue}main-chat"), Value::Null).await, "403 not_allowed");
        let nobody = Person::nobody(&town.server);
        assert_eq!(nobody.refusal("GET", &path, Value::Null).await, "401 no_token");
        assert_eq!(nobody.refusal("GET", "/api/moderation/reports", Value::Null).await, "401 no_token");
        let wrong = json!({ "status": "done", "outcome": 7, "note": [] });
        let (status, wrong) = town.owner.request("PUT", &path, wrong).await;
        assert_eq!((status.as_u16(), wrong["error"]["fields"].as_object().unwrap().len()), (400, 3), "{wrong}");
        assert_eq!(town.owner.refusal("PUT", &path, json!({})).await, "400 invalid_fields");

        assert_eq!(town.admin.all("/api/moderation/reports?limit=3").await.len(), 4);
        let mine = town.ann.rest("GET", "/api/me/reports?limit=3", Value::Null).await;
        let rest = town
            .ann
            .rest("GET", &format!("/api/me/reports?after={}", mine["next"].as_str().unwrap()), Value::Null)
            .await;
        assert_eq!(
            (mine["data"][0]["messageId"].clone(), rest["data"][0]["messageId"].clone()),
            (json!(between_two), json!(by_joe))
        );
    }
}

#[tokio::test]
async fn what_cannot_be_reported() {
    for database in BOTH {
        let town = town(database).await;
        let id = town.says(&town.joe, "garden", "hello").await;
        let spam = json!({ "reason": "spam" });
        let outsider = Person::new(&town.program, &town.server, "outsider");
        assert_eq!(outsider.refusal("PUT", &against(&id), spam.clone()).await, "404 message_not_found");
        assert_eq!(town.support.refusal("PUT", &against(&id), spam.clone()).await, "404 message_not_found");
        assert_eq!(town.joe.refusal("PUT", &against(&id), spam.clone()).await, "400 yourself");
        let nowhere = "0192f0c1-7a52-7cc3-9d0f-2a4e5b6c7d8e";
        assert_eq!(town.ann.refusal("PUT", &against(nowhere), spam.clone()).await, "404 message_not_found");
        assert_eq!(town.ann.refusal("PUT", &against("7"), spam.clone()).await, "400 unreadable");
        for bad in [json!({}), json!({ "reason": "boring" }), json!({ "reason": "spam", "note": "x".repeat(501) })] {
            assert_eq!(town.ann.refusal("PUT", &against(&id), bad).await, "400 invalid_fields");
        }
        let nobody = Person::nobody(&town.server).refusal("PUT", &format!("/api/me/reports/{id}"), spam.clone()).await;
        assert_eq!(nobody, "401 no_token");
        // A banned one of the main room reads, and says nothing.
        let in_main = town.says(&town.joe, "main-chat", "hello all").await;
        let ban = format!("/api/rooms/main-chat/bans/{}", town.ann.id());
        town.admin.rest("PUT", &ban, json!({})).await;
        assert_eq!(town.ann.refusal("PUT", &against(&in_main), spam.clone()).await, "403 banned");
        // A deleted one cannot be reported; what was said before stands.
        report(&town.ann, &id, spam.clone()).await;
        town.joe.socket().await.succeed("delete-message", json!({ "messageId": id })).await;
        assert_eq!(town.owner.refusal("PUT", &against(&id), spam.clone()).await, "404 message_not_found");
        report(&town.ann, &id, spam).await;
        let listed = town.queue(&town.admin, "").await.remove(0);
        assert_eq!((&listed["isDeleted"], &listed["text"]), (&json!(true), &json!("hello")));
    }
}

#[tokio::test]
async fn reports_have_a_limit_of_their_own() {
    let program = Program::on(On::Sqlite, &[("RATE_LIMIT_REPORTS_PER_HOUR", "2")]);
    let server = program.serve().await;
    let (ann, joe) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "joe"));
    let sent = joe.socket().await.succeed("send-message", json!({ "message": "hello" })).await;
    let id = sent["data"]["id"].as_str().unwrap();
    for _ in 0..2 {
        report(&ann, id, json!({ "reason": "spam" })).await;
    }
    let (status, refused) = ann.request("PUT", &against(id), json!({ "reason": "spam" })).await;
    assert_eq!((status.as_u16(), &refused["error"]["code"]), (429, &json!("slow_down")));
    assert!(refused["error"]["retryIn"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn support_and_admins_delete_what_is_reported_and_nothing_else() {
    for database in BOTH {
        let town = town(database).await;
        let direct = town.joe.rest("PUT", &format!("/api/me/directs/{}", town.ann.id()), json!({})).await;
        let direct = direct["id"].as_str().unwrap().to_owned();
        let (one, other) = (town.says(&town.joe, &direct, "one").await, town.says(&town.joe, &direct, "other").await);
        let in_garden = town.says(&town.joe, "garden", "in the garden").await;
        let delete = async |who: &Person, id: &str| {
            who.socket().await.ask("delete-message", json!({ "messageId": id, "reason": "Abuse" })).await
        };
        for id in [&one, &other, &in_garden] {
            assert_eq!(delete(&town.support, id).await["code"], "message_not_found");
        }
        for id in [&one, &other, &in_garden] {
            report(&town.ann, id, json!({ "reason": "abuse" })).await;
        }
        assert_eq!(delete(&town.moderator, &one).await["code"], "message_not_found", "nobody else");
        let mut ann = town.ann.socket().await;
        ann.succeed("join-room", json!(direct)).await;
        assert_eq!(delete(&town.support, &one).await["success"], true);
        assert_eq!(ann.hear("message-deleted").await["id"], one.as_str());
        assert_eq!(delete(&town.admin, &other).await["success"], true);
        assert_eq!(delete(&town.support, &in_garden).await["success"], true);
        let audit = town.owner.rest("GET", "/api/rooms/garden/audit", Value::Null).await;
        let entry = &audit["data"][0];
        assert_eq!((&entry["action"], &entry["reason"]), (&json!("message-deleted"), &json!("Abuse")));
        assert_eq!((&entry["by"]["username"], &entry["target"]["username"]), (&json!("support"), &json!("joe")));
        // To read it where it stands is another thing; and what is closed is open to them no more.
        let read = town.support.socket().await.ask("load-messages", json!({ "roomId": direct })).await;
        assert_eq!(read["error"], "Room not found");
        let third = town.says(&town.joe, &direct, "third").await;
        report(&town.ann, &third, json!({ "reason": "abuse" })).await;
        let listed = town.queue(&town.support, &format!("?roomId={direct}")).await.pop().unwrap();
        let path = format!("/api/moderation/reports/{}", listed["id"].as_str().unwrap());
        town.support.rest("PUT", &path, json!({ "status": "closed", "outcome": "dismissed" })).await;
        assert_eq!(delete(&town.support, &third).await["code"], "message_not_found");
    }
}

#[tokio::test]
async fn the_copy_of_the_text_goes_ninety_days_after_the_closing() {
    for database in BOTH {
        let town = town(database).await;
        let ids = [town.says(&town.joe, "garden", "old").await, town.says(&town.joe, "garden", "new").await];
        for id in &ids {
            report(&town.ann, id, json!({ "reason": "spam" })).await;
        }
        for listed in town.queue(&town.owner, "").await {
            let path = format!("/api/moderation/reports/{}", listed["id"].as_str().unwrap());
            town.owner.rest("PUT", &path, json!({ "status": "closed" })).await;
        }
        let Town { program, server, owner, ann, joe, moderator, support, admin } = town;
        let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
        server.stop().await;
        let ninety_days = 90i64 * 24 * 3600 * 1_000_000;
        program.sql(&format!("UPDATE chat_reports SET closed_at = closed_at - {ninety_days} WHERE text = 'old'"));
        let server = program.serve_on(port).await;
        let town = Town { program, server, owner, ann, joe, moderator, support, admin };
        eventually("the copy goes", async || town.queue(&town.owner, "?status=closed").await[0]["text"].is_null())
            .await;
        assert_eq!(town.queue(&town.owner, "?status=closed").await[1]["text"], "new");
        // Reported anew, it is copied anew.
        report(&town.moderator, &ids[0], json!({ "reason": "spam" })).await;
        assert_eq!(town.queue(&town.owner, "").await[0]["text"], "old");
    }
}
