//! Looks at remote images before the plan of a run is final.

use super::{BACKOFF, RunError};
use crate::base::clock::Clock;
use crate::base::runtime;
use crate::client::remote::RemoteImages;
use crate::event::sender::Events;
use crate::event::stop::Stop;
use crate::ledger::Book;
use crate::manifest::Manifest;
use crate::mirror::ImageCache;
use crate::mirror::{self, Looked, Looking, OnChange};
use crate::plan::Choice;

/// Looks at the images of the chosen jobs, if the manifest has them mirrored.
///
/// # Errors
/// Fails if the system provides no runtime.
pub fn look_at_images(
    manifest: &Manifest,
    book: &Book,
    choice: &Choice,
    changed: OnChange,
    (images, image_cache): (&RemoteImages, &ImageCache),
    (events, stop): (&Events, &Stop),
) -> Result<Looked, RunError> {
    if !manifest.run.mirror {
        return Ok(Looked { pins: book.pins().clone(), ..Looked::default() });
    }
    let looking = Looking {
        manifest,
        book,
        choice,
        changed,
        images,
        image_cache,
        events,
        stop,
        clock: Clock::System,
        backoff: BACKOFF,
        seed: fastrand::u64(..),
    };
    let runtime = runtime::on_this_thread()?;
    let looked = runtime.block_on(mirror::look(looking));
    // Names that are still being resolved must not hold up the end.
    runtime.shutdown_background();
    Ok(looked)
}
