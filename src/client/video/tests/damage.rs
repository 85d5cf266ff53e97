//! Videos with damage in their middle.

use super::*;

/// Returns the whole videos of the corpus.
fn whole_samples() -> impl Iterator<Item = crate::base::corpus::Sample> {
    samples("videos").into_iter().filter(|sample| matches!(sample.verdict.as_str(), "whole" | "seam"))
}

#[test]
fn what_real_tools_make_is_damaged_where_a_part_of_its_middle_is_missing() {
    for sample in whole_samples() {
        let (content, length) = (&sample.content, sample.content.len());
        for count in [1, 2, 8, 13, 99, 100, 1000, length / 4, length / 2] {
            // The last byte is there: a missing end is a truncation.
            for start in (4..length.saturating_sub(count)).step_by(23) {
                let judged = judged(&[&content[..start], &content[start + count..]].concat());
                let name = &sample.name;
                assert!(judged.is_err() || sample.may_lose(start, count), "{name} without {count} from {start} on");
            }
        }
    }
}

#[test]
fn what_real_tools_make_is_damaged_where_its_end_is_zeros() {
    for sample in whole_samples() {
        for part in 2..6 {
            let mut content = sample.content.clone();
            let length = content.len();
            content[length - length / part..].fill(0);
            assert!(judged(&content).is_err(), "{}: zeros in the last of {part} parts", sample.name);
        }
    }
}

#[test]
fn what_follows_a_video_that_may_go_on_is_a_few_bytes_a_text_or_a_tag() {
    let fragmented = [movable(), fragment(4), fragment(3)].concat();
    let live = webm(&[endless(SEGMENT), tracks(), element(CLUSTER, &cluster())].concat());
    for video in [fragmented, live] {
        let id3v2: &[u8] = b"ID3\x04\0\0\0\0\0\x02\xff\xfe";
        let ape: &[u8] = b"APETAGEX\xd0\x07\0\0\0\0\0\0";
        for tail in [b"\n", "小狗在草地上\n".as_bytes(), b"made by cron\0", id3v2, ape] {
            whole(&[&video, tail].concat(), End::Seam);
        }
        for tail in [&[0; 8][..], &[0; 5000], b"\xff\xfb\x90\x64 noise \x01\x02", &"a".repeat(70_000).into_bytes()] {
            assert!(matches!(judged(&[&video, tail].concat()), Err(Flaw::Broken)), "{} bytes", tail.len());
        }
    }
}

#[test]
fn a_lost_fragment_leaves_a_gap_in_numbers_and_times() {
    let numbered = |number: u32, time: u32| {
        let traf = [full(b"tfhd", 0, &[1]), full(b"tfdt", 0, &[time]), full(b"trun", 0x100, &[2, 5, 5])].concat();
        [boxed(b"moof", &[full(b"mfhd", 0, &[number]), boxed(b"traf", &traf)].concat()), boxed(b"mdat", &[9; 16])]
            .concat()
    };
    let video =
        |parts: [(u32, u32); 3]| [movable(), parts.map(|(number, time)| numbered(number, time)).concat()].concat();
    whole(&video([(1, 0), (2, 10), (3, 20)]), End::Seam);
    // One sign alone proves nothing.
    whole(&video([(1, 0), (3, 10), (5, 20)]), End::Seam);
    whole(&video([(1, 0), (2, 10), (3, 50)]), End::Seam);
    assert!(matches!(judged(&video([(1, 0), (2, 10), (4, 30)])), Err(Flaw::Gap)));
}

#[test]
fn the_index_after_the_fragments_names_their_positions() {
    let (first, second) = (movable().len() as u32, (movable().len() + fragment(4).len()) as u32);
    let entries = |at: [u32; 2]| {
        let entry = |at: u32| [&0u32.to_be_bytes()[..], &at.to_be_bytes(), &[1, 1, 1]].concat();
        let tfra = [full(b"tfra", 0, &[1, 0, 2])[8..].to_vec(), at.map(entry).concat()].concat();
        [movable(), fragment(4), fragment(3), boxed(b"mfra", &boxed(b"tfra", &tfra))].concat()
    };
    whole(&entries([first, second]), End::Proven);
    // A tagger may have made the index of frames longer.
    whole(&entries([first - 5, second - 5]), End::Proven);
    assert!(matches!(judged(&entries([first, second + 9])), Err(Flaw::Gap)));
}

/// Counts the bytes that are read.
struct Counted(Cursor<Vec<u8>>, usize);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1 += count;
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn frames_that_an_index_lists_many_times_are_read_once() {
    let count = 5_000;
    let stsd = boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxed(b"avc1", &[1; 78])].concat());
    let tables = [
        stsd,
        full(b"stsc", 0, &[1, 1, 1, 1]),
        full(b"stsz", 0, &[30_000, count]),
        full(b"stco", 0, &[vec![count], vec![16; count as usize]].concat()),
    ];
    let mdia = boxed(b"mdia", &boxed(b"minf", &boxed(b"stbl", &tables.concat())));
    let video = [boxed(b"ftyp", b""), boxed(b"mdat", &[7; 30_000]), boxed(b"moov", &boxed(b"trak", &mdia))].concat();
    let length = video.len();
    let mut file = Counted(Cursor::new(video), 0);
    check(&mut file, length as u64).unwrap();
    assert!(file.1 < 3 * length, "{} bytes of {length}", file.1);
}

#[test]
fn zeros_in_the_place_of_frames_are_found_where_no_encoder_writes_them() {
    let video = |format: &[u8; 4], frames: &[u8]| {
        let index = |offset| {
            let stsd = boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxed(format, &[1; 78])].concat());
            let tables = [
                stsd,
                full(b"stsc", 0, &[1, 1, 1, 1]),
                full(b"stsz", 0, &[0, 1, frames.len() as u32]),
                full(b"stco", 0, &[1, offset]),
            ];
            let mdia = boxed(b"mdia", &boxed(b"minf", &boxed(b"stbl", &tables.concat())));
            [boxed(b"ftyp", b"isom"), boxed(b"moov", &boxed(b"trak", &mdia))].concat()
        };
        [index(index(0).len() as u32 + 8), boxed(b"mdat", frames)].concat()
    };
    let hole = |zeros: usize| [&[7; 40_000][..], &vec![0; zeros], &[7; 40_000]].concat();
    whole(&video(b"avc1", &hole(63)), End::Proven);
    for frames in [hole(64), vec![0; 8]] {
        assert!(matches!(judged(&video(b"avc1", &frames)), Err(Flaw::Blank)));
        whole(&video(b"raw ", &frames), End::Proven);
    }
}
