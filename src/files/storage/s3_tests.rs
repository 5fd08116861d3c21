//! Against a server that speaks as much of S3 as is asked for here.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, MutexGuard};
use std::thread;

use futures_util::TryStreamExt;

use super::*;
use crate::config::Secret;

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    /// Uploads in pieces that are under way, by their path.
    pieces: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Bucket>>;

struct Request {
    method: String,
    path: String,
    query: String,
    range: Option<Range<usize>>,
    body: Vec<u8>,
}

fn serve() -> (String, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let bucket = Shared::default();
    let shared = bucket.clone();
    thread::spawn(move || {
        for connection in listener.incoming().map(Result::unwrap) {
            let shared = shared.clone();
            thread::spawn(move || answer(connection, &shared));
        }
    });
    (url, bucket)
}

fn read_request(connection: &TcpStream) -> Request {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    assert!(headers["authorization"].starts_with("AWS4-HMAC-SHA256 Credential=ann/"), "{headers:?}");
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let range = headers.get("range").map(|range| {
        let (start, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        start.parse().unwrap()..last.parse::<usize>().unwrap() + 1
    });
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Request { method, path: path.to_owned(), query: query.to_owned(), range, body }
}

fn answer(mut connection: TcpStream, bucket: &Shared) {
    let request = read_request(&connection);
    let (status, headers, body) = decide(&request, bucket.lock().unwrap());
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: \"1\"\r\nLast-Modified: Sat, 21 Nov 2026 09:00:00 GMT\r\n\
         Connection: close\r\n{headers}\r\n"
    );
    // Who is not interested any more has hung up.
    let _ = connection.write_all(&[head.as_bytes(), &body].concat());
}

fn decide(request: &Request, mut bucket: MutexGuard<'_, Bucket>) -> (&'static str, String, Vec<u8>) {
    let Request { method, path, query, range, body } = request;
    bucket.asked.push(format!("{method} {query}").trim().to_owned());
    let fine = |body: &str| ("200 OK", String::new(), body.as_bytes().to_vec());
    let asked = |name: &str| query.split('&').any(|part| part.split('=').next() == Some(name));
    match method.as_str() {
        "POST" if asked("uploads") => {
            bucket.pieces.insert(path.clone(), BTreeMap::new());
            fine("<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
        }
        "PUT" if asked("partNumber") => {
            let number = query.split('&').find_map(|part| part.strip_prefix("partNumber=")).unwrap();
            match bucket.pieces.get_mut(path) {
                Some(pieces) => {
                    pieces.insert(number.parse().unwrap(), body.clone());
                    fine("")
                }
                // It was on its way when the upload was given up.
                None => ("404 Not Found", String::new(), b"<Error><Code>NoSuchUpload</Code></Error>".to_vec()),
            }
        }
        "POST" if asked("uploadId") => {
            let whole = bucket.pieces.remove(path).unwrap().into_values().flatten().collect();
            bucket.objects.insert(path.clone(), whole);
            fine("<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>")
        }
        "DELETE" if asked("uploadId") => {
            bucket.pieces.remove(path);
            fine("")
        }
        "POST" if asked("delete") => {
            let text = String::from_utf8_lossy(body);
            let keys: Vec<&str> =
                text.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap()).collect();
            for key in &keys {
                bucket.objects.remove(&format!("{}/{key}", path.trim_end_matches('/')));
            }
            let said = keys.iter().map(|key| format!("<Deleted><Key>{key}</Key></Deleted>"));
            fine(&format!("<DeleteResult>{}</DeleteResult>", said.collect::<String>()))
        }
        "PUT" => {
            bucket.objects.insert(path.clone(), body.clone());
            fine("")
        }
        "GET" => match (bucket.objects.get(path), range) {
            (None, _) => ("404 Not Found", String::new(), b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
            (Some(whole), None) => ("200 OK", String::new(), whole.clone()),
            (Some(whole), Some(range)) => {
                let header = format!("Content-Range: bytes {}-{}/{}\r\n", range.start, range.end - 1, whole.len());
                ("206 Partial Content", header, whole[range.clone()].to_vec())
            }
        },
        _ => ("501 Not Implemented", String::new(), Vec::new()),
    }
}

fn opened(url: &str) -> Storage {
    let settings = [
        ("AWS_ACCESS_KEY_ID", "ann"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT", url),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_PROFILE", "work"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), Secret::new(value))).to_vec();
    Storage::open(&StoragePlace::S3 { bucket: "chat".into(), prefix: "a/b".into(), settings }).unwrap()
}

#[tokio::test]
async fn a_small_file_is_one_request_a_large_one_comes_in_pieces() {
    let (url, bucket) = serve();
    let storage = opened(&url);
    for (bytes, requests) in [(50_000, vec!["PUT"]), (20 << 20, vec!["POST uploads", "PUT", "PUT", "PUT", "POST"])] {
        bucket.lock().unwrap().asked.clear();
        let key = FileKey::random();
        let whole: Vec<u8> = (0..bytes).map(|number: u32| u8::try_from(number % 251).unwrap()).collect();
        let mut put = storage.put(&key);
        for piece in whole.chunks(1 << 20) {
            put.push(piece.to_vec().into()).await.unwrap();
        }
        assert!(bucket.lock().unwrap().objects.is_empty(), "half a file is none");
        assert_eq!(put.finish().await.unwrap(), u64::from(bytes));
        assert_eq!(bucket.lock().unwrap().asked.len(), requests.len(), "{:?}", bucket.lock().unwrap().asked);
        let path = format!("/chat/a/b/{}", key.as_str());
        assert_eq!(bucket.lock().unwrap().objects.keys().collect::<Vec<_>>(), [&path]);

        let part = storage.read(&key, Some(100..40_000)).await.unwrap().unwrap();
        assert_eq!(part.try_collect::<Vec<Bytes>>().await.unwrap().concat(), whole[100..40_000]);
        assert_eq!(storage.read_whole(&key).await.unwrap().unwrap(), whole);
        storage.remove(&key).await.unwrap();
        storage.remove(&key).await.unwrap();
        assert!(storage.read(&key, None).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn who_goes_away_in_the_middle_leaves_no_pieces() {
    let (url, bucket) = serve();
    let mut put = opened(&url).put(&FileKey::random());
    for _ in 0..20 {
        put.push(vec![7; 1 << 20].into()).await.unwrap();
    }
    assert_eq!(bucket.lock().unwrap().pieces.len(), 1);
    drop(put);
    while !bucket.lock().unwrap().pieces.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(bucket.lock().unwrap().objects.is_empty());
}

#[tokio::test]
async fn a_storage_that_is_away_is_a_fault() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let storage = opened(&format!("http://{nobody}"));
    let fault = storage.put_whole(&FileKey::random(), Bytes::from_static(b"x")).await.unwrap_err().to_string();
    assert!(fault.starts_with("the storage of files: ") && !fault.contains("hush"), "{fault}");
}

#[test]
fn a_setting_that_makes_no_sense_is_named() {
    let settings = vec![("AWS_ALLOW_HTTP".to_owned(), Secret::new("perhaps"))];
    let place = StoragePlace::S3 { bucket: "chat".into(), prefix: String::new(), settings };
    assert!(Storage::open(&place).unwrap_err().to_string().contains("perhaps"));
}
