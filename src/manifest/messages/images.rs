//! Messages about images: their number, and what is wrong or odd about each.

use super::document::private_file;
use super::{Words, code_points, quoted};
use crate::diagnostic::code::Code;
use crate::manifest::problem::Place;
use crate::manifest::rules::images::ImageFlaw;
use crate::service::content::{NoImage, Oddity};
use crate::service::limits::{IMAGE_BYTES, IMAGE_SIDE};

/// The allowed forms of an image.
const ALLOWED: &str = "write an http or https URL, or a path relative to the manifest";

pub(super) fn count(at: Place, count: usize) -> Words {
    let words = |message: String| Words::error(Code::ImageCount, message);
    if count == 0 {
        words("a reference has 1 to 3 images, not none".to_owned()).at(at, "none here").help(ALLOWED)
    } else {
        words(format!("a reference has 1 to 3 images, not {count}")).at(at, "the fourth").help("keep three at most")
    }
}

pub(super) fn flaw(at: Place, text: &str, flaw: &ImageFlaw) -> Words {
    let image = quoted(text);
    let (message, label, help) = match flaw {
        ImageFlaw::Private(why) => return private_file(&image, *why).at(at, "not read"),
        ImageFlaw::Empty => ("an image is a URL or a path, not empty".to_owned(), "empty", ALLOWED.to_owned()),
        ImageFlaw::Several { separator } => (
            "several URLs in one: an item of `urls` is a single image".to_owned(),
            "several",
            format!(
                "write each as an item of its own; of a cell of a table, `${{{{ row.NAME | split(\"{}\") }}}}` in place of the list makes one",
                if separator.is_control() { separator.escape_default().to_string() } else { separator.to_string() }
            ),
        ),
        ImageFlaw::NotAUrl => (
            format!("{image} is no URL with a host"),
            "not a URL",
            "write it as `https://images.example.com/dog.png`".to_owned(),
        ),
        ImageFlaw::Credentials => (
            "an image's URL has no name or password in it: the service would get to know them".to_owned(),
            "has a name or password",
            "take them out; an image that needs them can be downloaded and given as a path".to_owned(),
        ),
        ImageFlaw::Scheme(scheme) if scheme.eq_ignore_ascii_case("file") => (
            "an image is not given as a `file:` URL".to_owned(),
            "a file",
            "write its path, relative to the manifest; it is uploaded first".to_owned(),
        ),
        ImageFlaw::Scheme(scheme) if scheme.eq_ignore_ascii_case("data") => (
            "an image is not written into the manifest as a `data:` URL".to_owned(),
            "data",
            "save it to a file and write its path, relative to the manifest; it is uploaded first".to_owned(),
        ),
        ImageFlaw::Scheme(scheme) => (
            format!("an image's URL is http or https, not {}", quoted(scheme)),
            "another kind of URL",
            ALLOWED.to_owned(),
        ),
        ImageFlaw::Blank => (
            "an image's URL has no white space or control characters in it".to_owned(),
            "has some",
            "take them out, or write `%20` for a space".to_owned(),
        ),
        ImageFlaw::Absolute => (
            format!("{image} is an absolute path, and an image's path is relative to the manifest"),
            "absolute",
            "write the path from the manifest's folder on, such as `refs/dog.png`; for a URL write `https:` before it"
                .to_owned(),
        ),
        ImageFlaw::Backslash { .. } => (
            "an image's path has slashes in it, not backslashes".to_owned(),
            "has a backslash",
            format!("write {}", quoted(&text.replace('\\', "/"))),
        ),
        ImageFlaw::Escapes { project: true } => (
            format!("{image} lies outside the git work tree that holds the manifest"),
            "leads out of the project",
            "copy the image into the project: a clone must have all that its manifest needs".to_owned(),
        ),
        ImageFlaw::Escapes { project: false } => (
            format!("{image} lies outside the manifest's folder"),
            "leads out of the folder",
            "copy the image into the manifest's folder (or put all of it under git, then the whole work tree will do)"
                .to_owned(),
        ),
        ImageFlaw::Missing { nearest: Some(near), .. } => {
            let help = match code_points::difference(text, near) {
                Some(difference) => format!("did you mean {}? {difference}", quoted(near)),
                None => format!("did you mean {}?", quoted(near)),
            };
            (format!("the image {image} doesn't exist"), "no such file", help)
        }
        ImageFlaw::Missing { like_url: true, .. } => (
            format!("the image {image} doesn't exist"),
            "no such file",
            format!("if it is a URL, write {}", quoted(&format!("https://{text}"))),
        ),
        ImageFlaw::Missing { .. } => (
            format!("the image {image} doesn't exist"),
            "no such file",
            "write a path that starts in the manifest's folder, or a URL that starts with `https://`".to_owned(),
        ),
        ImageFlaw::Folder => {
            (format!("{image} is a folder, not an image"), "a folder", "name the files in it, three at most".to_owned())
        }
        ImageFlaw::Special => {
            (format!("{image} is no regular file"), "a pipe, a device or a socket", "name an image file".to_owned())
        }
        ImageFlaw::Unreadable(reason) | ImageFlaw::Content(NoImage::Unreadable(reason)) => (
            format!("the image {image} can't be read: {reason}"),
            "not readable",
            "let this user read the file and the folders that it is in".to_owned(),
        ),
        ImageFlaw::Content(NoImage::Empty) => {
            (format!("{image} is an empty file, not an image"), "empty", "put an image there".to_owned())
        }
        ImageFlaw::Content(NoImage::LfsPointer) => (
            format!("{image} is what git LFS leaves for a file that was not fetched, not an image"),
            "not fetched",
            "fetch it with `git lfs pull`".to_owned(),
        ),
        ImageFlaw::Content(NoImage::Other) => (
            format!("{image} is no image by its content"),
            "no image",
            "name a png, jpg or webp file; other kinds can be converted".to_owned(),
        ),
        ImageFlaw::Content(NoImage::Broken(format)) => (
            format!("{image} starts as a {format} image and breaks off"),
            "damaged",
            "put the whole image there".to_owned(),
        ),
    };
    Words::error(Code::ImageUrl, message).at(at, label).help(help)
}

pub(super) fn odd(at: Place, text: &str, oddity: &Oddity) -> Words {
    let image = quoted(text);
    let (message, label, help) = match oddity {
        Oddity::Format(format) => (
            format!("the model takes png, jpg and webp images, and {image} is {format}"),
            format!("{format} by content"),
            "convert it, or the service may refuse the job",
        ),
        Oddity::Bytes(bytes) => (
            format!(
                "the model takes images under {} MB, and {image} has {:.1} MB",
                IMAGE_BYTES / 1_000_000,
                *bytes as f64 / 1e6
            ),
            "too large".to_owned(),
            "compress it or scale it down, or the service may refuse the job",
        ),
        Oddity::Pixels(width, height) => (
            format!("the model takes images of at most {IMAGE_SIDE} pixels a side, and {image} has {width} x {height}"),
            format!("{width} x {height} pixels"),
            "scale it down, or the service may refuse the job",
        ),
        Oddity::NoEnd => (
            format!("{image} is a JPEG image without its end marker, though its picture is complete"),
            "has no end".to_owned(),
            "save it anew, or the service may refuse the job",
        ),
    };
    Words::warning(Code::ImageUrl, message).at(at, label).help(help)
}
