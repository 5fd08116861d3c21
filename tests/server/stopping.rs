//! Ends that were asked for and ends that were not.

use serde_json::json;

use super::harness::{BOTH, Program, Socket};

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let ann = program.account("ann");
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let mut acknowledged = Vec::new();
        for number in 0..50 {
            let sent = socket.succeed("send-message", json!({ "message": format!("number {number}") })).await;
            acknowledged.push(sent["data"].clone());
        }
        server.kill();
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        let history = socket.succeed("load-messages", json!({ "limit": 100 })).await;
        assert_eq!(history["data"], json!(acknowledged));
    }
}

#[tokio::test]
async fn it_stops_soon_and_answers_what_it_took_in() {
    for database in BOTH {
        let program = Program::on(database, &[]);
        let ann = program.account("ann");
        let server = program.serve().await;
        let mut socket = Socket::with_token(&server.url, &ann.token).await;
        for number in 0..200 {
            socket.feed("send-message", &json!({ "message": format!("number {number}") })).await;
        }
        socket.flush().await;
        let reader = tokio::spawn(async move {
            let mut answers = 0;
            while let Some(frame) = socket.frame().await {
                answers += u32::from(frame.contains("\"success\":"));
            }
            answers
        });
        assert!(server.stop().await.as_secs() < 15);
        assert_eq!(reader.await.unwrap(), 200, "every event was answered before the end");
    }
}

#[tokio::test]
async fn a_client_that_goes_is_told_to_the_others_and_types_no_more() {
    let program = Program::on(super::harness::On::Sqlite, &[]);
    let (ann, ben) = (program.account("ann"), program.account("ben"));
    let server = program.serve().await;
    let mut a = Socket::with_token(&server.url, &ann.token).await;
    let mut b = Socket::with_token(&server.url, &ben.token).await;
    b.succeed("typing", json!({ "isTyping": true })).await;
    assert_eq!(a.hear("user-typing").await["isTyping"], true);
    drop(b);
    let ended = a.hear("user-typing").await;
    assert_eq!((&ended["isTyping"], &ended["userId"]), (&json!(false), &json!(ben.id)));
    assert_eq!(a.hear("user-left").await["message"], "A user has left the chat");
}
