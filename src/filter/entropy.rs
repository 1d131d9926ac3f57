//! How varied a value's bytes are.

/// Bits per byte, from 0 (one byte repeated) to 8.
///
/// A value of n bytes reaches log2(n) at most, so a rule's limit must suit its length.
pub fn shannon_bits(value: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    for &b in value {
        counts[usize::from(b)] += 1;
    }
    let n = value.len() as f32;
    counts.iter().filter(|&&c| c > 0).map(|&c| c as f32 / n).map(|p| -p * p.log2()).sum()
}

/// How many different bytes there are.
pub(super) fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().for_each(|&b| seen[usize::from(b)] = true);
    seen.iter().filter(|&&s| s).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_counts_distinct_bytes() {
        assert!(shannon_bits(b"aaaaaaaa").abs() < 1e-6);
        assert!((shannon_bits(b"abcdefgh") - 3.0).abs() < 1e-6);
        assert!(shannon_bits(b"").abs() < 1e-6);
    }
}
