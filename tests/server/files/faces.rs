//! What people look like.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Form, asked, fetch, jpeg, png, so_many_lie};
use crate::harness::program::{NO_LIMITS, unlimited};
use crate::harness::{BOTH, Person, Program};

async fn put(person: &Person, kind: &str, bytes: Vec<u8>) -> (u16, Value) {
    let request = reqwest::Client::new().put(format!("{}/api/me/avatar", person.url)).header("Content-Type", kind);
    let answer = asked(request.bearer_auth(&person.account.token).body(bytes)).await;
    (answer.status, serde_json::from_slice(&answer.bytes).unwrap_or(Value::Null))
}

/// As others see them.
async fn face(seen_by: &Person, room: &str) -> Value {
    let members = seen_by.rest("GET", &format!("/api/rooms/{room}/members?role=owner"), Value::Null).await;
    members["data"][0]["user"]["avatarUrl"].clone()
}

#[tokio::test]
async fn a_face_is_a_square_that_everybody_sees_until_it_is_another() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben] = ["ann", "ben"].map(|name| Person::new(&program, &server, name));
        let nobody = Person::nobody(&server);
        let room = ann.make_room("Garden", false).await;
        let id = room["id"].as_str().unwrap();
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        assert_eq!(face(&ben, id).await, Value::Null);

        let mut hears = ben.socket().await;
        let (status, me) = put(&ann, "image/png", png(400, 300)).await;
        assert_eq!((status, &me["username"]), (200, &json!("ann")));
        let first = me["avatarUrl"].as_str().unwrap();
        assert!(first.starts_with("/api/files/") && first.contains("&u=0&s="), "{first}");
        assert_eq!(face(&ben, id).await, first, "the same link for an hour");
        let edited = hears.hear("users-edited").await;
        assert_eq!((&edited["users"][0]["username"], &edited["users"][0]["avatarUrl"]), (&json!("ann"), &json!(first)));
        let shown = fetch(&nobody, first).await;
        let image = image::load_from_memory(&shown.bytes).unwrap();
        assert_eq!((shown.status, image.width(), image.height()), (200, 256, 256));
        assert_eq!(
            (shown.header("content-type"), shown.header("content-security-policy")),
            ("image/jpeg", "default-src 'none'; sandbox")
        );
        assert!(shown.header("content-disposition").starts_with("inline;"));
        // The end is signed too, and without the link it is for people with an identity.
        assert_eq!(nobody.refused("GET", &first.replace("e=1", "e=2"), Value::Null).await, "link_expired");
        let path = first.split_once('?').unwrap().0;
        assert_eq!(nobody.refused("GET", path, Value::Null).await, "file_not_found");

        let (status, me) = Form::file("me.jpg", &jpeg(30, 60)).send(&ann, Method::PUT, "/api/me/avatar").await;
        assert_eq!(status, 200);
        let second = me["avatarUrl"].as_str().unwrap();
        assert_eq!((fetch(&nobody, second).await.status, fetch(&nobody, first).await.status), (200, 404));
        assert_eq!(face(&ben, id).await, second);
        so_many_lie(&program, 1).await;

        for _ in 0..2 {
            ann.rest("DELETE", "/api/me/avatar", Value::Null).await;
        }
        assert_eq!((face(&ben, id).await, fetch(&nobody, second).await.status), (Value::Null, 404));
        while hears.hear("users-edited").await["users"][0]["avatarUrl"] != Value::Null {}
        so_many_lie(&program, 0).await;
    }
}

#[tokio::test]
async fn what_is_no_face_is_refused_and_the_old_one_stays() {
    for database in BOTH {
        let settings = unlimited(&[("RATE_LIMIT_PROFILE_EDITS_PER_HOUR", "9")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let (ann, nobody) = (Person::new(&program, &server, "ann"), Person::nobody(&server));
        let (_, me) = put(&ann, "image/png", png(20, 20)).await;
        let huge = vec![0; (2 << 20) + 1];
        let form = format!("multipart/form-data; boundary={}", super::BOUNDARY);
        for (kind, bytes, status, code) in [
            ("image/png", Vec::new(), 400, "file_empty"),
            ("image/png", b"no image".to_vec(), 400, "image_unreadable"),
            ("image/svg+xml", b"<svg/>".to_vec(), 400, "image_unreadable"),
            ("image/png", huge.clone(), 413, "file_too_large"),
            (form.as_str(), Form::file("a", &huge).body(), 413, "file_too_large"),
            (form.as_str(), Form::default().and("x", "y").body(), 400, "file_missing"),
            ("multipart/form-data", b"x".to_vec(), 400, "unreadable"),
        ] {
            let (got, answer) = put(&ann, kind, bytes).await;
            assert_eq!((got, &answer["error"]["code"]), (status, &json!(code)), "{kind}");
        }
        assert_eq!(fetch(&nobody, me["avatarUrl"].as_str().unwrap()).await.status, 200);
        assert_eq!(nobody.refused("DELETE", "/api/me/avatar", Value::Null).await, "no_token");
        assert_eq!(put(&ann, "image/png", png(20, 20)).await.0, 200);
        assert_eq!(put(&ann, "image/png", png(20, 20)).await.0, 429);
    }
}
