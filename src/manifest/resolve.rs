//! From the manifest as it is written to the request of each job: its own fields, `defaults` and the library joined.

use super::context::Context;
use super::fields::REFERENCES;
use super::model::ListedIn;
use super::raw::{Input, Job, Slot, Spot};
use super::rules::images::Images;
use super::rules::mentions;
use super::rules::references::{Library, Links};
use super::sink::Sink;
use std::rc::Rc;

/// The data that all jobs share.
pub(super) struct Shared<'r, 't> {
    defaults: &'r Input<'t>,
    /// The references of `defaults`, looked up once for all jobs.
    links: Slot<Rc<Links<'r>>>,
    library: &'r Library<'t>,
}

/// A job joined with `defaults` and the library.
pub(super) struct Resolved<'t> {
    /// Its fields. The references are those listed in the job or in `defaults`; without a list, those of the library that the
    /// prompt mentions.
    pub input: Input<'t, Rc<Links<'t>>>,
    pub listed_in: ListedIn,
}

impl<'r, 't> Shared<'r, 't> {
    /// Creates the shared data, checked at its own place.
    pub(super) fn new(
        library: &'r Library<'t>,
        defaults: &'r Input<'t>,
        images: &mut Images<'_>,
        sink: &mut Sink<'_>,
    ) -> Shared<'r, 't> {
        sink.enter_default(&REFERENCES);
        let links =
            defaults.references.as_ref().map(|listed| Rc::new(Links::listed(listed, None, library, images, sink)));
        sink.enter(Context::Manifest);
        Shared { defaults, links, library }
    }

    /// Joins the job with the shared data; adds findings if its prompt and its references do not agree.
    pub(super) fn resolve<'j>(
        &'j self,
        job: &'j Job<'j>,
        images: &mut Images<'_>,
        sink: &mut Sink<'_>,
    ) -> Resolved<'j> {
        sink.enter_job(job.number);
        let (own, all) = (&job.input, self.defaults);
        let references = self.references(own, own.prompt.or(&all.prompt), images, sink);
        let listed_in = match (&own.references, &self.links) {
            (Slot::Absent, Slot::Absent) => ListedIn::Prompt,
            (Slot::Absent, _) => ListedIn::Defaults,
            _ => ListedIn::Job,
        };
        Resolved { input: own.joined(all, references), listed_in }
    }

    fn references<'j>(
        &'j self,
        own: &Input<'j>,
        prompt: Slot<Spot<'j, &'j str>>,
        images: &mut Images<'_>,
        sink: &mut Sink<'_>,
    ) -> Slot<Rc<Links<'j>>> {
        let listed = match &own.references {
            Slot::Set(listed) => {
                let prompt = prompt.get().map(|prompt| prompt.value);
                Slot::Set(Rc::new(Links::listed(listed, prompt, self.library, images, sink)))
            }
            Slot::Absent => self.links.clone(),
            Slot::Spoilt => Slot::Spoilt,
        };
        let links = match (listed, prompt) {
            (Slot::Set(links), Slot::Set(prompt)) => {
                mentions::listed(&prompt, &links, self.library, sink);
                Slot::Set(links)
            }
            (Slot::Absent, Slot::Set(prompt)) => {
                mentions::implied(&prompt, self.library, sink).map_or(Slot::Absent, |links| Slot::Set(Rc::new(links)))
            }
            // The references that an unreadable prompt implies are unknown.
            (Slot::Absent, _) => Slot::Spoilt,
            (listed, _) => listed,
        };
        for link in links.get().iter().flat_map(|links| &links.items) {
            if let Some(entry) = link.entry {
                sink.uses_entry(entry);
            }
        }
        links
    }
}
