//! A file is a message: live, in histories, once, within limits.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Form, fetch_as, jpeg, link, lying, png, so_many_lie};
use crate::harness::program::{NO_LIMITS, unlimited};
use crate::harness::{BOTH, Person, Program};

#[tokio::test]
async fn a_picture_is_a_message_that_everybody_in_the_room_hears_and_finds_later() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let room = ann.make_room("Garden", false).await;
        let id = room["id"].as_str().unwrap();
        let mut hears = ben.socket().await;
        hears.succeed("join-room", json!({ "roomId": id })).await;

        let form = Form::file("rose.jpg", &jpeg(400, 300)).and("content", "A rose").and("clientOffset", "c-83");
        let sent = form.sent(&ann, "garden").await;
        let attachment = &sent["attachment"];
        let keys: Vec<&str> = attachment.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["id", "name", "mediaType", "bytes", "width", "height", "thumbnail"]);
        assert_eq!(
            (&sent["type"], &sent["content"], &sent["roomId"], &sent["clientOffset"], &sent["user"]["username"]),
            (&json!("image"), &json!("A rose"), &room["id"], &json!("c-83"), &json!("ann"))
        );
        assert_eq!(
            (&attachment["name"], &attachment["mediaType"], &attachment["thumbnail"]),
            (&json!("rose.jpg"), &json!("image/jpeg"), &json!(true))
        );
        assert_eq!((&attachment["width"], &attachment["height"]), (&json!(400), &json!(300)));

        let heard = hears.hear("message-received").await;
        assert_eq!((&heard["id"], &heard["type"], &heard["message"]), (&sent["id"], &json!("image"), &json!("A rose")));
        assert_eq!(&heard["attachment"], attachment);
        let history = hears.succeed("load-messages", json!({ "roomId": id })).await;
        assert_eq!(&history["data"][0]["attachment"], attachment);
        let sync = hears.succeed("sync", json!({ "roomId": id, "rev": 0 })).await;
        assert_eq!(&sync["data"]["messages"][0]["attachment"], attachment);

        // Spoken as a character of one's own, and as nobody else's.
        let gandalf = ann.rest("POST", "/api/me/characters", json!({ "name": "Gandalf" })).await["id"].to_string();
        let spoken = Form::file("a.txt", b"1").and("characterId", &gandalf).sent(&ann, id).await;
        assert_eq!(spoken["character"]["name"], "Gandalf");
        let stolen = Form::file("a.txt", b"1").and("characterId", &gandalf).refused(&ben, id).await;
        assert_eq!(stolen, (404, "character_not_found".to_owned()));

        // The caption can be changed, the file stays.
        let mut anns = ann.socket().await;
        anns.succeed("edit-message", json!({ "messageId": sent["id"], "message": "Two roses" })).await;
        let edited = hears.hear("message-edited").await;
        assert_eq!((&edited["message"], &edited["attachment"]), (&json!("Two roses"), attachment));
        let sync = hears.succeed("sync", json!({ "roomId": id, "rev": 2 })).await;
        assert_eq!(&sync["data"]["messages"][0]["attachment"], attachment);
    }
}

#[tokio::test]
async fn any_other_file_is_one_and_older_frontends_see_its_name() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        for (name, shown) in [
            ("notes.txt", "notes.txt"),
            ("../../../etc/passwd", "passwd"),
            ("..\\..\\autoexec.bat", "autoexec.bat"),
            ("..", "file"),
            ("", "file"),
        ] {
            let sent = Form::file(name, b"some text").and("content", " \n").sent(&ann, "main-chat").await;
            assert_eq!((&sent["type"], &sent["content"]), (&json!("file"), &json!(shown)));
            let attachment = &sent["attachment"];
            assert_eq!(
                (&attachment["name"], &attachment["mediaType"], &attachment["bytes"]),
                (&json!(shown), &json!("application/octet-stream"), &json!(9))
            );
            assert_eq!((&attachment["width"], &attachment["thumbnail"]), (&Value::Null, &Value::Null));
            let fetched = fetch_as(&ann, &format!("/api/files/{}", attachment["id"].as_str().unwrap())).await;
            assert_eq!((fetched.status, fetched.bytes.as_slice()), (200, b"some text".as_slice()));
        }
        let recent = fetch_as(&ann, "/api/community/chat/recent").await;
        let recent: Value = serde_json::from_slice(&recent.bytes).unwrap();
        assert_eq!((&recent["data"][0]["message"], &recent["data"][0]["type"]), (&json!("notes.txt"), &json!("file")));
        assert_eq!(recent["data"][0]["attachment"]["name"], "notes.txt");
        // Below the folder of files, and nowhere else.
        assert_eq!(lying(&program).len(), 5);
        assert!(!program.folder.path().join("passwd").exists() && !program.folder.path().join("data/passwd").exists());
    }
}

#[tokio::test]
async fn twice_with_the_same_offset_is_once_and_leaves_nothing() {
    for database in BOTH {
        let settings = unlimited(&[("UPLOAD_QUOTA_BYTES", "20000")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let form = Form::file("a.txt", &[b'a'; 15_000]).and("clientOffset", "c-1");
        let first = form.clone().sent(&ann, "main-chat").await;
        // There is no place for it a second time, and none is needed.
        for again in [form, Form::file("b.txt", &[b'b'; 15_000]).with_key("c-1")] {
            let (status, answer) = again.upload(&ann, "main-chat").await;
            assert_eq!((status, &answer), (StatusCode::OK, &first));
        }
        let picture = Form::file("a.png", &png(20, 20)).with_key("c-2");
        let (one, other) = tokio::join!(picture.clone().upload(&ann, "1"), picture.upload(&ann, "1"));
        let mut statuses = [one.0.as_u16(), other.0.as_u16()];
        statuses.sort_unstable();
        assert_eq!((statuses, &one.1["id"]), ([200, 201], &other.1["id"]));
        // The first, the picture, and its thumbnail.
        so_many_lie(&program, 3).await;
        assert!(link(&ann, &first["attachment"]["id"]).await.is_some());
    }
}

#[tokio::test]
async fn files_of_one_account_have_a_quota_together_which_a_deletion_gives_back() {
    for database in BOTH {
        let settings = unlimited(&[("UPLOAD_QUOTA_BYTES", "20480"), ("MAX_UPLOAD_BYTES", "16384")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let form = |letter: u8| Form::file("a.txt", &[letter; 12_000]);
        let first = form(b'a').sent(&ann, "main-chat").await;
        let (status, refused) = form(b'b').upload(&ann, "main-chat").await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            refused["error"],
            json!({ "code": "quota_exceeded", "message": "Your files may have 20 KiB together" })
        );
        form(b'b').sent(&ben, "main-chat").await;
        assert_eq!(Form::file("a", &[0; 16_385]).refused(&ben, "1").await, (413, "file_too_large".to_owned()));

        ann.socket().await.succeed("delete-message", json!({ "messageId": first["id"] })).await;
        form(b'c').sent(&ann, "main-chat").await;
        so_many_lie(&program, 2).await;

        // At the same time there is place for one of them.
        ann.make_room("Den", true).await;
        let cat = Person::new(&program, &server, "cat");
        let both = tokio::join!(form(b'd').upload(&cat, "1"), form(b'e').upload(&cat, "1"));
        let mut statuses = [both.0.0.as_u16(), both.1.0.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 413]);
        so_many_lie(&program, 3).await;
    }
}

#[tokio::test]
async fn captions_and_names_are_looked_through_and_uploads_are_sends() {
    for database in BOTH {
        let settings = unlimited(&[("CONTENT_FILTER", "mask"), ("RATE_LIMIT_MESSAGES_PER_MINUTE", "3")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let sent = Form::file("shit.txt", b"1").and("content", "shit happens").sent(&ann, "main-chat").await;
        assert_eq!((&sent["content"], &sent["attachment"]["name"]), (&json!("**** happens"), &json!("****.txt")));
        assert_eq!((&sent["budget"]["limit"], &sent["budget"]["left"]), (&json!(3), &json!(2)));
        for left in [1, 0] {
            assert_eq!(Form::file("a", b"1").sent(&ann, "1").await["budget"]["left"], left);
        }
        assert_eq!(Form::file("a", b"1").refused(&ann, "1").await, (429, "slow_down".to_owned()));

        let program = Program::on(database, &[("CONTENT_FILTER", "reject")]);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        for form in [Form::file("shit.txt", b"1"), Form::file("a", b"1").and("content", "shit happens")] {
            assert_eq!(form.refused(&ann, "main-chat").await, (400, "inappropriate".to_owned()));
        }
        so_many_lie(&program, 0).await;
    }
}
