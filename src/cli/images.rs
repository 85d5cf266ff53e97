//! What a run does about remote images before its plan is final: who fetches them, and what became of it.

use super::failure::Failure;
use super::progress::Reporting;
use super::session::{self, BACKOFF};
use crate::base::clock::Clock;
use crate::client::remote::{Reach, RemoteImages};
use crate::engine::image_cache::ImageCache;
use crate::engine::mirror::{self, Changed, Looked, Looking};
use crate::engine::stop::Stop;
use crate::ledger::Ledger;
use crate::manifest::Manifest;
use crate::plan::Choice;
use std::path::Path;

/// The names under which an environment has proxies, in capitals.
const PROXIES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// What the command line says about remote images.
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

    /// Refuses to take new images where none are known by content.
    ///
    /// # Errors
    /// Where the manifest doesn't have images mirrored.
    pub(super) fn suit(self, manifest: &Manifest) -> Result<(), Failure> {
        if manifest.run.mirror || !self.refresh_images {
            return Ok(());
        }
        Err(Failure::usage("--refresh-images takes new images of `run.mirror`, which this manifest doesn't have on")
            .hint("write `run: { mirror: true }`: images at URLs are then fetched, and asked whether they changed"))
    }

    /// Who fetches images, for the run that holds `lock`.
    pub(super) fn remote_images(self, lock: &Path) -> RemoteImages {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let past_proxy = PROXIES.iter().any(|name| is_set(name) || is_set(&name.to_ascii_lowercase()));
        RemoteImages::new(lock, if self.allow_private_images { Reach::Anywhere } else { Reach::Public { past_proxy } })
    }

    /// Looks at the images of the chosen jobs, if the manifest has them mirrored.
    ///
    /// # Errors
    /// Where this machine can't do several things at a time.
    pub(super) fn look(
        self,
        manifest: &Manifest,
        ledger: &Ledger,
        choice: &Choice,
        (remote_images, image_cache): (&RemoteImages, &ImageCache),
        reporting: &Reporting,
        stop: &Stop,
    ) -> Result<Looked, Failure> {
        if !manifest.run.mirror {
            return Ok(Looked { pins: ledger.book().pins().clone(), ..Looked::default() });
        }
        let looking = Looking {
            manifest,
            book: ledger.book(),
            choice,
            changed: if self.refresh_images { Changed::Taken } else { Changed::Told },
            images: remote_images,
            image_cache,
            events: &reporting.events(),
            stop,
            clock: Clock::System,
            backoff: BACKOFF,
            seed: fastrand::u64(..),
        };
        let runtime = session::runtime()?;
        let looked = runtime.block_on(mirror::look(looking));
        // Names that are still being resolved must not hold up the end.
        runtime.shutdown_background();
        Ok(looked)
    }
}
