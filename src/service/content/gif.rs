//! GIF: blocks up to the one that ends it.

use super::near::Near;
use super::{Found, next, skip};
use std::io::{self, Read, Seek};

/// Reads an image to its end. Its size doesn't matter: the model doesn't accept GIF.
pub(super) fn see(file: &mut Near<impl Read + Seek>) -> io::Result<Found> {
    skip(file, 10)?;
    let [flags, _, _] = next(file)?;
    skip(file, colours(flags))?;
    let mut has_frame = false;
    loop {
        match next::<1>(file)? {
            [0x2C] => {
                let [.., flags] = next::<9>(file)?;
                skip(file, colours(flags) + 1)?;
                has_frame = true;
            }
            [0x21] => skip(file, 1)?,
            [0x3B] => return Ok(if has_frame { Found::Sizeless } else { Found::Broken }),
            // Padding between blocks, as some cameras write it.
            [0] => continue,
            _ => return Ok(Found::Broken),
        }
        while let [count @ 1..=255] = next(file)? {
            skip(file, count.into())?;
        }
    }
}

/// Returns the number of bytes of a colour table.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << (flags % 8 + 1) }
}
