//! People without an account, where they are allowed; on both databases.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::harness::program::{NO_LIMITS, unlimited};
use super::harness::{BOTH, On, Person, Postgres, Program, Server, Settings, Socket, eventually};

const NO_BODY: Value = Value::Null;
const GUEST: &str = "/api/auth/guest";

fn open_house(database: On, settings: Settings<'_>) -> Program {
    let open = [("ALLOW_GUESTS", "true"), ("RATE_LIMIT_SIGNUPS_PER_HOUR", "0")];
    Program::on(database, &unlimited(&[&open, settings].concat()))
}

/// A guest by this name, as somebody who asks; the id is the guest's.
pub async fn guest(server: &Server, name: &str) -> Person {
    let mut guest = Person::nobody(server);
    let came = guest.rest("POST", GUEST, json!({ "name": name })).await;
    guest.account.id = came["user"]["guestId"].as_str().unwrap().to_owned();
    guest.account.name = came["user"]["name"].as_str().unwrap().to_owned();
    guest.account.token = came["accessToken"].as_str().unwrap().to_owned();
    guest
}

#[tokio::test]
async fn guests_come_only_where_they_are_allowed() {
    for database in BOTH {
        let mut program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (status, refused) = Person::nobody(&server).request("POST", GUEST, json!({ "name": "Zoe" })).await;
        let said = json!({ "code": "guests_off", "message": "Guests are not allowed here" });
        assert_eq!((status, &refused["error"]), (StatusCode::FORBIDDEN, &said));
        server.stop().await;

        program.set("ALLOW_GUESTS", "true");
        let server = program.serve().await;
        let zoe = guest(&server, "Zoe").await;
        let mut speaks = zoe.socket().await;
        speaks.succeed("send-message", json!({ "message": "Hello" })).await;
        server.stop().await;

        // Off again: nobody, and what they said stays.
        program.set("ALLOW_GUESTS", "false");
        let server = program.serve().await;
        let mut zoe = zoe;
        zoe.url.clone_from(&server.url);
        assert_eq!(zoe.refused("GET", "/api/rooms", NO_BODY).await, "user_not_found");
        assert_eq!(zoe.refused("POST", GUEST, NO_BODY).await, "guests_off");
        let mut turned_away = Socket::open(&server.url).await;
        turned_away.send(format!("40/api/community/chat,{}", json!({ "token": zoe.account.token }))).await;
        let answer = turned_away.frame().await.unwrap();
        assert!(answer.starts_with("44") && answer.contains("Unauthorized - User not found"), "{answer}");
        let mut nobody = Socket::connect(&server.url, json!({})).await;
        let refused = nobody.ask("authenticate-user", json!({ "token": zoe.account.token })).await;
        assert_eq!(refused["error"], "User not found");
        let history = nobody.succeed("load-messages", json!({})).await;
        assert_eq!(
            (&history["data"][0]["message"], &history["data"][0]["User"]["name"]),
            (&json!("Hello"), &json!("Zoe"))
        );
    }
}

#[tokio::test]
async fn a_guest_gets_a_token_and_a_name_of_their_own() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        ann.rest("PATCH", "/api/me", json!({ "name": "Ann Lee" })).await;
        let nobody = Person::nobody(&server);
        let (status, came) = nobody.request("POST", GUEST, json!({ "name": " Zoe " })).await;
        assert_eq!((status, &came["expiresIn"]), (StatusCode::CREATED, &json!(86400)));
        let user = &came["user"];
        assert_eq!((&user["id"], &user["username"], &user["name"]), (&NO_BODY, &json!(""), &json!("Zoe")));
        assert_eq!((&user["guest"], user["guestId"].is_string()), (&json!(true), true));
        let token = came["accessToken"].as_str().unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let keys: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            (keys, &claims["guestId"]),
            (vec!["guestId", "iat", "exp"], &user["guestId"]),
            "nothing that Node knows"
        );
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 86400);

        for (wanted, gets) in [
            ("Zoe", "Zoe (2)"),
            ("ZO\u{415}", "ZO\u{415} (3)"),
            ("ann", "ann (2)"),
            ("AnnLee", "AnnLee (2)"),
            ("System", "System (2)"),
            ("", "Anonymous"),
            ("", "Anonymous (2)"),
            ("Guest", "Guest"),
        ] {
            assert_eq!(guest(&server, wanted).await.account.name, gets, "{wanted}");
        }
        for wrong in
            [json!("x".repeat(51)), json!("a\nb"), json!("\u{202E}x"), json!(5), json!(["Zoe"]), json!("\u{200B}")]
        {
            let (status, refused) = nobody.request("POST", GUEST, json!({ "name": wrong })).await;
            assert_eq!(
                (status, &refused["error"]["code"]),
                (StatusCode::BAD_REQUEST, &json!("invalid_fields")),
                "{wrong}"
            );
            assert!(refused["errors"]["name"].is_string(), "{refused}");
        }

        // With a guest's token the guest goes on; with another's nobody becomes a guest of theirs.
        let mut zoe = Person::nobody(&server);
        zoe.account.token = token.to_owned();
        let renewed = zoe.rest("POST", GUEST, json!({ "name": "Eve", "guestId": ann.id() })).await;
        assert_eq!((&renewed["user"]["guestId"], &renewed["user"]["name"]), (&user["guestId"], &json!("Zoe")));
        let fresh = ann.rest("POST", GUEST, json!({ "name": "Ann's other" })).await;
        assert_ne!(fresh["user"]["guestId"], ann.id());
        zoe.account.token.push('x');
        assert_eq!(zoe.refused("POST", GUEST, NO_BODY).await, "invalid_token");

        // Who has not been seen for long, and is not here, has left the name to others.
        program.sql("UPDATE chat_guests SET last_seen = last_seen - 3600000000");
        let mut present = Socket::with_token(&server.url, token).await;
        assert_eq!(guest(&server, "Anonymous").await.account.name, "Anonymous");
        assert_eq!(guest(&server, "Zoe").await.account.name, "Zoe (2)", "who is connected is present");
        present.succeed("load-messages", json!({})).await;
    }
}

#[tokio::test]
async fn many_who_want_one_name_at_once_all_get_another() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let came = futures_util::future::join_all((0..120).map(|_| guest(&server, "Zoe"))).await;
        let names: std::collections::HashSet<String> = came.into_iter().map(|guest| guest.account.name).collect();
        assert_eq!(names.len(), 120);
        assert!(names.contains("Zoe") && names.contains("Zoe (120)"));
    }
}

#[tokio::test]
async fn guests_are_counted_by_address() {
    for database in BOTH {
        let settings = unlimited(&[("ALLOW_GUESTS", "true"), ("RATE_LIMIT_SIGNUPS_PER_HOUR", "2")]);
        let server = Program::on(database, &settings);
        let (program, server) = (&server, server.serve().await);
        let (_, _) = (guest(&server, "Zoe").await, guest(&server, "Zoe").await);
        assert_eq!(Person::nobody(&server).refused("POST", GUEST, NO_BODY).await, "slow_down");
        assert_eq!(program.sql("SELECT COUNT(*) FROM chat_guests"), ["2"]);
    }
}

#[tokio::test]
async fn a_guest_reads_and_writes_where_everybody_is() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let admin = Person::with_role(&program, &server, "root", "admin");
        let zoe = guest(&server, "Zoe").await;
        let (mut annes, mut zoes) = (ann.socket().await, Socket::connect(&server.url, json!({})).await);
        let known = zoes.succeed("authenticate-user", json!({ "token": zoe.account.token })).await;
        let profile = json!({ "id": null, "userid": "", "name": "Zoe", "email": null, "community_rating": 0 });
        assert_eq!(known["data"], profile);
        annes.succeed("send-message", json!({ "message": "Welcome" })).await;
        assert_eq!(zoes.hear("message-received").await["message"], "Welcome");

        let said = json!({ "message": "Hello", "clientOffset": "z-1" });
        let sent = zoes.succeed("send-message", said.clone()).await["data"].clone();
        assert_eq!((&sent["user_id"], &sent["seq"]), (&NO_BODY, &json!(2)));
        let user = json!({ "id": null, "userid": "", "name": "Zoe", "guest": true, "guestId": zoe.id() });
        assert_eq!(sent["User"], user);
        assert_eq!(annes.hear("message-received").await["message"], "Welcome");
        assert_eq!(annes.hear("message-received").await, sent);
        zoes.succeed("typing", json!({ "isTyping": true })).await;
        let typing = annes.hear("user-typing").await;
        assert_eq!((&typing["userId"], &typing["user"]), (&NO_BODY, &user));

        // Node shows every row of its table to everybody: none is a guest's.
        assert_eq!(program.sql("SELECT message FROM \"CommunityChats\""), ["Welcome"]);
        assert_eq!(program.sql("SELECT body FROM chat_log WHERE guest"), ["Hello"]);
        zoes.succeed("edit-message", json!({ "messageId": sent["id"], "message": "Hello, all" })).await;
        assert_eq!(annes.hear("message-edited").await["message"], "Hello, all");
        let mut boss = admin.socket().await;
        boss.succeed("edit-message", json!({ "messageId": sent["id"], "message": "Hello all" })).await;
        assert_eq!(program.sql("SELECT body FROM chat_log WHERE guest"), ["Hello all"]);
        let gone = zoes.succeed("send-message", json!({ "message": "Oops" })).await["data"]["id"].clone();
        zoes.succeed("delete-message", json!({ "messageId": gone })).await;
        let by_moderator = zoes.succeed("send-message", json!({ "message": "Spam" })).await["data"]["id"].clone();
        boss.succeed("delete-message", json!({ "messageId": by_moderator })).await;
        assert_eq!(program.sql("SELECT message FROM \"CommunityChats\""), ["Welcome"]);
        assert_eq!(program.sql("SELECT body FROM chat_log WHERE guest AND NOT deleted"), ["Hello all"]);

        // What is counted agrees, and a restart changes nothing.
        let figures = async |server: &Server| {
            let url = format!("{}/api/community/chat/stats", server.url);
            reqwest::get(url).await.unwrap().json::<Value>().await.unwrap()["data"].clone()
        };
        let before = figures(&server).await;
        assert_eq!((&before["totalMessages"], &before["totalUsers"]), (&json!(2), &json!(2)));
        assert_eq!(before["messagesPerDay"][0]["count"], 2);
        let history = zoes.succeed("load-messages", json!({})).await;
        server.stop().await;
        let server = program.serve().await;
        assert_eq!(figures(&server).await, before);
        let mut zoes = Socket::with_token(&server.url, &zoe.account.token).await;
        let after = zoes.succeed("load-messages", json!({})).await;
        assert_eq!((&after["data"], &after["rev"]), (&history["data"], &history["rev"]));
        let repeat = zoes.succeed("send-message", said).await["data"].clone();
        assert_eq!((&repeat["id"], &repeat["message"]), (&sent["id"], &json!("Hello all")), "a repeat is the first");
    }
}

#[tokio::test]
async fn only_the_connection_that_sent_it_changes_what_a_guest_said() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let (zoe, eve) = (guest(&server, "Zoe").await, guest(&server, "Eve").await);
        let (mut first, mut second, mut eves) = (zoe.socket().await, zoe.socket().await, eve.socket().await);
        let said = json!({ "message": "Mine", "clientOffset": "z-1" });
        let id = first.succeed("send-message", said.clone()).await["data"]["id"].clone();
        second.succeed("send-message", said).await;
        for socket in [&mut second, &mut eves] {
            let edit = socket.ask("edit-message", json!({ "messageId": id, "message": "Not mine" })).await;
            assert_eq!(
                (&edit["code"], &edit["error"]),
                (&json!("not_yours"), &json!("You can only edit your own messages"))
            );
            let delete = socket.ask("delete-message", json!({ "messageId": id })).await;
            assert_eq!(delete["error"], "You can only delete your own messages");
        }
        // A renewed token on the same connection is the same guest on the same connection.
        let renewed = zoe.rest("POST", GUEST, NO_BODY).await["accessToken"].clone();
        first.succeed("authenticate-user", json!({ "token": renewed })).await;
        first.succeed("edit-message", json!({ "messageId": id, "message": "Still mine" })).await;
        first.succeed("authenticate-user", json!({ "token": eve.account.token })).await;
        assert_eq!(first.ask("delete-message", json!({ "messageId": id })).await["code"], "not_yours");
        drop(first);
        let mut third = zoe.socket().await;
        assert_eq!(third.ask("delete-message", json!({ "messageId": id })).await["code"], "not_yours");
    }
}

#[tokio::test]
async fn public_rooms_are_open_to_guests_and_nothing_else_is() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let zoe = guest(&server, "Zoe").await;
        let garden = ann.make_room("Garden", false).await;
        let den = ann.make_room("Den", true).await["id"].as_str().unwrap().to_owned();
        let mut zoes = zoe.socket().await;
        let joined = zoes.succeed("join-room", json!({ "roomId": "garden" })).await["data"].clone();
        assert_eq!((&joined["me"]["state"], &joined["room"]["memberCount"]), (&json!("present"), &NO_BODY));
        let shown = zoe.rest("POST", "/api/rooms/garden/join", NO_BODY).await;
        assert_eq!(shown["me"]["state"], "present");
        assert_eq!(ann.rest("GET", "/api/rooms/garden", NO_BODY).await["memberCount"], 1, "present, and no member");
        let mut annes = ann.socket().await;
        annes.succeed("join-room", json!({ "roomId": "garden" })).await;
        zoes.succeed("send-message", json!({ "roomId": "garden", "message": "Nice roses" })).await;
        assert_eq!(annes.hear("message-received").await["User"]["guestId"], zoe.id());
        annes.succeed("send-message", json!({ "roomId": "garden", "message": "Thank you" })).await;
        assert_eq!(
            zoes.succeed("sync", json!({ "roomId": "garden", "rev": 0 })).await["data"]["messages"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        let list = zoe.rest("GET", "/api/rooms", NO_BODY).await;
        let names: Vec<&str> =
            list["data"].as_array().unwrap().iter().map(|room| room["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["main-chat", "Garden"]);
        assert_eq!(zoe.rest("GET", &format!("/api/users/{}", ann.id()), NO_BODY).await["username"], "ann");

        for path in ["", "/members", "/invites"] {
            assert_eq!(zoe.refused("GET", &format!("/api/rooms/{den}{path}"), NO_BODY).await, "room_not_found");
        }
        for event in ["join-room", "send-message", "sync", "load-messages"] {
            let refused = zoes.ask(event, json!({ "roomId": den, "message": "?", "rev": 0 })).await;
            assert_eq!(refused["code"], "room_not_found", "{event}");
        }
        let (other, room) = (ann.id(), garden["id"].as_str().unwrap());
        for (method, path) in [
            ("POST", "/api/rooms".to_owned()),
            ("PATCH", "/api/rooms/garden".to_owned()),
            ("DELETE", format!("/api/rooms/{room}")),
            ("PUT", format!("/api/me/directs/{other}")),
            ("PUT", format!("/api/rooms/{room}/mutes/{other}")),
            ("PUT", format!("/api/me/blocks/{other}")),
            ("DELETE", format!("/api/me/blocks/{other}")),
            ("GET", "/api/me".to_owned()),
            ("PATCH", "/api/me".to_owned()),
            ("GET", "/api/me/blocks".to_owned()),
            ("GET", "/api/me/sessions".to_owned()),
            ("DELETE", "/api/me/sessions".to_owned()),
            ("GET", "/api/me/characters".to_owned()),
            ("POST", "/api/me/characters".to_owned()),
            ("PATCH", "/api/me/characters/1".to_owned()),
            ("DELETE", "/api/me/characters/1".to_owned()),
            ("GET", "/api/users?q=an".to_owned()),
            ("GET", "/api/auth/profile".to_owned()),
            ("GET", "/api/auth/me".to_owned()),
        ] {
            let (status, answer) = zoe.request(method, &path, json!({ "name": "x", "seconds": 60 })).await;
            let said = (status, answer["error"]["code"].as_str().unwrap());
            assert_eq!(said, (StatusCode::FORBIDDEN, "account_needed"), "{method} {path}: {answer}");
        }
        let spoken = zoes.ask("send-message", json!({ "message": "As whom?", "characterId": 1 })).await;
        assert_eq!(spoken["code"], "account_needed");
        let invite = format!("/api/rooms/{den}/invites/{}", zoe.id());
        assert_eq!(ann.refused("PUT", &invite, NO_BODY).await, "user_not_found");
        assert_eq!(ann.refused("PUT", &format!("/api/me/directs/{}", zoe.id()), NO_BODY).await, "user_not_found");

        // Their own token is no refresh token, and their id is nobody's to claim.
        let refresh = json!({ "refreshToken": zoe.account.token });
        let (status, _) = Person::nobody(&server).request("POST", "/api/auth/refresh", refresh).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let mut nobody = Socket::connect(&server.url, json!({ "userId": zoe.id() })).await;
        assert_eq!(nobody.ask("send-message", json!({ "message": "It is me" })).await["code"], "not_authenticated");
        assert_eq!(
            nobody.ask("authenticate-user", json!({ "userId": zoe.id() })).await["error"],
            "User not authenticated"
        );
    }
}

#[tokio::test]
async fn the_peace_is_kept_with_guests_too() {
    for database in BOTH {
        let program = open_house(database, &[("RATE_LIMIT_MESSAGES_PER_MINUTE", "6")]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let (zoe, eve) = (guest(&server, "Zoe").await, guest(&server, "Eve").await);
        ann.make_room("Garden", false).await;
        let of = |what: &str, whom: &Person| format!("/api/rooms/garden/{what}/{}", whom.id());
        let say = json!({ "roomId": "garden", "message": "Buy!" });
        let mut zoes = zoe.socket().await;
        zoes.succeed("join-room", json!({ "roomId": "garden" })).await;

        let muted = ann.rest("PUT", &of("mutes", &zoe), json!({ "seconds": 600, "reason": "Spam" })).await;
        assert_eq!(muted["user"]["guestId"], zoe.id());
        assert_eq!(zoes.hear("member-muted").await["reason"], "Spam");
        let mut again = zoe.socket().await;
        assert_eq!(again.ask("send-message", say.clone()).await["code"], "muted", "on every connection");
        eve.socket().await.succeed("send-message", say.clone()).await;
        ann.request("DELETE", &of("mutes", &zoe), NO_BODY).await;
        zoes.succeed("send-message", say.clone()).await;

        ann.rest("PUT", "/api/rooms/garden/slow-mode", json!({ "seconds": 3600 })).await;
        assert_eq!(again.ask("send-message", say.clone()).await["code"], "slow_mode");
        ann.rest("PUT", "/api/rooms/garden/slow-mode", json!({ "seconds": 0 })).await;

        assert_eq!(ann.request("DELETE", &of("members", &zoe), NO_BODY).await.0, StatusCode::NO_CONTENT);
        assert_eq!(zoes.hear("member-kicked").await["user"]["guestId"], zoe.id());
        assert_eq!(zoes.ask("join-room", json!({ "roomId": "garden" })).await["code"], "kicked");
        for event in ["send-message", "load-messages"] {
            assert_eq!(zoes.ask(event, say.clone()).await["code"], "room_not_found", "{event}");
        }
        let mut annes = ann.socket().await;
        annes.succeed("join-room", json!({ "roomId": "garden" })).await;
        annes.succeed("send-message", json!({ "roomId": "garden", "message": "Quiet now" })).await;
        program.sql("UPDATE chat_members SET barred_until = 1 WHERE barred_until IS NOT NULL");
        eventually("the minute is over", async || {
            again.ask("join-room", json!({ "roomId": "garden" })).await["success"] == true
        })
        .await;
        assert!(zoes.heard.iter().all(|(_, heard)| heard["message"] != "Quiet now"), "{:?}", zoes.heard);

        ann.rest("PUT", &of("bans", &zoe), json!({ "reason": "Spam" })).await;
        assert_eq!(zoes.hear("member-banned").await["reason"], "Spam");
        assert_eq!(again.ask("send-message", say.clone()).await["code"], "room_not_found");
        let bans = ann.rest("GET", "/api/rooms/garden/bans", NO_BODY).await;
        assert_eq!(bans["data"][0]["user"]["guestId"], zoe.id());
        eve.socket().await.succeed("send-message", say).await;

        // Six a minute, whatever the room and the connection.
        let mut sent = 0;
        let refused = loop {
            let answer = again.ask("send-message", json!({ "message": "Hello" })).await;
            if answer["success"] != true {
                break answer;
            }
            sent += 1;
        };
        assert_eq!((sent, &refused["code"]), (5, &json!("slow_down")));
        assert_eq!(zoes.ask("send-message", json!({ "message": "Hello" })).await["code"], "slow_down");
    }
}

/// Nothing of Node's table is theirs, so nothing that is missing there was removed.
#[tokio::test]
async fn looking_for_what_others_wrote_leaves_guests_alone() {
    let program = open_house(On::Postgres, &[]);
    program.say(&["migrate", "up"]);
    let name = program.database_url.rsplit('/').next().unwrap();
    // No triggers may be made by this user: the whole table is compared each second.
    Postgres::shared().query(
        &program.database_url,
        &format!(
            "CREATE ROLE plain_{name} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain_{name}; \
             GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain_{name}; REVOKE TRIGGER ON \"Users\", \"CommunityChats\" FROM plain_{name}"
        ),
    );
    let url = program.database_url.replace("postgres@", &format!("plain_{name}@"));
    let settings = unlimited(&[("ALLOW_GUESTS", "true")]);
    let plain = Program::on_url(tempfile::tempdir().unwrap(), url, &settings);
    let ann = program.account("ann");
    let server = plain.serve().await;
    assert!(server.logged().contains("may not make triggers"), "{}", server.logged());
    let zoe = guest(&server, "Zoe").await;
    let mut zoes = zoe.socket().await;
    let sent = zoes.succeed("send-message", json!({ "message": "Hello" })).await["data"].clone();
    zoes.succeed("edit-message", json!({ "messageId": sent["id"], "message": "Hello, all" })).await;
    // When this has been found, the table has been compared.
    program.sql(&format!(
        "INSERT INTO \"CommunityChats\" (id, user_id, message, is_deleted, created_at, updated_at) \
         VALUES (gen_random_uuid(), '{}', 'From Node', false, now(), now())",
        ann.id
    ));
    loop {
        let heard = zoes.hear("message-received").await;
        if heard["message"] == "From Node" {
            break;
        }
    }
    program.sql("UPDATE \"CommunityChats\" SET message = 'From Node, again', updated_at = now()");
    assert_eq!(zoes.hear("message-edited").await["message"], "Hello, all");
    assert_eq!(zoes.hear("message-edited").await["message"], "From Node, again");
    let history = zoes.succeed("load-messages", json!({})).await;
    let texts: Vec<&str> = history["data"].as_array().unwrap().iter().map(|m| m["message"].as_str().unwrap()).collect();
    assert_eq!((texts, &history["rev"]), (vec!["Hello, all", "From Node, again"], &json!(4)));
    assert!(zoes.heard.iter().all(|(name, _)| name != "message-deleted"), "{:?}", zoes.heard);
}

#[tokio::test]
async fn guests_of_long_ago_are_forgotten_unless_their_words_are_kept() {
    for database in BOTH {
        let program = open_house(database, &[]);
        let server = program.serve().await;
        let (zoe, eve) = (guest(&server, "Zoe").await, guest(&server, "Eve").await);
        zoe.socket().await.succeed("send-message", json!({ "message": "Remember me" })).await;
        server.stop().await;
        program.sql("UPDATE chat_guests SET last_seen = last_seen - 2682000000000");
        let server = program.serve().await;
        eventually("Eve is forgotten", async || program.sql("SELECT name FROM chat_guests") == ["Zoe"]).await;
        let mut nobody = Socket::connect(&server.url, json!({})).await;
        assert_eq!(nobody.succeed("load-messages", json!({})).await["data"][0]["User"]["name"], "Zoe");
        let mut eve = eve;
        eve.url.clone_from(&server.url);
        assert_eq!(eve.refused("GET", "/api/rooms", NO_BODY).await, "user_not_found");
    }
}
