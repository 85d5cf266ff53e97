//! The videos: seven real ones built into the program, made different for each task, and served in whole or in part.

use super::reply::Reply;
use super::task::Task;
use crate::service::vocabulary::{Duration, Resolution};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, RANGE};
use std::collections::VecDeque;
use std::ops::Range;

const MEDIA_TYPE: &str = "video/mp4";

/// A video of a task.
#[derive(Clone, Debug)]
pub(super) struct Video {
    /// The picture, the same for all videos of one resolution and duration.
    picture: &'static [u8],
    /// A `free` box after it: players skip it, hashes don't.
    mark: Vec<u8>,
    tag: String,
}

impl Video {
    /// Returns the `number`th video of a task, counted from 1.
    pub(super) fn of(task: &Task, number: u8) -> Video {
        let tag = format!("{}-{number}", task.id());
        let content = format!("simulated by batch: {tag}");
        let mut mark = Vec::with_capacity(content.len() + 8);
        mark.extend_from_slice(&(content.len() as u32 + 8).to_be_bytes());
        mark.extend_from_slice(b"free");
        mark.extend_from_slice(content.as_bytes());
        Video { picture: picture(task.resolution, task.duration), mark, tag: format!("\"{tag}\"") }
    }

    /// Returns the reply to a download, which may request a part of it.
    pub(super) fn reply(&self, headers: &HeaderMap) -> Reply {
        let length = self.picture.len() + self.mark.len();
        let same = headers.get(IF_RANGE).is_none_or(|tag| tag.as_bytes() == self.tag.as_bytes());
        let asked = headers.get(RANGE).and_then(|range| range.to_str().ok()).filter(|_| same);
        let reply = match asked.and_then(|asked| range(asked, length)) {
            None => Reply::bytes(StatusCode::OK, MEDIA_TYPE, self.slice(0..length)),
            Some(None) => {
                Reply::text(StatusCode::RANGE_NOT_SATISFIABLE, "").with(CONTENT_RANGE, format!("bytes */{length}"))
            }
            Some(Some(range)) => {
                let shown = format!("bytes {}-{}/{length}", range.start, range.end - 1);
                Reply::bytes(StatusCode::PARTIAL_CONTENT, MEDIA_TYPE, self.slice(range)).with(CONTENT_RANGE, shown)
            }
        };
        reply.with(ACCEPT_RANGES, "bytes").with(ETAG, self.tag.as_str())
    }

    fn slice(&self, range: Range<usize>) -> VecDeque<Bytes> {
        let border = self.picture.len();
        let picture = &self.picture[range.start.min(border)..range.end.min(border)];
        let mark = &self.mark[range.start.max(border) - border..range.end.max(border) - border];
        VecDeque::from([Bytes::from_static(picture), Bytes::copy_from_slice(mark)])
    }
}

/// Returns the part that a `Range` header requests: `None` if the header is to be ignored, `Some(None)` if no such part
/// exists.
fn range(header: &str, length: usize) -> Option<Option<Range<usize>>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.parse::<usize>().ok();
    let range = if first.is_empty() {
        length.saturating_sub(number(last)?)..length
    } else {
        let end = if last.is_empty() { length } else { number(last)?.saturating_add(1).min(length) };
        number(first)?..end
    };
    Some((range.start < range.end).then_some(range))
}

fn picture(resolution: Resolution, duration: Duration) -> &'static [u8] {
    match (resolution, duration) {
        (Resolution::P360, Duration::Five) => include_bytes!("videos/360p-5s.mp4"),
        (Resolution::P360, Duration::Eight) => include_bytes!("videos/360p-8s.mp4"),
        (Resolution::P540, Duration::Five) => include_bytes!("videos/540p-5s.mp4"),
        (Resolution::P540, Duration::Eight) => include_bytes!("videos/540p-8s.mp4"),
        (Resolution::P720, Duration::Five) => include_bytes!("videos/720p-5s.mp4"),
        (Resolution::P720, Duration::Eight) => include_bytes!("videos/720p-8s.mp4"),
        // The service makes no longer ones at this resolution.
        (Resolution::P1080, _) => include_bytes!("videos/1080p-5s.mp4"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_has_them() {
        assert_eq!(range("bytes=0-9", 100), Some(Some(0..10)));
        assert_eq!(range("bytes=90-", 100), Some(Some(90..100)));
        assert_eq!(range("bytes=90-900", 100), Some(Some(90..100)));
        assert_eq!(range("bytes=-10", 100), Some(Some(90..100)));
        assert_eq!(range("bytes=-900", 100), Some(Some(0..100)));
        assert_eq!(range("bytes=100-", 100), Some(None));
        assert_eq!(range("bytes=-0", 100), Some(None));
        for ignored in ["lines=0-9", "bytes=a-b", "bytes=0-9,20-29", "bytes=-", "bytes=9"] {
            assert_eq!(range(ignored, 100), None, "{ignored}");
        }
    }

    #[test]
    fn every_picture_is_an_mp4_whose_boxes_add_up() {
        for resolution in Resolution::ALL {
            for duration in [Duration::Five, Duration::Eight] {
                let mut rest = picture(*resolution, duration);
                let mut kinds = Vec::new();
                while !rest.is_empty() {
                    let size = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
                    kinds.push(std::str::from_utf8(&rest[4..8]).unwrap());
                    rest = &rest[size..];
                }
                assert_eq!(kinds[0], "ftyp");
                assert_eq!(kinds[1], "moov", "playable before it is whole");
                assert!(kinds.contains(&"mdat"));
            }
        }
    }

    #[test]
    fn all_pictures_together_are_small() {
        let all = Resolution::ALL.iter().flat_map(|r| [(*r, Duration::Five), (*r, Duration::Eight)]);
        let bytes: usize = all.filter(|(r, d)| d.goes_with(*r)).map(|(r, d)| picture(r, d).len()).sum();
        assert!(bytes < 150_000, "{bytes} bytes");
    }
}
