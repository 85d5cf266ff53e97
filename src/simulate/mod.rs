//! The simulated service: a trial without an account, and the double that tests run against.
//!
//! A real HTTP server on loopback that behaves as the service does: it checks requests, takes time, makes playable
//! videos, and costs nothing. It shares no decoder with the client: it reads and writes its own JSON, so that a
//! misreading in one is found by the other.
//!
//! It stores no tasks: all facts about a task are packed into its id, so that any later simulator answers for it. It
//! does keep books: [`Account`] counts charges and requests, so that a test can prove that nothing was paid twice. And
//! it misbehaves on command: see [`Fault`] for the syntax.
//!
//! ```no_run
//! # async fn trial() -> std::io::Result<()> {
//! use batch::simulate::{Options, Simulator};
//!
//! let simulator = Simulator::start(Options::default()).await?;
//! println!("{}", simulator.base_url());
//! assert_eq!(simulator.account().charges(), 0);
//! simulator.stop().await;
//! # Ok(())
//! # }
//! ```

mod account;
mod asked;
mod body;
mod call;
mod check;
mod dice;
mod exchange;
mod fault;
mod line;
mod options;
mod reply;
mod server;
mod service;
mod signature;
mod task;
mod upload;
mod video;

pub use account::{Account, Books, Request};
pub use call::Call;
pub use fault::{Fault, NotAFault};
pub use options::{Latency, NotALatency, NotAShare, Options, Share};
pub use server::{Running, Simulator};
