use super::*;
use crate::base::folder::Folder;
use crate::manifest::bound::Private;
use crate::service::content::samples::png;
use crate::service::content::{NoImage, Oddity};
use crate::service::request::Image;
use proptest::prelude::*;
use std::fs;

/// Creates a project with a manifest's folder `work` in it, and images in both.
fn project() -> (tempfile::TempDir, Folder) {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir_all(temp.path().join("project/.git")).unwrap();
    fs::create_dir_all(temp.path().join("project/work/refs")).unwrap();
    let work = temp.path().join("project/work");
    fs::write(work.join("refs/dog.png"), png(640, 480)).unwrap();
    fs::write(temp.path().join("project/shared.png"), png(1, 1)).unwrap();
    fs::write(temp.path().join("outside.png"), png(1, 1)).unwrap();
    let folder = Folder::open(&work).unwrap();
    (temp, folder)
}

fn flaw(folder: &Folder, text: &str) -> ImageFlaw {
    Images::new(folder).look(text).expect_err(text)
}

#[test]
fn urls_are_judged_by_their_form() {
    let (_temp, folder) = project();
    for good in
        ["https://a.example.com/1.png", "HTTP://a.example.com", "http://[::1]:80/x?y#z", "https://例.com/狗.png"]
    {
        assert_eq!(Images::new(&folder).look(good).unwrap().image, Image::Url(good.to_owned()));
    }
    for (text, expected) in [
        ("https://", ImageFlaw::NotAUrl),
        ("https:///x.png", ImageFlaw::NotAUrl),
        ("https:a/x.png", ImageFlaw::NotAUrl),
        ("https://a:99999/", ImageFlaw::NotAUrl),
        ("https://me@a.example.com/1.png", ImageFlaw::Credentials),
        ("https://me:pw@a.example.com/1.png", ImageFlaw::Credentials),
        ("https://a.example.com/1 2.png", ImageFlaw::Blank),
        ("https://a.example.com/1.png\n", ImageFlaw::Blank),
        ("ftp://a.example.com/1.png", ImageFlaw::Scheme("ftp".into())),
        ("file:///tmp/1.png", ImageFlaw::Scheme("file".into())),
        ("data:image/png;base64,AAAA", ImageFlaw::Scheme("data".into())),
    ] {
        assert_eq!(flaw(&folder, text), expected, "{text}");
    }
}

#[test]
fn a_wrong_url_is_wrong_behind_a_right_one_too() {
    let (_temp, folder) = project();
    let mut images = Images::new(&folder);
    for (text, right) in [
        ("https://a.example.com/1.png", true),
        ("https://a.example.com:99999/1.png", false),
        ("https://a.example.com/2.png", true),
        ("https://me@a.example.com/1.png", false),
        ("https://a.example.com", true),
    ] {
        assert_eq!(images.look(text).is_ok(), right, "{text}");
    }
}

proptest! {
    #[test]
    fn only_what_stands_before_its_path_makes_a_url_wrong(
        text in r"https?://[a-c@:.\[\]%狗１0-9]{0,8}([/\\?#][!-~狗\u{a0}-\u{ff}]{0,12})?",
    ) {
        let scheme = scheme(&text).unwrap();
        let whole = origin(&text);
        match path_start(&text, scheme) {
            Some(start) => prop_assert_eq!(origin(&text[..start]), whole),
            // A parser reads more slashes as two.
            None => prop_assert!(text[scheme.len() + 3..].starts_with(['/', '\\'])),
        }
    }
}

#[test]
fn paths_lead_to_images_inside_the_project() {
    let (_temp, folder) = project();
    let mut images = Images::new(&folder);
    for good in ["refs/dog.png", "./refs/../refs/dog.png", "../shared.png"] {
        let looked = images.look(good).unwrap();
        let Image::Content(hash) = &looked.image else { panic!("{looked:?}") };
        assert_eq!(images.local(hash).unwrap().media_type, "image/png");
    }
    for (text, expected) in [
        ("", ImageFlaw::Empty),
        (" ", ImageFlaw::Empty),
        ("/etc/passwd", ImageFlaw::Absolute),
        ("//a.example.com/1.png", ImageFlaw::Absolute),
        ("~/dog.png", ImageFlaw::Absolute),
        ("refs\\dog.png", ImageFlaw::Backslash { is_there: true }),
        ("refs\\dgo.png", ImageFlaw::Backslash { is_there: false }),
        ("C:\\dog.png", ImageFlaw::Backslash { is_there: false }),
        ("../../outside.png", ImageFlaw::Escapes { project: true }),
        ("refs", ImageFlaw::Folder),
        ("refs/dgo.png", ImageFlaw::Missing { nearest: Some("refs/dog.png".into()), like_url: false }),
        ("refs/dog.png/x", ImageFlaw::Missing { nearest: None, like_url: false }),
        ("a.example.com/1.png", ImageFlaw::Missing { nearest: None, like_url: true }),
    ] {
        assert_eq!(flaw(&folder, text), expected, "{text}");
    }
}

#[test]
fn without_a_project_the_manifests_folder_is_the_bound() {
    let (temp, folder) = project();
    fs::remove_dir(temp.path().join("project/.git")).unwrap();
    // If the tests themselves run inside a work tree, that one is the bound.
    let inside_another = temp.path().canonicalize().unwrap().ancestors().any(|above| above.join(".git").exists());
    assert!(!inside_another, "the folder for temporary files lies inside a git work tree");
    assert_eq!(flaw(&folder, "../shared.png"), ImageFlaw::Escapes { project: false });
}

#[test]
fn content_decides_what_is_an_image() {
    let (_temp, folder) = project();
    let look = |name: &str, content: &[u8]| {
        fs::write(folder.join(name), content).unwrap();
        Images::new(&folder).look(name)
    };
    let odd = |name: &str, content: &[u8]| look(name, content).unwrap().oddities;
    let gif = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;";
    assert_eq!(odd("a.gif", gif), [Oddity::Format("GIF")]);
    assert_eq!(odd("a.avif", b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\x09mdat."), [Oddity::Format("AVIF")]);
    assert_eq!(look("half.gif", &gif[..20]).unwrap_err(), ImageFlaw::Content(NoImage::Broken("GIF")));
    assert_eq!(look("half.png", &png(9, 9)[..60]).unwrap_err(), ImageFlaw::Content(NoImage::Broken("PNG")));
    assert_eq!(odd("a.txt", &png(4000, 4000)), []);
    assert_eq!(odd("b.png", &png(4001, 10)), [Oddity::Pixels(4001, 10)]);
    let mut large = png(10, 10);
    large.resize(20_000_000, 0);
    assert_eq!(odd("c.png", &large), [Oddity::Bytes(20_000_000)]);
    assert_eq!(odd("d.png", &large[..19_999_999]), []);
    assert_eq!(look("e.png", b"").unwrap_err(), ImageFlaw::Content(NoImage::Empty));
    assert_eq!(
        look("f.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap_err(),
        ImageFlaw::Content(NoImage::Other)
    );
    assert_eq!(look("g.mp4", b"\0\0\0\x20ftypisom\0\0\0\0").unwrap_err(), ImageFlaw::Content(NoImage::Other));
    assert_eq!(look("h.png", &png(1, 1)[..20]).unwrap_err(), ImageFlaw::Content(NoImage::Broken("PNG")));
    assert_eq!(look("i.png", &png(0, 1)).unwrap_err(), ImageFlaw::Content(NoImage::Broken("PNG")));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    assert_eq!(look("j.png", pointer).unwrap_err(), ImageFlaw::Content(NoImage::LfsPointer));
}

#[cfg(unix)]
#[test]
fn links_are_followed_before_judging_and_pipes_are_not_opened() {
    let (temp, folder) = project();
    std::os::unix::fs::symlink(temp.path().join("outside.png"), folder.join("link.png")).unwrap();
    std::os::unix::fs::symlink("nowhere.png", folder.join("dangling.png")).unwrap();
    std::os::unix::fs::symlink("refs/dog.png", folder.join("alias.png")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    assert_eq!(flaw(&folder, "link.png"), ImageFlaw::Private(Private::Outside));
    assert!(matches!(flaw(&folder, "dangling.png"), ImageFlaw::Missing { .. }));
    assert_eq!(flaw(&folder, "socket"), ImageFlaw::Special);
    let mut images = Images::new(&folder);
    let dog = images.look("refs/dog.png").unwrap().image;
    assert_eq!(images.look("alias.png").unwrap().image, dog);
}

#[test]
fn an_image_is_looked_at_once() {
    let (_temp, folder) = project();
    let mut images = Images::new(&folder);
    let before = images.look("refs/dog.png").unwrap();
    fs::remove_file(folder.join("refs/dog.png")).unwrap();
    assert_eq!(images.look("refs/dog.png").unwrap().image, before.image);
    assert!(images.look("./refs/dog.png").is_ok(), "another spelling leads to the same file");
}
