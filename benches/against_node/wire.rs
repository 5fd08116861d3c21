//! A client that costs next to nothing: WebSocket frames cut apart in place, no JSON, one buffer for
//! all connections. The server is to be the bottleneck, not the one who measures it.

use std::cell::RefCell;
use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::socket::NAMESPACE;

const BUFFER: usize = 512 * 1024;

thread_local! {
    static SHARED: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
}

pub struct Wire {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come yet.
    rest: Vec<u8>,
}

impl Wire {
    /// Opens a WebSocket and joins the community namespace.
    pub async fn join(address: &str, auth: &str) -> Wire {
        Wire::enter(address, &format!("{NAMESPACE},"), auth).await
    }

    /// The same of a namespace, by how its packets begin behind their type.
    pub async fn enter(address: &str, prefix: &str, auth: &str) -> Wire {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        let mut wire = Wire { stream, rest: Vec::new() };
        wire.wait_for("0{").await;
        wire.write(&frame(&format!("40{prefix}{auth}"))).await;
        wire.wait_for(&format!("40{prefix}{{\"sid\"")).await;
        wire
    }

    pub async fn wait_for(&mut self, beginning: &str) {
        let mut came = false;
        while !came {
            let open = self.read(|payload| came |= payload.starts_with(beginning.as_bytes())).await;
            assert!(open, "closed instead of {beginning}");
        }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Waits until something came and shows each payload that is complete; pings are answered here.
    /// False when the connection ended.
    pub async fn read(&mut self, mut each: impl FnMut(&[u8])) -> bool {
        loop {
            if self.stream.readable().await.is_err() {
                return false;
            }
            let (mut pings, mut open, mut nothing) = (0, true, false);
            SHARED.with_borrow_mut(|buffer| {
                let kept = self.rest.len();
                buffer[..kept].copy_from_slice(&self.rest);
                match self.stream.try_read(&mut buffer[kept..]) {
                    Ok(0) => open = false,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => nothing = true,
                    Err(_) => open = false,
                    Ok(came) => {
                        let came = &buffer[..kept + came];
                        let used = cut(came, |payload| if payload == b"2" { pings += 1 } else { each(payload) });
                        self.rest.clear();
                        self.rest.extend_from_slice(&came[used..]);
                    }
                }
            });
            for _ in 0..pings {
                self.write(&frame("3")).await;
            }
            if !nothing {
                return open;
            }
        }
    }
}

/// Shows the payloads of all complete frames; gives how many bytes those were.
fn cut(bytes: &[u8], mut each: impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    loop {
        let left = &bytes[at..];
        let (head, length) = match left {
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            [_, 127, long @ ..] if long.len() >= 8 => {
                (10, long[..8].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
            }
            [_, short, ..] if *short < 126 => (2, usize::from(*short)),
            _ => return at,
        };
        let Some(payload) = left.get(head..head + length) else { return at };
        each(payload);
        at += head + length;
    }
}

/// A client's frame. Its mask is zero, which leaves the text as it is and is a mask all the same.
pub fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(short @ 0..126) => frame.push(0x80 | short as u8),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => unreachable!("no frame of ours is so long"),
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}
