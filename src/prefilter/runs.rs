//! Runs of ASCII letters and digits.

use std::ops::Range;

static IN_RUN: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = (b as u8).is_ascii_alphanumeric();
        b += 1;
    }
    table
};

/// Calls `found` for every longest run of at least `min` letters and digits, in order.
///
/// A run that includes byte `at` and starts after the byte before the last jump has its `min`-th byte
/// at or before `at`; so only every `min`-th byte is looked at where there are no runs.
pub(super) fn for_each(text: &[u8], min: usize, mut found: impl FnMut(Range<usize>)) {
    let mut start = 0;
    while start + min <= text.len() {
        let window = &text[start..start + min];
        match window.iter().rposition(|&b| !IN_RUN[usize::from(b)]) {
            Some(outside) => start += outside + 1,
            None => {
                let rest = &text[start + min..];
                let more = rest.iter().position(|&b| !IN_RUN[usize::from(b)]).unwrap_or(rest.len());
                let end = start + min + more;
                found(start..end);
                start = end + 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &str) -> Vec<&str> {
        let mut runs = Vec::new();
        for_each(text.as_bytes(), 4, |r| runs.push(&text[r]));
        runs
    }

    #[test]
    fn only_long_runs_are_found_and_whole() {
        assert_eq!(runs("abc-abcd abcde,ab_abcdef"), ["abcd", "abcde", "abcdef"]);
        assert_eq!(runs("abc"), Vec::<&str>::new());
        assert_eq!(runs("-----abcd"), ["abcd"]);
        assert_eq!(runs("abcdefgh"), ["abcdefgh"]);
    }
}
