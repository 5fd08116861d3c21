//! What is no upload: from nobody, too much, too slow, or no file at all.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{BOUNDARY, Form, asked, lying, opened, png, so_many_lie};
use crate::harness::program::{NO_LIMITS, unlimited};
use crate::harness::{BOTH, Person, Program, eventually};
use community_chat::model::Micros;
use community_chat::store::Store;

#[tokio::test]
async fn who_may_not_speak_may_not_upload() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        let room = ann.make_room("Garden", false).await;
        let id = room["id"].as_str().unwrap();
        let refused = async |person: &Person, room: &str| Form::file("a", b"text").refused(person, room).await;
        let nobody = Person::nobody(&server);
        assert_eq!(refused(&nobody, id).await, (401, "no_token".to_owned()));
        assert_eq!(refused(&ben, id).await, (404, "room_not_found".to_owned()));
        assert_eq!(refused(&ben, "nowhere").await, (404, "room_not_found".to_owned()));
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        ann.rest("PUT", &format!("/api/rooms/{id}/mutes/{}", ben.id()), json!({ "seconds": 60 })).await;
        assert_eq!(refused(&ben, id).await, (403, "muted".to_owned()));
        ann.rest("PUT", &format!("/api/rooms/{id}/bans/{}", ben.id()), json!({})).await;
        assert_eq!(refused(&ben, id).await, (404, "room_not_found".to_owned()));
        ann.rest("PUT", &format!("/api/rooms/{id}/archive"), Value::Null).await;
        assert_eq!(refused(&ann, id).await, (409, "archived".to_owned()));
        assert_eq!(lying(&program), [""; 0]);
    }
}

#[tokio::test]
async fn what_is_no_file_or_no_picture_is_said_to_be_none() {
    for database in BOTH {
        let settings = unlimited(&[("MAX_UPLOAD_BYTES", "300000")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let huge_screen = b"GIF89a\xFF\xFF\xFF\xFF\x80\0\0\0\0\0\xFF\xFF\xFF,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
        let mut cut = png(300, 300);
        cut.truncate(cut.len() / 2);
        let long = "x".repeat(200);
        for (form, status, code) in [
            (Form::default().and("content", "no file"), 400, "file_missing"),
            (Form::file("a", b""), 400, "file_empty"),
            (Form::file("a", b"1").and_file("b", b"2"), 400, "unreadable"),
            (Form::file("a", b"1").and("content", "nul\0"), 400, "unreadable"),
            (Form::file("a", b"1").and("content", &"x".repeat(5001)), 400, "too_long"),
            (Form::file("a", b"1").and("content", &"x".repeat(70_000)), 413, "body_too_large"),
            (Form::file("a", b"1").and("clientOffset", &long), 400, "client_offset_too_long"),
            (Form::file("a", b"1").and("clientOffset", "\0"), 400, "client_offset_too_long"),
            (Form::file("a.png", b"\x89PNG\r\n\x1a\n no picture"), 400, "image_unreadable"),
            (Form::file("a.png", &cut), 400, "image_unreadable"),
            (Form::file("a.gif", huge_screen), 400, "image_too_large"),
            (Form::file("a.txt", &vec![0; 300_001]), 413, "file_too_large"),
            (Form::file("a.txt", &vec![0; 500_000]), 413, "file_too_large"),
        ] {
            assert_eq!(form.refused(&ann, "main-chat").await, (status, code.to_owned()));
        }
        let http = reqwest::Client::new();
        let url = format!("{}/api/rooms/main-chat/files", ann.url);
        for (kind, body) in
            [("application/json", "{}"), ("multipart/form-data", "x"), ("multipart/form-data; boundary=x", "y")]
        {
            let request = http.post(&url).bearer_auth(&ann.account.token).header("Content-Type", kind).body(body);
            let answer = asked(request).await;
            let said: Value = serde_json::from_slice(&answer.bytes).unwrap();
            assert_eq!((answer.status, &said["error"]["code"]), (400, &json!("unreadable")), "{kind}");
        }
        let (status, _) = Form::file("a", b"1").send(&ann, Method::PUT, "/api/rooms/main-chat/files").await;
        assert_eq!(status, 405);
        // Nothing was said, and nothing lies about.
        let mut socket = ann.socket().await;
        assert_eq!(socket.succeed("load-messages", json!({})).await["data"], json!([]));
        so_many_lie(&program, 0).await;
    }
}

#[tokio::test]
async fn uploads_of_one_account_are_counted() {
    for database in BOTH {
        let program = Program::on(database, &[("RATE_LIMIT_UPLOADS_PER_MINUTE", "2")]);
        let server = program.serve().await;
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        for _ in 0..2 {
            Form::file("a", b"1").sent(&ann, "1").await;
        }
        assert_eq!(Form::file("a", b"1").refused(&ann, "1").await, (429, "slow_down".to_owned()));
        Form::file("a", b"1").sent(&ben, "1").await;
    }
}

/// A request by hand: its head, and what is there of its body.
async fn begun(person: &Person, length: usize, body: &[u8]) -> TcpStream {
    let address = person.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/rooms/main-chat/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n",
        person.account.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 16 << 10];
    let read = tokio::time::timeout(Duration::from_secs(45), stream.read(&mut answer)).await.expect("no answer");
    String::from_utf8_lossy(&answer[..read.unwrap()]).into_owned()
}

#[tokio::test]
async fn what_is_too_much_is_refused_before_it_came() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let mut announced = begun(&ann, 100 << 20, b"").await;
        let said = answer(&mut announced).await;
        assert!(said.starts_with("HTTP/1.1 413 ") && said.contains("The file is too large (max 10 MiB)"), "{said}");

        // Without a length: as soon as it is more, while it comes.
        let http = reqwest::Client::new().post(format!("{}/api/rooms/main-chat/files", ann.url));
        let head = Form::file("a", b"").body();
        let endless = futures_util::stream::iter(
            [head[..head.len() - BOUNDARY.len() - 8].to_vec()]
                .into_iter()
                .chain(std::iter::repeat_with(|| vec![b'x'; 256 << 10]).take(100))
                .map(Ok::<_, std::io::Error>),
        );
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = http.bearer_auth(&ann.account.token).header("Content-Type", kind);
        let cut = asked(request.body(reqwest::Body::wrap_stream(endless))).await;
        let said: Value = serde_json::from_slice(&cut.bytes).unwrap();
        assert_eq!((cut.status, &said["error"]["code"]), (413, &json!("file_too_large")));
        so_many_lie(&program, 0).await;
    }
}

/// Whatever happens to its sender between the first byte and the last.
#[tokio::test]
async fn an_upload_under_way_ends_with_its_sender() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let form = Form::file("a.txt", &[b'x'; 1_000_000]).body();
        let (ann, ben) = (Person::new(&program, &server, "ann"), Person::new(&program, &server, "ben"));
        for (person, command) in
            [(&ann, ["user", "lock", "ann", ""]), (&ben, ["user", "erase", "ben", "--messages=remove"])]
        {
            let mut upload = begun(person, form.len(), &form[..600_000]).await;
            eventually("it has begun", async || program.sql("SELECT COUNT(*) FROM chat_files") == ["1"]).await;
            let said: Vec<&str> = command.into_iter().filter(|word| !word.is_empty()).collect();
            program.say(&said);
            eventually("the server has heard of it", async || {
                person.request("GET", "/api/me", Value::Null).await.0 == 401
            })
            .await;
            if command[1] == "erase" {
                // Swept, and kept in mind.
                eventually("it is swept", async || {
                    program.sql("SELECT COUNT(*) FROM chat_files WHERE gone_at > created_at + 3600000000") == ["1"]
                })
                .await;
            }
            upload.write_all(&form[600_000..]).await.unwrap();
            let said = answer(&mut upload).await;
            assert!(said.starts_with("HTTP/1.1 401 "), "{command:?}: {said}");
            so_many_lie(&program, 0).await;
            program.sql("DELETE FROM chat_files");
        }
        let store = opened(&program).await;
        let history = store.page(community_chat::model::RoomNumber::MAIN, 1, 10).await.unwrap();
        assert_eq!(history.messages.len(), 0);
    }
}

#[tokio::test]
async fn who_sends_nothing_for_half_a_minute_is_refused_and_few_at_once_can_try() {
    let stories = BOTH.map(|database| async move {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let form = Form::file("a.txt", &[b'x'; 100_000]).body();
        let started = Instant::now();
        let mut slow = Vec::new();
        for _ in 0..4 {
            slow.push(begun(&ann, form.len(), &form[..50_000]).await);
        }
        let store = opened(&program).await;
        eventually("all four are being taken in", async || drafts(&store).await == 4).await;
        assert_eq!(Form::file("a", b"1").refused(&ann, "1").await, (429, "slow_down".to_owned()));
        for stream in &mut slow {
            let said = answer(stream).await;
            assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("too_slow"), "{said}");
        }
        assert!(started.elapsed() > Duration::from_secs(29), "that was early: {:?}", started.elapsed());
        Form::file("a", b"1").sent(&ann, "1").await;
        so_many_lie(&program, 1).await;
    });
    futures_util::future::join_all(stories).await;
}

async fn drafts(store: &Store) -> usize {
    store.gone_files(Micros(i64::MAX), 100).await.unwrap().len()
}

#[tokio::test]
async fn what_a_power_cut_leaves_of_an_upload_is_served_to_nobody_and_swept() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let form = Form::file("a.txt", &vec![b'x'; 4 << 20]).body();
        let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
        let stream = begun(&ann, form.len(), &form[..3 << 20]).await;
        eventually("a part of it lies there", async || lying(&program).len() == 1).await;
        server.kill();
        drop(stream);

        let store = opened(&program).await;
        let left = store.gone_files(Micros(i64::MAX), 100).await.unwrap();
        assert_eq!((left.len(), lying(&program).len()), (1, 1));
        assert!(store.gone_files(Micros::from_chrono(chrono::Utc::now()), 100).await.unwrap().is_empty());

        let _server = program.serve_on(port).await;
        let path = format!("/api/files/{}", left[0].id);
        assert_eq!(ann.refused("GET", &path, Value::Null).await, "file_not_found");
        let links = ann.rest("GET", &format!("/api/files/urls?ids={}", left[0].id), Value::Null).await;
        assert_eq!(links["data"], json!([]));
        // As if the hour were over.
        program.sql("UPDATE chat_files SET created_at = created_at - 3600000000, gone_at = gone_at - 3600000000");
        so_many_lie(&program, 0).await;
        eventually("nothing is known of it", async || drafts(&store).await == 0).await;
    }
}
