//! Addresses of files, as seen from the page.

use super::Source;
use crate::ledger::record::Output;
use crate::manifest::model::Manifest;
use crate::service::publish_url::PublishUrl;
use std::path::Path;
use url::Url;

/// The location of the page, and of published videos.
#[derive(Debug)]
pub(super) struct Place<'s> {
    page: Option<Url>,
    /// The place where videos are published, and its address on the web.
    published: Option<(&'s PublishUrl, &'s Url)>,
}

impl<'s> Place<'s> {
    /// Creates the location of a page in `folder`, a real path.
    pub(super) fn new(folder: &Path, source: &Source<'s>) -> Place<'s> {
        let published = source.manifest.publish.as_ref().zip(source.published);
        Place { page: Url::from_directory_path(folder).ok(), published }
    }

    /// Returns the address of a video: where it is published if the page links there, else that of its file.
    pub(super) fn of_video(&self, output: &Output, manifest: &Manifest) -> Option<String> {
        let published = self.published.and_then(|(place, web)| {
            let name = place.name_of(place.find(&output.published)?)?;
            let mut address = web.clone();
            address.path_segments_mut().ok()?.pop_if_empty().extend(name.split('/'));
            Some(address.into())
        });
        published.or_else(|| self.address(&manifest.folder.join(&output.path)))
    }

    /// Returns the origin of published videos, if the page links to them.
    pub(super) fn origin(&self) -> Option<String> {
        self.published.map(|(_, web)| web.origin().ascii_serialization())
    }

    /// Returns the address of `file`, an absolute path: relative to the page, percent-encoded, and never interpreted as
    /// another scheme.
    pub(super) fn address(&self, file: &Path) -> Option<String> {
        let (page, file) = (self.page.as_ref()?, Url::from_file_path(file).ok()?);
        Some(match page.make_relative(&file) {
            Some(up) if up.starts_with("../") => up,
            // `a:b.mp4` alone would be a file of the scheme `a`.
            Some(below) => format!("./{below}"),
            None => file.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page_in(folder: &str) -> Place<'static> {
        Place { page: Url::from_directory_path(folder).ok(), published: None }
    }

    fn address(folder: &str, file: &str) -> String {
        page_in(folder).address(Path::new(file)).unwrap()
    }

    #[test]
    fn files_are_named_from_the_folder_of_the_page() {
        assert_eq!(address("/a", "/a/out/b-1.mp4"), "./out/b-1.mp4");
        assert_eq!(address("/a/pages", "/a/out/b-1.mp4"), "../out/b-1.mp4");
        assert_eq!(address("/a/x/y", "/b/c.mp4"), "../../../b/c.mp4");
        assert_eq!(address("/a", "/a/小狗 #1?%20&.mp4"), "./%E5%B0%8F%E7%8B%97%20%231%3F%2520&.mp4");
        assert_eq!(address("/a", "/a/javascript:alert(1)"), "./javascript:alert(1)");
        assert_eq!(page_in("relative").address(Path::new("/a")), None);
    }

    proptest! {
        #[test]
        fn a_browser_finds_the_file(folder in "(/[a-c狗 #%?:.~]{1,3}x){0,4}", file in "(/[a-c狗 #%?:.~\"<>]{1,3}x){1,4}") {
            let folder = format!("/{}", folder.trim_start_matches('/'));
            let found = Url::from_directory_path(&folder).unwrap().join(&address(&folder, &file)).unwrap();
            prop_assert_eq!(found.to_file_path().unwrap(), Path::new(&file));
        }
    }
}
