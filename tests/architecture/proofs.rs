//! The rule on sources that are made up: a test that cannot fail shows nothing.

use super::{File, violations};

fn says(path: &str, text: &str) -> String {
    let others = ["doors/channels_ws/mod.rs", "doors/rooms_socketio/rest.rs", "doors/edge/cors.rs"];
    let mut files: Vec<File> = others.map(|path| File { path: path.into(), text: String::new() }).into();
    files.push(File { path: path.into(), text: text.into() });
    violations(&files).join("\n")
}

#[test]
fn catches_what_is_forbidden() {
    for (path, text, expected) in [
        ("chat/mod.rs", "use crate::doors::edge;", "`chat` may not name `doors`"),
        ("chat/mod.rs", "use crate::{model::Room, auth::{self, tokens}};", "may not name `auth`"),
        ("model/room.rs", "fn f() -> crate::store::Row { x }", "may not name `store`"),
        ("model/room.rs", "use super::super::store;", "may not name `store`"),
        ("model.rs", "mod tests { use super::super::chat::x; }", "may not name `chat`"),
        ("store/mod.rs", "m!($crate::chat::x)", "may not name `chat`"),
        ("bus/mod.rs", "use crate::*;", "name the module"),
        ("bus/mod.rs", "use crate as own;", "name the module"),
        ("new/mod.rs", "use crate::chat::x;", "no place"),
        ("auth/mod.rs", "use {std::fmt, crate::chat};", "may not name `chat`"),
        ("chat/mod.rs", "use axum::Json;", "only doors, ops, app"),
        ("chat/mod.rs", "use ::axum as web;", "only doors, ops, app"),
        ("chat/mod.rs", "extern crate axum;", "only doors, ops, app"),
        ("chat/mod.rs", "let x = 0..::axum::X; return ::axum::f()", "only doors, ops, app"),
        ("doors/edge/cors.rs", "let x: sea_orm::DbErr = y;", "only store"),
        ("doors/edge/cors.rs", "f::<redis::Client>()", "only bus"),
        ("chat/mod.rs", "use image::DynamicImage;", "only files"),
        ("files/mod.rs", "use crate::store::Store;", "may not name `store`"),
        ("store/mod.rs", "use crate::files::Storage;", "may not name `files`"),
        ("app.rs", "#[derive(jsonwebtoken::X)] struct X;", "only auth"),
        ("ops/mod.rs", "use std::{io}; use engineioxide::Socket;", "only doors, app"),
        ("doors/channels_ws/wire.rs", "use crate::doors::rooms_socketio::x;", "dialect"),
        ("doors/channels_ws/wire.rs", "use super::super::rooms_socketio;", "dialect"),
        ("doors/channels_ws/wire.rs", "use crate::doors::{edge, rooms_socketio::x};", "dialect"),
        ("chat/utils.rs", "", "says nothing"),
        ("store/types/mod.rs", "", "says nothing"),
        ("chat/mod.rs", "mod r#common { }", "says nothing"),
        ("chat/mod.rs", "let c = '\"'; use crate::doors; let d = '\"';", "`doors`"),
        ("chat/mod.rs", "/* /* */ */ fn f<'a>() {} use crate::doors;", "`doors`"),
        ("chat/mod.rs", "let s = r#\"\"#; use crate::doors; let e = '\\'';", "`doors`"),
    ] {
        let said = says(path, text);
        assert!(said.contains(expected), "{path} {text:?} said {said:?}");
        assert!(said.starts_with(&format!("src/{path}")), "{said}");
    }
    assert!(says("chat/mod.rs", &"\n".repeat(451)).contains("451 lines"));
}

#[test]
fn leaves_alone_what_is_allowed() {
    for (path, text) in [
        ("chat/mod.rs", "use crate::{store::{self, Row}, bus, model::*};"),
        ("chat/rooms.rs", "use super::messages::post; mod tests { use super::*; }"),
        ("chat/mod.rs", "// use crate::doors;\n/* crate::doors::x /* axum::x */ */"),
        ("chat/mod.rs", "let x = \"\\\" crate::doors::x\"; let y = r##\"axum::x\"# \"##;"),
        ("chat/mod.rs", "let x = b\"axum::x\"; let y = br\"\\\"; let z = 'x';"),
        ("chat/mod.rs", "//! crate::doors::x\nlet axum = own.axum.redis; f(axum)"),
        ("doors/channels_ws/wire.rs", "use crate::doors::{edge, accounts, connection, refusals, socketio};"),
        ("doors/mod.rs", "pub mod channels_ws; use channels_ws::x; use self::rooms_socketio::y;"),
        ("doors/channels_ws/rest.rs", "use super::wire; use crate::doors::channels_ws::wire;"),
        ("app.rs", "use crate::{doors::channels_ws, chat, ops}; use axum::Router;"),
        ("main.rs", "use community_chat::app; fn main() {}"),
        ("lib.rs", "pub mod app; pub use crate::doors::x;"),
        ("doors/edge/head.rs", "use super::super::channels_ws;"),
    ] {
        assert_eq!(says(path, text), "", "{path} {text:?}");
    }
    assert_eq!(says("chat/mod.rs", &"\n".repeat(450)), "");
}
