//! The paths of videos: the template, and its results for the jobs.

use super::output::{self, OutputFlaw, Template};
use crate::base::folder::Folder;
use crate::manifest::fields::{DIR, FILE_NAME, Field};
use crate::manifest::problem::{Place, Problem};
use crate::manifest::raw::{Job, Output, Slot, Spot};
use crate::manifest::sink::Sink;
use crate::service::names::JobId;
use crate::service::output::VideoName;

/// The names of videos.
pub(crate) struct Paths<'f, 't> {
    folder: &'f Folder,
    /// `None` if it has a mistake.
    template: Option<Template>,
    /// The place where it is written; `None` for the default.
    at: Option<Place>,
    text: &'t str,
    /// The id of the first job that has one, in lower case, and its place.
    first: Option<(String, Place)>,
    blamed: Blamed,
}

/// The mistakes of the template that were already reported: once is enough, however many jobs have them.
#[derive(Default)]
struct Blamed {
    videos: bool,
    expansion: bool,
}

impl<'f, 't> Paths<'f, 't> {
    /// Reads the names of videos from `output`.
    pub(crate) fn check(output: &Output<'t>, folder: &'f Folder, sink: &mut Sink<'_>) -> Paths<'f, 't> {
        let (dir_at, dir) = written(&output.dir, &DIR);
        let (at, name) = written(&output.name, &FILE_NAME);
        let dir = dir.and_then(|text| {
            let refused = |flaw| sink.push(Problem::OutputDir { at: dir_at, text: text.to_owned(), flaw });
            output::dir(text, folder).map_err(refused).ok()
        });
        let template = name.and_then(|text| {
            let Err(flaw) = output::name(text, dir.as_deref().unwrap_or_default(), folder) else {
                return Some(Template::new(dir?, text));
            };
            let flaws = match flaw {
                OutputFlaw::Placeholder { .. } => output::strange_braces(text),
                flaw => vec![flaw],
            };
            for flaw in flaws {
                let at = match (&output.name, &flaw) {
                    (Slot::Set(spot), OutputFlaw::Placeholder { range, .. }) => {
                        Some(Place { at: spot.node.locate(range.clone()), ..Place::of(spot.node) })
                    }
                    _ => at,
                };
                sink.push(Problem::OutputName { at, text: text.to_owned(), flaw, job: None });
            }
            None
        });
        let text = name.unwrap_or_default();
        Paths { folder, template, at, text, first: None, blamed: Blamed::default() }
    }

    /// Returns the folder of the videos, relative to the manifest's; `None` if it has a mistake.
    pub(crate) fn dir(&self) -> Option<&str> {
        self.template.as_ref().map(Template::dir)
    }

    /// Returns the name of the job's videos, whose number is `videos` if it is known; `None` without a template or an id.
    pub(crate) fn of_job(&mut self, job: &Job<'_>, videos: Option<u8>, sink: &mut Sink<'_>) -> Option<VideoName> {
        let template = self.template.as_ref()?;
        let id = job.id.get().filter(|id| JobId::check(id.value).is_ok())?;
        let (at, text) = (self.at, self.text);
        let job = Place::of(id.node).as_use();
        let (first, earlier) = self.first.get_or_insert_with(|| (id.value.to_lowercase(), job));
        let earlier = *earlier;
        // Duplicate ids were reported as such.
        if !template.tells_jobs_apart() && *first != id.value.to_lowercase() {
            sink.push(Problem::SharedPath { text: text.to_owned(), later: job, earlier });
        }
        if let Some(videos @ 2..) = videos
            && !template.tells_videos_apart()
            && !self.blamed.videos
        {
            self.blamed.videos = true;
            sink.push(Problem::SharedVideoPath { at, text: text.to_owned(), job, videos });
        }
        let refused = |flaw| {
            if !self.blamed.expansion {
                self.blamed.expansion = true;
                sink.push(Problem::OutputName { at, text: text.to_owned(), flaw, job: Some(job.at) });
            }
        };
        template.expand(id.value, self.folder).map_err(refused).ok()
    }
}

/// Returns the value of a field, or its default; and its place.
fn written<'t>(slot: &Slot<Spot<'t, &'t str>>, field: &'static Field) -> (Option<Place>, Option<&'t str>) {
    match slot {
        Slot::Set(spot) => (Some(Place::of(spot.node)), Some(spot.value)),
        Slot::Absent => (None, field.default),
        Slot::Spoilt => (None, None),
    }
}
