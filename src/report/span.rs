//! Spans of time, for people.

use jiff::SignedDuration;

/// Returns a duration in whole seconds, such as `3m 12s`.
pub(super) fn about(duration: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(duration.as_secs()))
}

/// Returns the time until an event: `in 7s`, `now`.
pub(super) fn until(duration: SignedDuration) -> String {
    if duration.as_secs() > 0 { format!("in {}", about(duration)) } else { "now".to_owned() }
}

/// Returns a duration for a narrow column: `41s`, `3m 05s`, `2h 07m`, `3d 04h`.
pub(super) fn short(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match hours {
        0 if minutes == 0 => format!("{seconds}s"),
        0 => format!("{minutes}m {:02}s", seconds % 60),
        1..100 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{}d {:02}h", hours / 24, hours % 24),
    }
}

/// Returns a duration that is only a guess: rounded to meaningful digits.
pub(super) fn roughly(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(1);
    let step = match seconds {
        ..15 => 1,
        15..90 => 5,
        90..600 => 30,
        600..5400 => 60,
        5400..36_000 => 300,
        _ => 3600,
    };
    about(SignedDuration::from_secs((seconds + step / 2) / step * step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_at_a_glance() {
        let of = |seconds| SignedDuration::from_secs(seconds);
        assert_eq!(
            [0, 59, 60, 3599, 3600, 86_400 * 5].map(|s| short(of(s))),
            ["0s", "59s", "1m 00s", "59m 59s", "1h 00m", "5d 00h"]
        );
        assert_eq!(short(of(-5)), "0s");
        assert_eq!(
            [0, 9, 47, 200, 850, 7000, 50_000].map(|s| roughly(of(s))),
            ["1s", "9s", "45s", "3m 30s", "14m", "1h 55m", "14h"]
        );
    }
}
