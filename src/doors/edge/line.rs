//! A TCP connection that can be cut from outside. A write to somebody who reads nothing waits for ever,
//! and whoever waits in it hears nothing else.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The handle; in every request's extensions.
#[derive(Debug, Default)]
pub struct Line {
    cut: AtomicBool,
    writer: AtomicWaker,
}

impl Line {
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.writer.wake();
    }
}

pub struct Cuttable<T> {
    stream: TcpStream,
    line: Arc<Line>,
    _kept: T,
}

impl<T> Cuttable<T> {
    /// Keeps a thing for as long as the connection lasts.
    pub fn new(stream: TcpStream, keep: T) -> (Cuttable<T>, Arc<Line>) {
        let line = Arc::<Line>::default();
        (Cuttable { stream, line: line.clone(), _kept: keep }, line)
    }

    fn or_cut<R>(&self, context: &Context<'_>, written: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if written.is_pending() {
            self.line.writer.register(context.waker());
        }
        if !self.line.cut.load(Ordering::Acquire) {
            return written;
        }
        // What the system holds for the reader is dropped as well.
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).ok();
        Poll::Ready(Err(ErrorKind::ConnectionAborted.into()))
    }
}

impl<T: Unpin> AsyncRead for Cuttable<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<T: Unpin> AsyncWrite for Cuttable<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.or_cut(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.or_cut(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_write_that_waits_for_a_reader_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(at), listener.accept());
        let (mut stream, line) = Cuttable::new(accepted.unwrap().0, ());
        let writing = tokio::spawn(async move {
            loop {
                if let Err(error) = stream.write_all(&[0; 65_536]).await {
                    return error.kind();
                }
            }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!writing.is_finished());
        line.cut();
        assert_eq!(writing.await.unwrap(), ErrorKind::ConnectionAborted);
        drop(client);
    }
}
