//! The dates that `--since` takes.

use anyhow::bail;
use jiff::{Timestamp, civil, tz::TimeZone};

/// Seconds since 1970 of `date`, seen from `now`.
///
/// # Errors
///
/// If it is no date of a known form. The message names the flag and shows what would be right.
pub(super) fn seconds(date: &str, now: i64) -> anyhow::Result<i64> {
    let Some(seconds) = ago(date, now).or_else(|| at(date)) else {
        bail!(
            "`{date}` is not a date for `--since`: try `2026-01-31`, `2026-01-31T12:00:00Z` or `30 days ago`"
        );
    };
    Ok(seconds)
}

/// Without an offset it is UTC, so that a laptop and a build server agree.
fn at(date: &str) -> Option<i64> {
    let utc = |time: civil::DateTime| time.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
    let day =
        |date: &str| date.parse::<civil::Date>().ok().map(|d| d.to_datetime(civil::Time::MIN));
    let at = match date.contains(['T', 't', ' ']) {
        true => date.parse::<Timestamp>().ok().or_else(|| utc(date.parse().ok()?)),
        false => utc(day(date)?),
    };
    at.map(Timestamp::as_second)
}

/// `30 days ago`, `1 week ago`, `12 hours ago`.
fn ago(date: &str, now: i64) -> Option<i64> {
    const HOUR: i64 = 60 * 60;
    let mut words = date.split_ascii_whitespace();
    let count: i64 = words.next()?.parse().ok()?;
    let unit = match words.next()? {
        "hour" | "hours" => HOUR,
        "day" | "days" => 24 * HOUR,
        "week" | "weeks" => 7 * 24 * HOUR,
        _ => return None,
    };
    let is_past = words.next() == Some("ago") && words.next().is_none() && count >= 0;
    is_past.then(|| now.saturating_sub(count.saturating_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn a_date_is_its_first_second_in_utc() {
        assert_eq!(seconds("1970-01-02", NOW).unwrap(), 86_400);
        assert_eq!(seconds("1970-01-01T00:00:01", NOW).unwrap(), 1);
        assert_eq!(seconds("1970-01-01T02:00:01+02:00", NOW).unwrap(), 1);
        assert_eq!(seconds("1970-01-01 00:00:01Z", NOW).unwrap(), 1);
    }

    #[test]
    fn a_time_ago_is_counted_from_now() {
        assert_eq!(seconds("2 hours ago", NOW).unwrap(), NOW - 7_200);
        assert_eq!(seconds("1 day ago", NOW).unwrap(), NOW - 86_400);
        assert_eq!(seconds("3 weeks ago", NOW).unwrap(), NOW - 3 * 604_800);
        assert_eq!(seconds("9223372036854775807 weeks ago", NOW).unwrap(), NOW - i64::MAX);
    }

    #[test]
    fn what_is_wrong_is_told_with_an_example() {
        for wrong in
            ["", "soon", "2026", "2026-13-01", "31.1.2026", "30 days", "-1 days ago", "1 moon ago"]
        {
            let error = seconds(wrong, NOW).unwrap_err().to_string();
            assert!(error.contains("--since") && error.contains("`30 days ago`"), "{error}");
        }
    }
}
