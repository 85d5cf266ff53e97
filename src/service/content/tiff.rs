//! TIFF: pages with the positions of their strips or tiles. The larger form, BigTIFF, isn't inspected.

use super::near::Near;
use super::{Found, length, next};
use std::io::{self, Read, Seek, SeekFrom};

/// The maximum number of pages that are inspected.
const PAGES: usize = 1000;

/// Reads an image to its end.
pub(super) fn see(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    let all = length(file)?;
    let [order, _, version @ ..] = next::<4>(file)?;
    let little = order == b'I';
    if version.contains(&43) {
        return Ok(Found::Sizeless);
    }
    let word = |bytes: [u8; 4]| u64::from(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) });
    let half = |bytes: [u8; 2]| u64::from(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) });
    let mut page = word(next(file)?);
    for _ in 0..PAGES {
        if page == 0 {
            break;
        }
        file.seek(SeekFrom::Start(page))?;
        let (mut offsets, mut counts) = (Vec::new(), Vec::new());
        for _ in 0..half(next(file)?) {
            let (tag, kind, count) = (half(next(file)?), half(next(file)?), word(next(file)?));
            let value = next::<4>(file)?;
            let width = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4].get(kind as usize).copied().unwrap_or_default();
            let bytes = count.saturating_mul(width);
            // A value that doesn't fit into the entry is elsewhere.
            if bytes > 4 && word(value).saturating_add(bytes) > all {
                return Ok(Found::Broken);
            }
            // The positions and the lengths of strips and tiles.
            let list = match tag {
                273 | 324 => &mut offsets,
                279 | 325 => &mut counts,
                _ => continue,
            };
            let back = file.stream_position()?;
            file.seek(SeekFrom::Start(if bytes > 4 { word(value) } else { back - 4 }))?;
            for _ in 0..if matches!(kind, 3 | 4 | 13) { count } else { 0 } {
                list.push(if kind == 3 { half(next(file)?) } else { word(next(file)?) });
            }
            file.seek(SeekFrom::Start(back))?;
        }
        if offsets.iter().zip(&counts).any(|(offset, count)| offset + count > all) {
            return Ok(Found::Broken);
        }
        page = word(next(file)?);
    }
    Ok(Found::Sizeless)
}
