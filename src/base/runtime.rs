//! The runtime of what waits for files, timers and the network.

use std::io;
use tokio::runtime::{Builder, Runtime};

/// Creates a runtime on this thread.
///
/// # Errors
/// Fails if the system provides none.
pub fn on_this_thread() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
