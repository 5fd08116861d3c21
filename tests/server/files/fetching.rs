//! Who may fetch a file, and what is sent.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Fetched, Form, asked, fetch, fetch_as, jpeg, link, png};
use crate::harness::program::{NO_LIMITS, unlimited};
use crate::harness::{BOTH, Person, Program};

#[tokio::test]
async fn a_link_is_good_for_its_reader_as_long_as_they_may_read() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let [ann, ben, eve] = ["ann", "ben", "eve"].map(|name| Person::new(&program, &server, name));
        let nobody = Person::nobody(&server);
        let room = ann.make_room("Garden", false).await;
        let id = room["id"].as_str().unwrap();
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        let sent = Form::file("rose.jpg", &jpeg(400, 300)).sent(&ann, id).await;
        let file = &sent["attachment"]["id"];
        let path = format!("/api/files/{}", file.as_str().unwrap());

        let (whole, thumbnail) = link(&ben, file).await.unwrap();
        let fetched = fetch(&nobody, &whole).await;
        assert_eq!((fetched.status, fetched.header("content-type")), (200, "image/jpeg"));
        assert_eq!(json!(fetched.bytes.len()), sent["attachment"]["bytes"]);
        let small = fetch(&nobody, &thumbnail.unwrap()).await;
        let small_size = image::load_from_memory(&small.bytes).unwrap();
        assert_eq!((small_size.width(), small_size.height(), small.header("content-type")), (320, 240, "image/jpeg"));
        assert_eq!(fetch_as(&ben, &path).await.bytes, fetched.bytes);
        assert_eq!(fetch_as(&ben, &format!("{path}?thumbnail=1")).await.bytes, small.bytes);

        // Who is not in the room: no link, and nothing without one. Nor is there one for nobody.
        for outside in [&eve, &nobody] {
            assert!(link(outside, file).await.is_none());
            assert_eq!(outside.refused("GET", &path, Value::Null).await, "file_not_found");
        }
        let wrong = reqwest::Client::new().get(format!("{}{path}", ann.url)).bearer_auth("forged");
        assert_eq!(asked(wrong).await.status, 401);

        // A link of somebody else, of another file, of another time, half of one.
        let query = whole.split_once('?').unwrap().1;
        let forged = [
            whole.replace(ben.id(), ann.id()),
            whole.replace(&format!("u={}", ben.id()), "u=0"),
            whole.replace("e=1", "e=2"),
            whole.replace("&s=", "&s=A"),
            path.clone() + "?e=9999999999&u=0",
            path.clone() + "?s=",
            format!("/api/files/{}?{query}", ann.id()),
        ];
        for forged in forged {
            assert_eq!(nobody.refused("GET", &forged, Value::Null).await, "link_expired", "{forged}");
        }

        // What a ban takes, it takes at once, from links too.
        ann.rest("PUT", &format!("/api/rooms/{id}/bans/{}", ben.id()), json!({})).await;
        assert_eq!(nobody.refused("GET", &whole, Value::Null).await, "file_not_found");
        assert_eq!(ben.refused("GET", &path, Value::Null).await, "file_not_found");
        assert!(link(&ben, file).await.is_none());
        ann.rest("DELETE", &format!("/api/rooms/{id}/bans/{}", ben.id()), Value::Null).await;
        assert_eq!(fetch(&nobody, &whole).await.status, 404, "nobody is a member by that");
        ben.rest("POST", &format!("/api/rooms/{id}/join"), Value::Null).await;
        assert_eq!(fetch(&nobody, &whole).await.status, 200);
        ben.rest("POST", &format!("/api/rooms/{id}/leave"), Value::Null).await;
        assert_eq!(fetch(&nobody, &whole).await.status, 404);
    }
}

#[tokio::test]
async fn files_of_main_chat_are_for_anybody_and_links_end() {
    for database in BOTH {
        let program = Program::on(database, &[("FILE_URL_SECONDS", "1")]);
        let server = program.serve().await;
        let (ann, nobody) = (Person::new(&program, &server, "ann"), Person::nobody(&server));
        let sent = Form::file("a.txt", b"text").sent(&ann, "main-chat").await;
        let file = &sent["attachment"]["id"];
        let (whole, thumbnail) = link(&nobody, file).await.unwrap();
        assert!(whole.contains("&u=0&") && thumbnail.is_none());
        assert_eq!(fetch(&nobody, &whole).await.bytes, b"text");
        assert_eq!(fetch(&nobody, &format!("{whole}&thumbnail=1")).await.status, 404);
        let bens = Person::new(&program, &server, "ben");
        let (others, _) = link(&bens, file).await.unwrap();
        let ends = others.split_once("?e=").unwrap().1.split_once('&').unwrap().0.parse::<i64>().unwrap();
        while chrono::Utc::now().timestamp() < ends {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for ended in [whole, others] {
            assert_eq!(nobody.refused("GET", &ended, Value::Null).await, "link_expired");
        }
        let asked_for = format!("/api/files/urls?ids={},{}", file.as_str().unwrap(), ann.id());
        let links = ann.rest("GET", &asked_for, Value::Null).await;
        assert_eq!(links["data"].as_array().unwrap().len(), 1, "what is not there is left out");
        for bad in ["", "x", &vec![ann.id(); 101].join(",")] {
            let path = format!("/api/files/urls?ids={bad}");
            assert_eq!(ann.refused("GET", &path, Value::Null).await, "invalid_fields");
        }
        assert_eq!(ann.refused("GET", "/api/files/x", Value::Null).await, "unreadable");
    }
}

async fn with(person: &Person, method: Method, path: &str, headers: &[(&str, &str)]) -> Fetched {
    let request = reqwest::Client::new().request(method, format!("{}{path}", person.url));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    asked(request.bearer_auth(&person.account.token)).await
}

#[tokio::test]
async fn files_are_sent_in_parts_and_not_twice() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let text: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
        let sent = Form::file("a.bin", &text).sent(&ann, "main-chat").await;
        let path = format!("/api/files/{}", sent["attachment"]["id"].as_str().unwrap());
        let whole = with(&ann, Method::GET, &path, &[]).await;
        assert_eq!((whole.status, &whole.bytes), (200, &text));
        assert_eq!((whole.header("accept-ranges"), whole.header("content-length")), ("bytes", "100000"));
        assert_eq!(whole.header("cache-control"), "private, max-age=600");
        let tag = whole.header("etag");
        assert!(tag.len() > 30 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");

        let head = with(&ann, Method::HEAD, &path, &[]).await;
        assert_eq!((head.status, head.bytes.len(), head.header("content-length")), (200, 0, "100000"));
        assert_eq!((head.header("etag"), head.header("content-type")), (tag, whole.header("content-type")));

        for (range, part, place) in [
            ("bytes=0-99", &text[..100], "bytes 0-99/100000"),
            ("bytes=99990-", &text[99_990..], "bytes 99990-99999/100000"),
            ("bytes=-5", &text[99_995..], "bytes 99995-99999/100000"),
            ("bytes=-200000", &text[..], "bytes 0-99999/100000"),
            ("bytes=500-500", &text[500..501], "bytes 500-500/100000"),
            ("bytes=99999-200000", &text[99_999..], "bytes 99999-99999/100000"),
        ] {
            let some = with(&ann, Method::GET, &path, &[("Range", range)]).await;
            assert_eq!(
                (some.status, some.bytes.as_slice(), some.header("content-range")),
                (206, part, place),
                "{range}"
            );
            assert_eq!(some.header("content-length"), part.len().to_string());
        }
        for range in ["bytes=0-1,5-6", "bytes=5-1x", "lines=0-5", "bytes"] {
            let all = with(&ann, Method::GET, &path, &[("Range", range)]).await;
            assert_eq!((all.status, all.bytes.len()), (200, 100_000), "{range}");
        }
        let beyond = with(&ann, Method::GET, &path, &[("Range", "bytes=100000-")]).await;
        assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */100000"));

        for tags in [tag, &format!("\"x\", W/{tag}"), "*"] {
            let unchanged = with(&ann, Method::GET, &path, &[("If-None-Match", tags)]).await;
            assert_eq!((unchanged.status, unchanged.bytes.len(), unchanged.header("etag")), (304, 0, tag));
        }
        assert_eq!(with(&ann, Method::GET, &path, &[("If-None-Match", "\"x\"")]).await.status, 200);
        let same = with(&ann, Method::GET, &path, &[("Range", "bytes=0-9"), ("If-Range", tag)]).await;
        let other = with(&ann, Method::GET, &path, &[("Range", "bytes=0-9"), ("If-Range", "\"x\"")]).await;
        assert_eq!((same.status, other.status), (206, 200));
    }
}

#[tokio::test]
async fn what_a_browser_could_run_is_only_a_download() {
    for database in BOTH {
        let program = Program::on(database, NO_LIMITS);
        let server = program.serve().await;
        let ann = Person::new(&program, &server, "ann");
        let script = b"<script>alert(1)</script>".as_slice();
        let in_a_picture = [&png(30, 30), script].concat();
        let in_a_photo = [&jpeg(30, 30), script].concat();
        for (name, bytes, media_type, how) in [
            (
                "a.svg",
                b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".as_slice(),
                "application/octet-stream",
                "attachment; filename*=UTF-8''a.svg",
            ),
            ("page.html", script, "application/octet-stream", "attachment; filename*=UTF-8''page.html"),
            ("a.png", b"GIF89a=1;alert(1)//", "", ""),
            ("x.pdf", b"%PDF-1.7 <script>alert(1)</script>", "application/pdf", "attachment; filename*=UTF-8''x.pdf"),
            ("page.html", &in_a_picture, "image/png", "inline; filename*=UTF-8''page.html.png"),
            ("r%22\u{f6}s.jpg", &in_a_photo, "image/jpeg", "inline; filename*=UTF-8''r%25"),
        ] {
            if media_type.is_empty() {
                assert_eq!(Form::file(name, bytes).refused(&ann, "1").await, (400, "image_too_large".to_owned()));
                continue;
            }
            let sent = Form::file(name, bytes).sent(&ann, "main-chat").await;
            let (link, _) = link(&ann, &sent["attachment"]["id"]).await.unwrap();
            let fetched = fetch(&ann, &link).await;
            assert_eq!((fetched.status, fetched.header("content-type")), (200, media_type), "{name}");
            let disposition = fetched.header("content-disposition");
            assert!(disposition.starts_with(how), "{disposition}");
            assert_eq!(fetched.header("x-content-type-options"), "nosniff");
            assert_eq!(fetched.header("content-security-policy"), "default-src 'none'; sandbox");
            let is_there = fetched.bytes.windows(script.len()).any(|window| window == script);
            assert_eq!(is_there, !media_type.starts_with("image/"), "{name}: what is behind a picture is gone");
        }
    }
}

#[tokio::test]
async fn guests_see_files_where_they_may_read_and_send_none() {
    for database in BOTH {
        let settings = unlimited(&[("ALLOW_GUESTS", "true")]);
        let program = Program::on(database, &settings);
        let server = program.serve().await;
        let (ann, mut zoe) = (Person::new(&program, &server, "ann"), Person::nobody(&server));
        let came = zoe.rest("POST", "/api/auth/guest", json!({ "name": "Zoe" })).await;
        zoe.account.token = came["accessToken"].as_str().unwrap().to_owned();
        let [garden, den] = [ann.make_room("Garden", false).await, ann.make_room("Den", true).await];
        for (room, is_shown) in [(&garden, true), (&den, false)] {
            let sent = Form::file("a.txt", b"text").sent(&ann, room["id"].as_str().unwrap()).await;
            let link = link(&zoe, &sent["attachment"]["id"]).await;
            assert_eq!(link.is_some(), is_shown);
            if let Some((link, _)) = link {
                assert!(link.contains(&format!("&u={}&", came["user"]["guestId"].as_str().unwrap())), "{link}");
                assert_eq!(fetch(&zoe, &link).await.bytes, b"text");
                ann.rest("PUT", &format!("/api/rooms/{}/archive", room["slug"].as_str().unwrap()), Value::Null).await;
                assert_eq!(fetch(&zoe, &link).await.status, 200, "what is archived is read");
            }
        }
        assert_eq!(Form::file("a", b"1").refused(&zoe, "main-chat").await, (403, "account_needed".to_owned()));
        let (status, said) = Form::file("a", &png(9, 9)).send(&zoe, Method::PUT, "/api/me/avatar").await;
        assert_eq!((status.as_u16(), &said["error"]["code"]), (403, &json!("account_needed")));
    }
}
