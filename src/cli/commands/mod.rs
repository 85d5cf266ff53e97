//! One file a command: its work on a page, from arguments to exit code.

pub(super) mod check;
pub(super) mod completions;
pub(super) mod convert;
pub(super) mod explain;
pub(super) mod fetch;
pub(super) mod init;
pub(super) mod ledger;
pub(super) mod lock;
pub(super) mod lsp;
pub(super) mod man;
pub(super) mod plan;
pub(super) mod report;
pub(super) mod resolve;
pub(super) mod run;
pub(super) mod schema;
pub(super) mod show;
pub(super) mod simulate;
pub(super) mod status;
pub(super) mod verify;
