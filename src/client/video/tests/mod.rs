//! What is a whole video, and what is a cut one.

mod damage;

use super::*;
use crate::base::corpus::samples;
use proptest::prelude::*;
use std::io::Cursor;

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap();
    [&size.to_be_bytes()[..], kind, content].concat()
}

/// Returns a box of the kind that begins with a version and flags.
fn full(kind: &[u8; 4], flags: u32, words: &[u32]) -> Vec<u8> {
    let words: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    boxed(kind, &[&flags.to_be_bytes()[..], &words].concat())
}

fn mp4() -> Vec<u8> {
    [boxed(b"ftyp", b"isom"), boxed(b"mdat", &[7; 100]), moov(20, &[60, 40], b"")].concat()
}

/// Returns an index of one track with samples of these sizes in one chunk.
fn moov(offset: u32, sizes: &[u32], more: &[u8]) -> Vec<u8> {
    let count = sizes.len() as u32;
    let tables = [
        full(b"stsc", 0, &[1, 1, count, 1]),
        full(b"stsz", 0, &[&[0, count][..], sizes].concat()),
        full(b"stco", 0, &[1, offset]),
    ];
    let mdia = boxed(b"mdia", &boxed(b"minf", &boxed(b"stbl", &tables.concat())));
    boxed(b"moov", &[boxed(b"trak", &mdia), more.to_vec()].concat())
}

/// Returns the index of a file whose frames are all in fragments, by default of eight bytes each.
fn movable() -> Vec<u8> {
    let trex = full(b"trex", 0, &[1, 1, 1, 8, 0]);
    [boxed(b"ftyp", b"iso5"), boxed(b"moov", &boxed(b"mvex", &trex))].concat()
}

/// Returns a fragment of so many samples of eight bytes.
fn fragment(count: u32) -> Vec<u8> {
    let traf = [full(b"tfhd", 0, &[1]), full(b"trun", 0, &[count])].concat();
    [boxed(b"moof", &boxed(b"traf", &traf)), boxed(b"mdat", &vec![9; count as usize * 8])].concat()
}

fn judged(bytes: &[u8]) -> Result<End, Flaw> {
    check(&mut Cursor::new(bytes), bytes.len() as u64)
}

#[track_caller]
fn whole(bytes: &[u8], end: End) {
    assert_eq!(judged(bytes).unwrap(), end);
}

#[track_caller]
fn cut(bytes: &[u8]) {
    assert!(matches!(judged(bytes), Err(Flaw::Cut | Flaw::NoFrames)), "{:?}", judged(bytes));
}

#[test]
fn whole_videos_pass() {
    whole(&mp4(), End::Proven);
    // A 64-bit size, and a last box that goes to the end.
    let large = [&1u32.to_be_bytes()[..], b"mdat", &20u64.to_be_bytes(), &[1; 4]].concat();
    let open = [&0u32.to_be_bytes()[..], b"mdat", &[0; 50]].concat();
    whole(&[boxed(b"ftyp", b""), large, moov(24, &[3, 1], b""), open].concat(), End::Proven);
    // Old QuickTime.
    whole(&[boxed(b"wide", b""), boxed(b"mdat", b"frames"), moov(16, &[6], b"")].concat(), End::Proven);
}

#[test]
fn anything_cut_short_is_found() {
    for length in 0..mp4().len() {
        assert!(judged(&mp4()[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn frames_that_the_index_lists_must_be_there() {
    let first = |offset| [moov(offset, &[30, 20], b""), boxed(b"mdat", &[3; 50])].concat();
    let offset = first(0).len() as u32 - 50;
    let video = first(offset);
    whole(&video, End::Proven);
    for length in 8..video.len() {
        cut(&video[..length]);
    }
    // Frames in several boxes: the border between them is not an end.
    let several = [moov(offset + 20, &[30, 20], b""), boxed(b"mdat", &[3; 12]), boxed(b"mdat", &[3; 50])].concat();
    whole(&several, End::Proven);
    cut(&several[..several.len() - 58]);
    // A last box without a length ends where the frames do.
    let open = [moov(offset, &[30, 20], b""), b"\0\0\0\0mdat".to_vec(), vec![3; 50]].concat();
    whole(&open, End::Proven);
    cut(&open[..open.len() - 1]);
}

#[test]
fn what_is_behind_all_frames_is_no_cut() {
    let tag = [&b"TAG"[..], b"sfree of box names", &[0; 107]].concat();
    let tails: [&[u8]; 13] = [
        b"\0",
        b"\0\0\0",
        b"\0\0\0\0",
        b"\0\0\0\0\0\0\0",
        b"\n",
        b"\r\n",
        &[0; 8],
        &[0; 100],
        &tag,
        b"TAGtitle",
        b"made by a camera, and signed at the end",
        b"\x00\x00\x00\x04mdat",
        b"\0\0\x10\0none",
    ];
    for tail in tails {
        whole(&[&mp4(), tail].concat(), End::Seam);
    }
    whole(&[mp4(), boxed(b"free", b""), boxed(b"uuid", &[1; 30]), boxed(b"none", b"x")].concat(), End::Proven);
    cut(&[mp4(), boxed(b"free", &[0; 50])[..20].to_vec()].concat());
    cut(&[&mp4(), &b"\0\0\x10\0mdat"[..]].concat());
}

#[test]
fn a_fragmented_video_is_cut_where_data_is_missing() {
    let video = [movable(), fragment(4), fragment(3)].concat();
    whole(&video, End::Seam);
    let (head, first) = (movable().len(), movable().len() + fragment(4).len());
    for length in 8..video.len() {
        match judged(&video[..length]) {
            // From here on, nothing says that another fragment was to come.
            Ok(End::Seam) => assert_eq!(length, first),
            flaw => assert!(matches!(flaw, Err(Flaw::Cut | Flaw::NoFrames | Flaw::NoIndex)), "{length}: {flaw:?}"),
        }
    }
    assert!(matches!(judged(&video[..head]), Err(Flaw::NoFrames)));
    // A fragment has all its data, or the following ones don't count.
    let starved = [movable(), fragment(4)[..fragment(4).len() - 40].to_vec(), fragment(3)].concat();
    cut(&starved);
    // The index of all fragments, if present, ends them.
    whole(&[&video, &boxed(b"mfra", b"")[..], b"\0\0\0"].concat(), End::Proven);
    whole(&[&video, &b"\n"[..]].concat(), End::Seam);
    cut(&[&video, &b"\0\0\0"[..]].concat());
}

#[test]
fn a_fragmented_video_is_as_long_as_its_index_of_segments_says() {
    let lengths = [fragment(4).len() as u32, fragment(3).len() as u32];
    let references: Vec<u32> = lengths.iter().flat_map(|length| [*length, 0, 0]).collect();
    let sidx = full(b"sidx", 0, &[&[1, 1000, 0, 0, 2][..], &references].concat());
    let video = [movable(), sidx, fragment(4), fragment(3)].concat();
    whole(&video, End::Seam);
    cut(&video[..video.len() - lengths[1] as usize]);
}

#[test]
fn a_video_of_one_fragment_may_have_it_in_its_index() {
    let frames = |offset| [moov(offset, &[30, 20], &boxed(b"mvex", b"")), boxed(b"mdat", &[3; 50])].concat();
    let video = frames(frames(0).len() as u32 - 50);
    whole(&video, End::Seam);
    cut(&video[..video.len() - 58]);
}

/// Returns an element with a size of eight bytes.
fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    [id, &(1 << 56 | content.len() as u64).to_be_bytes(), content].concat()
}

/// Returns the beginning of an element without a size.
fn endless(id: &[u8]) -> Vec<u8> {
    [id, &[0xFF; 1]].concat()
}

const CLUSTER: &[u8] = b"\x1f\x43\xb6\x75";
const SEGMENT: &[u8] = b"\x18\x53\x80\x67";

/// Returns a file of a segment with these elements; where it has no size, they are its end.
fn webm(segment: &[u8]) -> Vec<u8> {
    [element(b"\x1a\x45\xdf\xa3", b"\x42\x82\x84webm"), segment.to_vec()].concat()
}

/// Returns a list of one track, and its blocks' number.
fn tracks() -> Vec<u8> {
    element(b"\x16\x54\xae\x6b", &element(b"\xae", &[element(b"\xd7", b"\x01"), element(b"\x86", b"V_VP8")].concat()))
}

fn cluster() -> Vec<u8> {
    [element(b"\xe7", b"\0"), element(b"\xa3", &[5; 30]), element(b"\xa0", &element(b"\xa1", &[6; 21]))].concat()
}

#[test]
fn a_segment_is_as_long_as_it_says() {
    let video = webm(&element(SEGMENT, &[tracks(), element(CLUSTER, &cluster())].concat()));
    whole(&video, End::Proven);
    whole(&[&video, &b"TAGtitle"[..]].concat(), End::Proven);
    for length in 4..video.len() {
        cut(&video[..length]);
    }
    cut(b"\x1a\x45\xdf\xa3 webm");
}

#[test]
fn a_live_segment_ends_where_one_of_its_elements_does() {
    for cluster in [element(CLUSTER, &cluster()), [endless(CLUSTER), cluster()].concat()] {
        let head = webm(&[endless(SEGMENT), tracks()].concat());
        let video = [head.clone(), cluster.clone(), cluster.clone()].concat();
        whole(&video, End::Seam);
        whole(&[&video, &b"\0\0\0"[..]].concat(), End::Seam);
        whole(&[&video, &b"TAGtitle"[..]].concat(), End::Seam);
        let borders = (4..video.len()).filter(|length| judged(&video[..*length]).is_ok()).collect::<Vec<_>>();
        let first = head.len() + cluster.len();
        // Clusters with a size end at their end; others after each block.
        let expected = if cluster.len() > 99 { vec![first] } else { vec![first - 39, first, video.len() - 39] };
        assert_eq!(borders, expected);
    }
}

#[test]
fn a_live_segment_has_what_its_table_of_contents_names() {
    let table = |place: u8| {
        element(
            b"\x11\x4d\x9b\x74",
            &element(
                b"\x4d\xbb",
                &[element(b"\x53\xab", b"\x1c\x53\xbb\x6b"), element(b"\x53\xac", &[place])].concat(),
            ),
        )
    };
    let video = |place| webm(&[endless(SEGMENT), table(place), tracks(), element(CLUSTER, &cluster())].concat());
    whole(&video(100), End::Seam);
    cut(&video(250));
}

#[test]
fn what_is_no_video_is_told_apart() {
    assert!(matches!(judged(b"<!DOCTYPE html><p>sorry"), Err(Flaw::Html)));
    assert!(matches!(judged(b"\xef\xbb\xbf\n <html>sorry</html>"), Err(Flaw::Html)));
    assert!(matches!(judged(b"{\"code\":500}"), Err(Flaw::Json)));
    assert!(matches!(judged("<Error>拒绝</Error>".as_bytes()), Err(Flaw::Text)));
    assert!(matches!(judged(b"RIFF\x10\0\0\0AVI LIST"), Err(Flaw::NotAVideo)));
    assert!(matches!(judged(b"\xff\xd8\xff\xe0 a picture"), Err(Flaw::NotAVideo)));
    assert!(matches!(judged(b""), Err(Flaw::Empty)));
    assert!(matches!(judged(&boxed(b"ftyp", b"isom")), Err(Flaw::NoIndex)));
    let backwards = [boxed(b"ftyp", b""), [&3u32.to_be_bytes()[..], b"moov"].concat()].concat();
    assert!(matches!(judged(&backwards), Err(Flaw::Broken)));
    let endless = [boxed(b"ftyp", b""), [&1u32.to_be_bytes()[..], b"moov", &[0xff; 8]].concat()].concat();
    assert!(matches!(judged(&endless), Err(Flaw::Cut)));
}

proptest! {
    #[test]
    fn no_bytes_panic(tail in any::<Vec<u8>>()) {
        let _ = judged(&[boxed(b"ftyp", b""), tail.clone()].concat());
        let _ = judged(&webm(&[endless(SEGMENT), tail.clone()].concat()));
        let _ = judged(&[boxed(b"moov", &boxed(b"trak", &boxed(b"stbl", &tail)))].concat());
    }

    #[test]
    fn no_tables_panic(words in proptest::collection::vec(any::<u32>(), 0..9), flags in any::<u32>()) {
        let tables = [b"stsc", b"stsz", b"stz2", b"stco", b"co64"].map(|kind| full(kind, flags, &words));
        let index = boxed(b"moov", &boxed(b"trak", &boxed(b"mdia", &boxed(b"minf", &boxed(b"stbl", &tables.concat())))));
        let traf = [full(b"tfhd", flags, &words), full(b"trun", flags, &words)].concat();
        let _ = judged(&[index, boxed(b"moof", &boxed(b"traf", &traf)), full(b"sidx", flags, &words)].concat());
    }
}

#[test]
fn what_real_tools_make_is_whole_until_it_is_cut() {
    for sample in samples("videos") {
        let name = &sample.name;
        let judged_whole = judged(&sample.content);
        let verdict = match &judged_whole {
            Ok(End::Proven) => "whole",
            Ok(End::Seam) => "seam",
            Err(Flaw::Cut | Flaw::NoFrames) => "cut",
            Err(Flaw::NoIndex) => "no-index",
            Err(_) => "other",
        };
        assert_eq!(verdict, sample.verdict, "{name}: {judged_whole:?}");
        for length in sample.lengths(7) {
            let of_cut = judged(&sample.content[..length]);
            assert!(of_cut.is_err() || sample.may_look_whole(length), "{name} cut to {length} bytes: {of_cut:?}");
        }
    }
}
