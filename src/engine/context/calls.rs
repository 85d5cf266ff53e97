//! Calls that cost nothing, and what to do while the service doesn't answer.

use super::Context;
use crate::base::faultpoint;
use crate::client::{Failure, Service, Verdict};
use crate::engine::gate::Patience;
use crate::event::stop::{Level, Missed, StopCause};
use crate::event::{Bound, Call, Event};
use crate::service::names::JobId;
use std::future::Future;
use std::time::Duration;

impl<S: Service> Context<S> {
    /// Ends all submits: something other than the service answered for as long as the run's patience, so nothing could
    /// be collected.
    pub(in crate::engine) fn away_for_good(&self, message: String) {
        self.stop.to(Level::NoSubmits, StopCause::Unreachable(message));
    }

    /// Ends the run: there is no way to the service until a person changes something.
    pub(in crate::engine) fn no_way(&self, message: String) {
        self.stop.to(Level::Out, StopCause::NoWay(message));
    }

    /// Makes a call that costs nothing: through the gate, waiting together with all others while the service is unreachable.
    ///
    /// # Errors
    /// [`Missed`] says why there is no answer. If the account was refused, submits have already been stopped.
    pub(in crate::engine) async fn call<T, F>(&self, name: Call, job: &JobId, call: impl Fn() -> F) -> Result<T, Missed>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let attempt = async {
            loop {
                let pass = self.gate.pass().await;
                let answer = {
                    let _permit = self.within(Bound::Calls, self.calls.acquire()).await;
                    faultpoint::reach(name.as_str(), "send");
                    // Boxed, so that a job waiting between two calls doesn't keep a call's memory.
                    Box::pin(call()).await
                };
                faultpoint::reach(name.as_str(), "answered");
                match answer {
                    Ok(value) => {
                        pass.reached();
                        self.hearing.answered();
                        return Ok(value);
                    }
                    Err(Failure { verdict: Verdict::Unreachable(asked), message, .. }) => {
                        self.wait_for_service(pass.unreachable(asked, self.random()), message);
                    }
                    Err(failure) => {
                        // A local failure says nothing about the service.
                        if failure.verdict != Verdict::Local {
                            pass.reached();
                        }
                        self.hear(name, &failure.verdict);
                        tracing::debug!(call = name.as_str(), %job, code = failure.code, "{}", failure.message);
                        return Err(failure);
                    }
                }
            }
        };
        match self.stop.unless_out(attempt).await {
            None => Err(Missed::Out),
            Some(Ok(value)) => Ok(value),
            Some(Err(failure)) if failure.verdict == Verdict::Stop => {
                // An account that may not upload may still ask for what is paid, and one task may be refused where others aren't.
                self.refused(&failure.code, failure.message.clone());
                if name == Call::Upload { Err(Missed::Out) } else { Err(Missed::Failed(failure)) }
            }
            Some(Err(failure)) if failure.verdict == Verdict::NoWay => {
                self.no_way(failure.message);
                Err(Missed::Out)
            }
            Some(Err(failure)) => Err(Missed::Failed(failure)),
        }
    }

    /// Reports that the service can't be reached, and ends the run when its patience is over.
    pub(in crate::engine) fn wait_for_service(&self, patience: Patience, message: String) {
        match patience {
            Patience::Over => self.stop.to(Level::Out, StopCause::Unreachable(message)),
            Patience::Left(pause) if pause.is_zero() => {}
            Patience::Left(pause) => self.events.send(Event::Throttled { message, pause: pause.as_secs_f64() }),
        }
    }

    /// Records a reply of the service itself that isn't an answer.
    fn hear(&self, name: Call, verdict: &Verdict) {
        match verdict {
            Verdict::Stop if name != Call::Upload => self.hearing.refused(),
            Verdict::Gone | Verdict::Final | Verdict::Again(_) if matches!(name, Call::Status | Call::Result) => {
                self.hearing.spoke();
            }
            _ => {}
        }
    }

    /// Reports a retry and waits; the end of the run cuts the wait short.
    ///
    /// # Errors
    /// [`Missed::Out`] if the run ended in the meantime.
    pub(in crate::engine) async fn pause(
        &self,
        call: Call,
        job: &JobId,
        message: &str,
        pause: Duration,
    ) -> Result<(), Missed> {
        self.events.send(Event::Retrying {
            job: Some(job.clone()),
            call,
            message: message.to_owned(),
            pause: pause.as_secs_f64(),
        });
        let _paused = matches!(call, Call::Result | Call::Download).then(|| self.pausing.begin());
        self.stop.unless_out(tokio::time::sleep(pause)).await.ok_or(Missed::Out)
    }
}
