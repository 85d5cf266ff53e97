//! What a run shares with others of its ledger, as the dispatcher sees it: slots at the service, and money.

use super::context::Context;
use crate::client::Service;
use crate::event::Bound;
use crate::ledger::shared::Slots;
use std::sync::Arc;
use tokio::time::Instant;

/// A run's wait for a slot that others use.
#[derive(Debug, Default)]
pub(super) struct Held(Option<Instant>);

impl Held {
    /// Takes one of the shared slots; where none are shared, there is one for everybody.
    pub(super) fn take<S>(&mut self, context: &Context<S>) -> bool {
        let takes = slots(context).is_none_or(|slots| slots.take());
        if takes {
            self.0 = None;
        } else {
            self.0.get_or_insert_with(Instant::now);
        }
        takes
    }

    /// Waits until the run has waited for long, and says so, once.
    pub(super) async fn say<S: Service>(&self, context: &Context<S>) {
        let (Some(since), bound) = (self.0, Bound::FleetConcurrency) else { return std::future::pending().await };
        context.bounds.long(bound, since).await;
        context.bounds.waited(bound, since.elapsed(), || context.hold(bound));
    }
}

/// Returns the slots that the runs of a ledger share, where they do.
pub(super) fn slots<S>(context: &Context<S>) -> Option<&Arc<Slots>> {
    context.limits.as_ref().and_then(|limits| limits.slots())
}

/// Waits until this run may use more of the shared slots; where none are shared, for ever.
pub(super) async fn more_slots<S>(context: &Context<S>) {
    match slots(context) {
        Some(slots) => slots.more().await,
        None => std::future::pending().await,
    }
}

/// Waits until the money of all runs changes; where none is shared, for ever.
pub(super) async fn more_money<S: Service>(context: &Context<S>) {
    match context.purse() {
        Some(purse) => purse.changed().await,
        None => std::future::pending().await,
    }
}
