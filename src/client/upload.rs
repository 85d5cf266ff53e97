//! Uploads an image, streamed from disk.
//!
//! The content is hashed while it is sent, and the last piece is held back until the hash is verified: if the file has
//! changed, the service never gets a complete request, and no URL is ever registered for different content.

use super::Failure;
use super::connection::HttpService;
use super::failure;
use crate::base::digest::{Hasher, Sha256};
use crate::service::call::Call;
use crate::service::content::Kind;
use crate::service::image::LocalImage;
use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

/// Number of bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Interval between two progress reports of an upload.
const LOOK: Duration = Duration::from_millis(250);

/// Uploads `image` and returns its URL.
pub(super) async fn upload(
    service: &HttpService,
    image: &LocalImage,
    advance: impl Fn(u64) + Send + Sync,
) -> Result<String, Failure> {
    let call = Call::Upload;
    let local = |why: String| failure::local(call, &format!("{}: {why}", image.shown));
    let file = File::open(&image.path).await.map_err(|error| local(error.to_string()))?;
    let outcome = Arc::new(OnceLock::new());
    let sent = Arc::new(AtomicU64::new(0));
    let pieces = pieces(file, image.sha256, image.bytes, Arc::clone(&outcome)).inspect_ok({
        let sent = Arc::clone(&sent);
        move |piece| {
            sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    });
    let part = Part::stream_with_length(Body::wrap_stream(pieces), image.bytes)
        .file_name(file_name(image))
        .mime_str(image.media_type)
        .map_err(|_| local(format!("{} is no media type", image.media_type)))?;
    let limit = service.limits.call + service.limits.upload.time_for(image.bytes);
    let request = service.post("/v1/resources/upload").multipart(Form::new().part("file", part)).timeout(limit);
    let exchange = watched(service.exchange(call, request), || advance(sent.load(Ordering::Relaxed))).await;
    if let Some(Err(why)) = outcome.get() {
        return Err(local(why.clone()));
    }
    let url = failure::upload(exchange)?;
    if matches!(outcome.get(), Some(Ok(()))) {
        Ok(url)
    } else {
        Err(failure::nonsense(call, "the service replied before it had the whole image"))
    }
}

/// Awaits `exchange`, and calls `look` now and then to report progress.
async fn watched<T>(exchange: impl Future<Output = T>, look: impl Fn()) -> T {
    tokio::pin!(exchange);
    loop {
        tokio::select! {
            biased;
            done = &mut exchange => return done,
            () = tokio::time::sleep(LOOK) => look(),
        }
    }
}

/// Returns the file's content in pieces; it ends with an error if the content doesn't match `sha256`. `outcome` is set
/// before the last piece is sent.
fn pieces(
    file: File,
    sha256: Sha256,
    bytes: u64,
    outcome: Arc<OnceLock<Result<(), String>>>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let start = Reading { file, hasher: Hasher::default(), left: bytes, held: None };
    futures::stream::try_unfold(Some(start), move |reading| {
        let outcome = Arc::clone(&outcome);
        async move {
            let Some(mut reading) = reading else { return Ok(None) };
            let result = reading.next(sha256).await;
            let ended = match &result {
                Ok((_, last)) => last.then_some(Ok(())),
                Err(error) => Some(Err(error.to_string())),
            };
            if let Some(ended) = ended {
                // A stream ends once.
                let _ = outcome.set(ended);
            }
            let (piece, last) = result?;
            Ok(Some((piece, (!last).then_some(reading))))
        }
    })
}

/// A file that is read one piece ahead.
struct Reading {
    file: File,
    hasher: Hasher,
    left: u64,
    held: Option<Bytes>,
}

impl Reading {
    /// Returns the next piece, and whether it is the last, in which case the content was the expected one.
    async fn next(&mut self, sha256: Sha256) -> io::Result<(Bytes, bool)> {
        let changed = || io::Error::other("the file was changed while the run was on: run again to use what it is now");
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut self.file).take(PIECE as u64).read_to_end(&mut piece).await?;
            self.left = self.left.checked_sub(read as u64).ok_or_else(changed)?;
            self.hasher.update(&piece);
            if read == 0 {
                if self.left > 0 || self.hasher.clone().finish() != sha256 {
                    return Err(changed());
                }
                return Ok((self.held.take().unwrap_or_default(), true));
            }
            if let Some(piece) = self.held.replace(piece.into()) {
                return Ok((piece, false));
            }
        }
    }
}

/// Returns the file's name without its folders, in ASCII, since services handle other characters differently. Its
/// extension follows the content: a service that relies on extensions gets the right one.
fn file_name(image: &LocalImage) -> String {
    let name = image.path.file_name().unwrap_or_default().to_string_lossy();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let stem: String = stem.chars().take(100).map(|c| if fits(c) { c } else { '_' }).collect();
    let kind = Kind::ALL.into_iter().find(|kind| kind.media_type() == image.media_type);
    let endings = kind.map_or(&["bin"][..], Kind::endings);
    let own = endings.iter().find(|known| known.eq_ignore_ascii_case(ending));
    format!("{stem}.{}", own.unwrap_or(&endings[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt as _;

    /// Returns the number of bytes sent for a file with this content where `content` is expected, and the outcome.
    async fn sent(found: &[u8], content: &[u8]) -> (usize, Result<(), String>) {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, found).unwrap();
        let outcome = Arc::new(OnceLock::new());
        let file = File::open(&path).await.unwrap();
        let pieces = pieces(file, Sha256::of(content), content.len() as u64, Arc::clone(&outcome));
        let results: Vec<_> = pieces.map_ok(|piece| piece.len()).collect().await;
        let outcome = outcome.get().unwrap().clone();
        assert_eq!(results.last().unwrap().is_ok(), outcome.is_ok());
        (results.iter().flatten().sum(), outcome)
    }

    #[test]
    fn a_name_ends_as_its_content_is() {
        for (path, media_type, name) in [
            ("refs/p.gif", "image/gif", "p.gif"),
            ("refs/p.TIFF", "image/tiff", "p.tiff"),
            ("refs/p.png", "image/jpeg", "p.jpg"),
            ("refs/p.jpeg", "image/jpeg", "p.jpeg"),
            ("p", "image/jxl", "p.jxl"),
            ("小狗.1.heic", "image/avif", "___1.avif"),
        ] {
            let (path, sha256) = (path.into(), Sha256::of(b""));
            let image = LocalImage { path, shown: String::new(), sha256, bytes: 0, media_type };
            assert_eq!(file_name(&image), name);
        }
    }

    #[tokio::test]
    async fn the_last_piece_is_held_back_until_the_hash_is_right() {
        let content = vec![1; 2 * PIECE + 10];
        assert_eq!(sent(&content, &content).await, (content.len(), Ok(())));
        assert_eq!(sent(b"", b"").await, (0, Ok(())));
        let mut other = content.clone();
        other[0] = 2;
        for found in [&other, &[content.as_slice(), b"x"].concat(), &content[1..].to_vec(), &vec![1; PIECE], &vec![]] {
            let (bytes, outcome) = sent(found, &content).await;
            assert!(bytes <= 2 * PIECE, "{bytes} of {} went out", content.len());
            assert!(outcome.unwrap_err().contains("changed"));
        }
    }
}
