//! A reply's body with control over every byte: it may be slow, too short, silent, or too long.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// A reply's body.
#[derive(Debug)]
pub(super) struct ReplyBody {
    parts: VecDeque<Bytes>,
    /// The number of bytes of padding that follow the parts.
    padding: u64,
    /// The announced length; `None` for a body in chunks.
    announced: Option<u64>,
    /// The pause before each byte.
    pace: Option<Pace>,
    end: End,
}

#[derive(Debug)]
struct Pace {
    pause: Duration,
    sleep: Pin<Box<Sleep>>,
}

/// The end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The regular end.
    Whole,
    /// The connection is closed, whatever was announced. The flag says whether the written bytes are already being sent.
    Broken { flushed: bool },
    /// Nothing, for ever.
    Silence,
}

/// The padding: white space is harmless after JSON, and not a box after a video.
const PADDING: &[u8] = &[b' '; 16 * 1024];

impl ReplyBody {
    /// Creates a body of these bytes, announced by their length.
    pub(super) fn of(parts: impl Into<VecDeque<Bytes>>) -> ReplyBody {
        let parts = parts.into();
        let length = length(&parts);
        ReplyBody { parts, padding: 0, announced: Some(length), pace: None, end: End::Whole }
    }

    /// Sends only the first `bytes`, still announcing all.
    pub(super) fn shorten(&mut self, bytes: u64, end: End) {
        let mut left = bytes;
        for part in &mut self.parts {
            part.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= part.len() as u64;
        }
        self.end = end;
    }

    /// Announces only the bytes that are sent.
    pub(super) fn announce_what_is_sent(&mut self) {
        self.announced = Some(length(&self.parts) + self.padding);
    }

    /// Announces no length.
    pub(super) fn announce_nothing(&mut self) {
        self.announced = None;
    }

    /// Adds `bytes` of padding.
    pub(super) fn pad(&mut self, bytes: u64) {
        self.padding = bytes;
        self.announce_what_is_sent();
    }

    /// Sends one byte at a time, each after a pause.
    pub(super) fn drip(&mut self, pause: Duration) {
        self.pace = Some(Pace { pause, sleep: Box::pin(tokio::time::sleep(pause)) });
    }

    /// Returns the next bytes, at most `limit` of them.
    fn take(&mut self, limit: usize) -> Option<Bytes> {
        while let Some(part) = self.parts.front_mut() {
            if part.len() > limit {
                return Some(part.split_to(limit));
            }
            match self.parts.pop_front() {
                Some(part) if !part.is_empty() => return Some(part),
                _ => {}
            }
        }
        let padding = usize::try_from(self.padding).unwrap_or(usize::MAX).min(PADDING.len()).min(limit);
        self.padding -= padding as u64;
        (padding > 0).then(|| Bytes::from_static(&PADDING[..padding]))
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut limit = usize::MAX;
        if let Some(Pace { pause, sleep }) = &mut self.pace {
            std::task::ready!(sleep.as_mut().poll(cx));
            let next = sleep.deadline() + *pause;
            sleep.as_mut().reset(next);
            limit = 1;
        }
        if let Some(bytes) = self.take(limit) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.end {
            End::Whole => Poll::Ready(None),
            End::Silence => Poll::Pending,
            // The connection flushes its buffer when a body makes it wait.
            End::Broken { flushed: flushed @ false } => {
                *flushed = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Broken { flushed: true } => Poll::Ready(Some(Err(io::Error::other("the reply is cut short")))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end == End::Whole && self.padding == 0 && self.parts.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn length(parts: &VecDeque<Bytes>) -> u64 {
    parts.iter().map(|part| part.len() as u64).sum()
}
