//! Dates of git in words. A commit may bear any date at all, so nothing here can fail.

use jiff::{Timestamp, civil::DateTime, tz::Offset};

use crate::history::Date;

/// RFC 3339 with the author's own offset: `2026-01-02T03:04:05+01:00`. A time in no year from 0 to
/// 9999 is `@<seconds>`, as git writes it.
pub(super) fn rfc3339(date: Date) -> String {
    let Some((local, minutes)) = local(date) else { return raw(date) };
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!("{}{sign}{:02}:{:02}", local.strftime("%Y-%m-%dT%H:%M:%S"), minutes / 60, minutes % 60)
}

/// The date that `rfc3339` writes as `text`; an offset keeps its whole minutes.
pub(super) fn parse(text: &str) -> Option<Date> {
    if let Some(seconds) = text.strip_prefix('@') {
        return Some(Date { seconds: seconds.parse().ok()?, offset_seconds: 0 });
    }
    let seconds = text.parse::<Timestamp>().ok()?.as_second();
    let offset = text.get(text.len().checked_sub(6)?..)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let minutes = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    Some(Date { seconds, offset_seconds: sign * minutes * 60 })
}

/// A moment in UTC, to the second, as GitLab writes it: `2026-01-02T03:04:05`.
pub(super) fn utc(seconds: i64) -> String {
    let moment = Timestamp::from_second(seconds).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The author's day, `2026-01-02`, or `@<seconds>`.
pub(super) fn day(date: Date) -> String {
    local(date).map_or_else(|| raw(date), |(local, _)| local.strftime("%Y-%m-%d").to_string())
}

fn raw(date: Date) -> String {
    format!("@{}", date.seconds)
}

/// What the author's clock showed, and how many minutes it was ahead of UTC. RFC 3339 has no offset
/// of a day or more; UTC stands for what the author meant by one.
fn local(date: Date) -> Option<(DateTime, i32)> {
    let minutes = Some(date.offset_seconds / 60).filter(|m| (-1_439..=1_439).contains(m));
    let minutes = minutes.unwrap_or(0);
    let offset = Offset::from_seconds(minutes * 60).ok()?;
    let local = offset.to_datetime(Timestamp::from_second(date.seconds).ok()?);
    (local.year() >= 0).then_some((local, minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(seconds: i64, offset_seconds: i32) -> [String; 2] {
        let date = Date { seconds, offset_seconds };
        [rfc3339(date), day(date)]
    }

    #[test]
    fn a_date_has_its_authors_clock() {
        assert_eq!(both(1_767_319_445, 3_600), ["2026-01-02T03:04:05+01:00", "2026-01-02"]);
        assert_eq!(both(1_767_319_445, -12_600), ["2026-01-01T22:34:05-03:30", "2026-01-01"]);
        assert_eq!(both(0, 0), ["1970-01-01T00:00:00+00:00", "1970-01-01"]);
        assert_eq!(both(-1, -60)[0], "1969-12-31T23:58:59-00:01");
    }

    #[test]
    fn an_absurd_date_is_shown_as_it_is() {
        for seconds in [i64::MIN, -99_999_999_999, 999_999_999_999, i64::MAX] {
            for offset in [i32::MIN, 0, i32::MAX] {
                assert_eq!(both(seconds, offset), [format!("@{seconds}"), format!("@{seconds}")]);
            }
        }
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        for seconds in [i64::MIN, -62_135_596_800, -1, 0, 1_767_319_445, 999_999_999_999] {
            for offset_seconds in [-86_340, -12_600, 0, 3_600, 86_340] {
                let written = rfc3339(Date { seconds, offset_seconds });
                let read = parse(&written).expect("it was written");
                assert_eq!((read.seconds, rfc3339(read)), (seconds, written));
            }
        }
        for text in ["", "@", "@x", "2026", "2026-01-02T03:04:05Z", "ä-01-02T03:04:05+01:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_absurd_offset_is_none() {
        for offset in [i32::MIN, -86_400, 86_400, i32::MAX] {
            assert_eq!(both(0, offset)[0], "1970-01-01T00:00:00+00:00");
        }
        assert_eq!(both(0, 86_399)[0], "1970-01-01T23:59:00+23:59");
    }
}
