//! A connection, and the ways to break it on purpose.

use super::exchange::Desk;
use super::fault::{Action, Instead};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// The premature end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Break {
    /// A reset.
    Reset,
    /// These last bytes, in place of a reply.
    Close(&'static [u8]),
}

/// The connection as an exchange sees it: a handle that can break it.
#[derive(Clone, Debug)]
pub(super) struct Line(mpsc::Sender<Break>);

impl Line {
    /// Breaks the connection; never returns, as the caller is dropped with the connection.
    pub(super) async fn cut<T>(&self, how: Break) -> T {
        // Fails only if the connection is being broken already.
        let _ = self.0.try_send(how);
        pending().await
    }

    /// Resets the connection after a while, whatever happens on it then.
    pub(super) fn reset_later(&self, after: Duration) {
        let breaks = self.0.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            // Fails if the connection has ended already.
            let _ = breaks.try_send(Break::Reset);
        });
    }
}

/// Serves a connection until one side ends it.
pub(super) async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    // A setting that only makes replies faster.
    let _ = stream.set_nodelay(true);
    match desk.rules.at_connect() {
        Some(Action::Instead { what: Instead::Reset { .. }, .. }) => return reset(&stream),
        Some(_) => return pending().await,
        None => {}
    }
    let (sender, mut breaks) = mpsc::channel(1);
    let line = Line(sender);
    let idle = desk.service.options().idle;
    let service = service_fn(move |request| {
        let (desk, line) = (Arc::clone(&desk), line.clone());
        async move { Ok::<_, Infallible>(desk.answer(request, &line).await) }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .serve_connection(TokioIo::new(stream), service);
    let how = tokio::select! {
        // An error is a client that disconnected, or a reply that was cut short on purpose.
        _ = &mut connection => return,
        Some(how) = breaks.recv() => how,
    };
    let mut stream = connection.into_parts().io.into_inner();
    match how {
        Break::Reset => reset(&stream),
        // The client may have disconnected already.
        Break::Close(bytes) => drop(stream.write_all(bytes).await),
    }
}

/// Makes the kernel send a reset when the stream is dropped, which is at once.
fn reset(stream: &TcpStream) {
    // If this fails, the connection is closed all the same.
    let _ = stream.set_zero_linger();
}
