//! Every line of the dialect's REST, as its document has it.

use serde_json::{Value, json};

use super::super::files::{Form, fetch_as};
use super::super::harness::program::NO_LIMITS;
use super::super::harness::{BOTH, Person, Program, serve_to};
use super::{NO_BODY, keys};

/// The cookie that a browser keeps for its next refresh.
fn refresh_cookie(answer: &reqwest::Response) -> String {
    let cookies = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.into_iter().find(|cookie| cookie.starts_with("refreshToken=")).unwrap();
    assert!(cookie.contains("HttpOnly"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn accounts() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let http = reqwest::Client::new();
        let post = |path: &str, body: Value| http.post(format!("{}{path}", server.url)).json(&body);
        let zoe = json!({ "username": "zoe", "email": "zoe@example.com", "password": "correct horse 1" });
        let answer = post("/api/auth/register", zoe.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let registered: Value = answer.json().await.unwrap();
        assert_eq!(registered["user"]["username"], "zoe", "{registered}");
        let taken = post("/api/auth/register", zoe.clone()).send().await.unwrap();
        assert_eq!(taken.status(), 409);
        let taken: Value = taken.json().await.unwrap();
        assert!(taken["error"]["code"].is_string() && taken["error"]["message"].is_string(), "{taken}");
        let long = json!({ "username": "z".repeat(51), "email": "z@example.com", "password": "correct horse 1" });
        let too_long = post("/api/auth/register", long).send().await.unwrap();
        assert_eq!(too_long.status(), 400);
        assert!(too_long.json::<Value>().await.unwrap()["error"]["fields"]["username"].is_string());

        let body = json!({ "identifier": "zoe", "password": "correct horse 1" });
        let answer = post("/api/auth/login", body).send().await.unwrap();
        let cookie = refresh_cookie(&answer);
        let session: Value = answer.json().await.unwrap();
        assert!(session["user"].is_object() && session["accessToken"].is_string(), "{session}");
        assert!(session["expiresIn"].is_number(), "{session}");
        let me = http.get(format!("{}/api/auth/me", server.url)).bearer_auth(session["accessToken"].as_str().unwrap());
        let me: Value = me.send().await.unwrap().json().await.unwrap();
        assert!(me.to_string().contains("\"zoe\""), "{me}");

        // Rotated at each use; the used one is good for some seconds still.
        let answer = post("/api/auth/refresh", json!({})).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let next = refresh_cookie(&answer);
        assert_ne!(next, cookie);
        assert!(answer.json::<Value>().await.unwrap()["accessToken"].is_string());
        let again = post("/api/auth/refresh", json!({})).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(again.status(), 200, "two tabs, or a lost answer");
        let out = post("/api/auth/logout", json!({})).header("cookie", &next).send().await.unwrap();
        assert!(out.status().is_success(), "{}", out.status());
        let ended = post("/api/auth/refresh", json!({})).header("cookie", &next).send().await.unwrap();
        assert_eq!(ended.status(), 401);
    }
}

#[tokio::test]
async fn rooms_members_and_messages() {
    for database in BOTH {
        let (_program, server, [ann, ben]) = serve_to(database, NO_LIMITS, ["ann", "ben"]).await;
        let made = ann.make_room("Garden", false).await;
        assert_eq!(keys(&made)[..7], ["id", "name", "description", "isPrivate", "createdBy", "createdAt", "updatedAt"]);
        let room = format!("/api/rooms/{}", made["id"].as_str().unwrap());
        let at = |rest: &str| format!("{room}{rest}");
        let list = ben.rest("GET", "/api/rooms", NO_BODY).await;
        assert_eq!(keys(&list), ["data", "next"]);
        assert_eq!(list["data"][1]["id"], made["id"]);
        assert_eq!(ben.rest("GET", &room, NO_BODY).await["name"], "Garden");
        let renamed = ann.rest("PATCH", &room, json!({ "name": "Orchard", "description": "Trees" })).await;
        assert_eq!((&renamed["name"], &renamed["description"]), (&json!("Orchard"), &json!("Trees")));
        assert_eq!(ben.refusal("PATCH", &room, json!({ "name": "Mine" })).await, "403 not_allowed");

        assert_eq!(ben.refusal("GET", &at("/messages"), NO_BODY).await, "404 room_not_found");
        assert_eq!(ben.rest("POST", &at("/join"), NO_BODY).await["me"]["role"], "member");
        assert_eq!(ben.rest("GET", &at("/members"), NO_BODY).await["data"].as_array().unwrap().len(), 2);
        let member = at(&format!("/members/{}", ben.id()));
        assert_eq!(ann.rest("PUT", &member, json!({ "role": "moderator" })).await["role"], "moderator");

        let sent = ben.rest("POST", &at("/messages"), json!({ "content": "Hello", "type": "text" })).await;
        assert_eq!(
            keys(&sent)[..8],
            ["id", "roomId", "userId", "content", "type", "isEdited", "createdAt", "updatedAt"]
        );
        for number in 2..=5 {
            ann.rest("POST", &at("/messages"), json!({ "content": format!("{number}") })).await;
        }
        for (query, seqs, next) in [
            ("before=4&limit=2", vec![2, 3], json!(2)),
            ("after=1&limit=2", vec![2, 3], json!(3)),
            ("after=3", vec![4, 5], Value::Null),
        ] {
            let page = ben.rest("GET", &at(&format!("/messages?{query}")), NO_BODY).await;
            let shown: Vec<i64> =
                page["data"].as_array().unwrap().iter().map(|message| message["seq"].as_i64().unwrap()).collect();
            assert_eq!((shown, &page["next"]), (seqs, &next), "{query}");
        }
        let message = format!("/api/messages/{}", sent["id"].as_str().unwrap());
        assert_eq!(ben.rest("PATCH", &message, json!({ "content": "Hi" })).await["isEdited"], true);
        assert_eq!(ann.refusal("PATCH", &message, json!({ "content": "Mine" })).await, "403 not_yours");
        assert_eq!(ann.rest("DELETE", &message, NO_BODY).await["isDeleted"], true);
        assert_eq!(ann.refusal("DELETE", "/api/messages/x", NO_BODY).await, "400 unreadable");

        ben.rest("POST", &at("/leave"), NO_BODY).await;
        ben.rest("POST", &at("/join"), NO_BODY).await;
        ann.rest("DELETE", &member, NO_BODY).await;
        assert_eq!(ben.refusal("POST", &at("/join"), NO_BODY).await, "403 kicked");
        assert_eq!(Person::nobody(&server).refusal("GET", "/api/rooms", NO_BODY).await, "401 no_token");
        let main = Person::nobody(&server).rest("GET", "/api/rooms/main-chat/messages", NO_BODY).await;
        assert_eq!(main["data"], json!([]), "to be read by anybody");
        let same = json!({ "name": "Orchard", "slug": "orchard" });
        ann.rest("POST", "/api/rooms", same.clone()).await;
        assert_eq!(ann.refusal("POST", "/api/rooms", same).await, "409 slug_taken");
        ann.rest("DELETE", &room, NO_BODY).await;
        assert_eq!(ann.refusal("GET", &room, NO_BODY).await, "404 room_not_found");
    }
}

#[tokio::test]
async fn files_and_their_limits() {
    for database in BOTH {
        let settings: Vec<_> = NO_LIMITS
            .iter()
            .copied()
            .chain([("MAX_UPLOAD_BYTES", "1000"), ("RATE_LIMIT_ROOMS_PER_HOUR", "1")])
            .collect();
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let room = super::room_of(&ann, "Garden").await;
        let sent = Form::file("notes.txt", &[b'x'; 10]).sent(&ann, &room).await;
        let path = format!("/api/files/{}", sent["attachment"]["id"].as_str().unwrap());
        let fetched = fetch_as(&ann, &path).await;
        assert_eq!((fetched.status, fetched.bytes), (200, vec![b'x'; 10]));
        let refused = Form::file("notes.txt", &[b'x'; 5000]).refused(&ann, &room).await;
        assert_eq!(refused, (413, "file_too_large".into()));
        let request = reqwest::Client::new().post(format!("{}/api/rooms", server.url)).json(&json!({ "name": "More" }));
        let refused = request.bearer_auth(&ann.account.token).send().await.unwrap();
        assert_eq!(refused.status(), 429);
        assert!(refused.headers().contains_key("retry-after"));
    }
}
