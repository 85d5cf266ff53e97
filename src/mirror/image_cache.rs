//! Remote images between download and upload: temporary files, limited in total size.

use crate::base::digest::Sha256;
use crate::client::Image;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of bytes kept; an image that doesn't fit is fetched again for its upload.
const BYTES: u64 = 1 << 30;

/// The images that wait for their upload.
#[derive(Debug)]
pub struct ImageCache {
    room: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    images: HashMap<Sha256, Image>,
    bytes: u64,
}

impl Default for ImageCache {
    fn default() -> ImageCache {
        ImageCache { room: BYTES, held: Mutex::default() }
    }
}

impl ImageCache {
    /// Keeps an image, if there is room; each content once.
    pub fn put(&self, image: Image) {
        let mut held = self.held();
        if held.bytes + image.bytes <= self.room && !held.images.contains_key(&image.sha256) {
            held.bytes += image.bytes;
            held.images.insert(image.sha256, image);
        }
    }

    /// Removes and returns the image with this content, if it is kept.
    pub fn take(&self, content: &Sha256) -> Option<Image> {
        let mut held = self.held();
        let image = held.images.remove(content)?;
        held.bytes -= image.bytes;
        Some(image)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // A panic elsewhere can't leave the count far from the actual size.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(name: &str, bytes: u64) -> Image {
        let file = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        Image { file, sha256: Sha256::of(name.as_bytes()), bytes, media_type: "image/png", validator: None }
    }

    #[test]
    fn it_takes_no_more_than_there_is_room_for_and_each_content_once() {
        let image_cache = ImageCache { room: 10, held: Mutex::default() };
        for (name, bytes) in [("a", 6), ("b", 5), ("a", 6), ("c", 4)] {
            image_cache.put(image(name, bytes));
        }
        let has = |name: &str| image_cache.take(&Sha256::of(name.as_bytes())).is_some();
        assert!(!has("b"), "it didn't fit");
        assert!(has("a") && !has("a"), "given out once");
        image_cache.put(image("b", 5));
        assert!(has("b") && has("c"));
        assert_eq!(image_cache.held().bytes, 0);
    }

    #[test]
    fn what_is_not_uploaded_leaves_no_file() {
        let image_cache = ImageCache::default();
        let (kept, dropped) = (image("a", 1), image("a", 1));
        let paths = [kept.file.to_path_buf(), dropped.file.to_path_buf()];
        image_cache.put(kept);
        image_cache.put(dropped);
        drop(image_cache);
        assert!(paths.iter().all(|path| !path.exists()));
    }
}
