//! Guests and their names.

use super::*;
use crate::harness::{Socket, eventually};

#[tokio::test]
async fn names_are_cut_and_belong_to_one_person() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        ann.rest("PATCH", "/api/me", json!({ "name": "Ann Lee" })).await;
        let room = json!(1);
        let mut inside = Vec::new();
        let long = "n".repeat(60);
        for (wanted, gets) in [
            ("Zoe", "Zoe".to_owned()),
            (" zoe ", "zoe (2)".into()),
            ("ann", "ann (2)".into()),
            ("AnnLee", "AnnLee (2)".into()),
            ("", "Anonymous".into()),
            ("  ", "Anonymous (2)".into()),
            (&long, "n".repeat(50)),
        ] {
            let (socket, name) = guest(&server, &room, wanted).await;
            assert_eq!(name, gets, "{wanted}");
            inside.push(socket);
        }
        let (null, name) = comes(&server, &room, json!({ "username": null, "token": null })).await;
        assert_eq!(name, "Anonymous (3)");
        inside.push(null);

        // Who has gone leaves the name to others at once, also over a restart or a kill.
        inside.remove(0).close().await;
        eventually("Zoe is free", async || guest(&server, &room, "Zoe").await.1 == "Zoe").await;
        drop(inside);
        server.stop().await;
        let server = program.serve().await;
        assert_eq!(guest(&server, &room, "Anonymous").await.1, "Anonymous");
        let (_cleo, name) = guest(&server, &room, "Cleo").await;
        assert_eq!(name, "Cleo");
        // Somebody with a guest's token is on the way, and then is here.
        let cleo = crate::guests::guest(&server, "Dora").await;
        let (_other, name) = guest(&server, &room, "Dora").await;
        assert_eq!(name, "Dora (2)");
        let _here = Socket::with_token(&server.url, &cleo.account.token).await;
        assert_eq!(guest(&server, &room, "Dora").await.1, "Dora (3)");
        // A guest's own token is one, too.
        assert_eq!(comes(&server, &room, json!({ "token": cleo.account.token })).await.1, "Dora");
    }
}

#[tokio::test]
async fn where_guests_are_not_allowed_a_token_is_needed() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let nobody = Person::nobody(&server);
        let no_token = json!({ "detail": "Unauthorized - No token provided" });
        for (method, path, body) in [
            ("GET", ROOMS, NO_BODY),
            ("POST", ROOMS, json!({ "name": "Garden" })),
            ("GET", "/api/chat/rooms/1/messages", NO_BODY),
            ("DELETE", "/api/chat/rooms/1", NO_BODY),
        ] {
            let (status, answer) = nobody.request(method, path, body).await;
            assert_eq!((status.as_u16(), &answer), (401, &no_token), "{method} {path}");
        }
        for (first, content) in [
            (json!({ "username": "Zoe" }), "Guests are not allowed here"),
            (json!({ "username": "" }), "Guests are not allowed here"),
            (json!({ "token": "forged" }), "Unauthorized - Invalid token"),
        ] {
            is_refused(&mut connects(&server, &json!(1), first).await, content, 4001).await;
        }
        let garden = ann.rest("POST", ROOMS, json!({ "name": "Garden" })).await["id"].clone();
        let (mut anns, name) = comes(&server, &garden, json!({ "token": ann.account.token })).await;
        assert_eq!(name, "ann");
        anns.send(&json!({ "content": "Hello" })).await;
        let heard = anns.hear("message").await;
        let shape = json!({ "type": "message", "id": 1, "room_id": garden, "username": "ann", "content": "Hello",
            "timestamp": heard["timestamp"] });
        assert_eq!(heard, shape, "an account's is marked by nothing");
        let mut forged = ann;
        forged.account.token.push('x');
        assert_eq!(forged.request("GET", ROOMS, NO_BODY).await.0, 401);
    }
}

#[tokio::test]
async fn a_list_has_a_hundred_names_and_the_true_count() {
    let program = open_house(BOTH[0], &[]);
    let server = program.serve().await;
    let mut inside = Vec::new();
    for number in 0..105 {
        inside.push(guest(&server, &json!(1), &format!("Guest {number}")).await.0);
    }
    let last = inside.last_mut().unwrap();
    loop {
        let list = last.hear("users_list").await;
        if list["count"] == 105 {
            break assert_eq!(list["users"].as_array().unwrap().len(), 100);
        }
    }
}
