//! The options about remote images.

use super::failure::Failure;
use crate::client::remote::{Reach, RemoteImages};
use crate::manifest::Manifest;
use crate::mirror::OnChange;
use std::path::Path;

/// The names under which an environment has proxies, in capitals.
const PROXIES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// The options about remote images.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Remote images (run.mirror)")]
pub(super) struct ImageOptions {
    /// Fetch again images whose content changed at the same URL: the jobs with them are bought again
    #[arg(long, conflicts_with_all = ["frozen", "simulate"])]
    refresh_images: bool,
    /// Allow images to be fetched from addresses that aren't public, and through proxies
    #[arg(long)]
    allow_private_images: bool,
}

impl ImageOptions {
    /// Returns whether changed images are taken.
    pub(super) fn are_refreshed(self) -> bool {
        self.refresh_images
    }

    /// Returns what is done about changed images.
    pub(super) fn changed(self) -> OnChange {
        if self.refresh_images { OnChange::Taken } else { OnChange::Told }
    }

    /// Refuses to take new images where none are known by content.
    ///
    /// # Errors
    /// Fails if the manifest doesn't have images mirrored.
    pub(super) fn suit(self, manifest: &Manifest) -> Result<(), Failure> {
        if manifest.run.mirror || !self.refresh_images {
            return Ok(());
        }
        Err(Failure::usage("--refresh-images takes new images of `run.mirror`, which this manifest doesn't have on")
            .hint("write `run: { mirror: true }`: images at URLs are then fetched, and asked whether they changed"))
    }

    /// Returns the client for images of the run that holds `lock`.
    pub(super) fn remote_images(self, lock: &Path) -> RemoteImages {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let past_proxy = PROXIES.iter().any(|name| is_set(name) || is_set(&name.to_ascii_lowercase()));
        RemoteImages::new(lock, if self.allow_private_images { Reach::Anywhere } else { Reach::Public { past_proxy } })
    }
}
