//! Requests that a browser recorded, as HAR: <https://w3c.github.io/web-performance/specs/HAR/Overview.html>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Document;
use crate::{content::container::shown, route::Step};

#[derive(Deserialize)]
struct Har<'t> {
    #[serde(borrow)]
    log: Log<'t>,
}

#[derive(Deserialize)]
struct Log<'t> {
    #[serde(borrow)]
    entries: Vec<&'t RawValue>,
}

#[derive(Deserialize)]
struct Entry<'t> {
    request: Option<Request>,
    #[serde(borrow)]
    response: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Request {
    url: Option<String>,
}

pub(super) fn read<'t>(
    document: &mut Document<'t>,
    text: &'t str,
    places: &[usize],
) -> serde_json::Result<()> {
    let Har { log: Log { entries } } = serde_json::from_str(text)?;
    for (number, entry, places) in document.holding(&entries, places) {
        let Entry { request, response } = serde_json::from_str(entry.get())?;
        let address = request.and_then(|request| address(&request.url?));
        let request = Step::Named(match address {
            Some(address) => format!("request {number} to {address}"),
            None => format!("request {number}"),
        });
        document.add(std::slice::from_ref(&request), places);
        for (_, _, places) in document.holding(response.as_slice(), places) {
            document.add(&[request.clone(), Step::Named("response".into())], places);
        }
    }
    Ok(())
}

/// Host and path of `url`. Query, user and whatever in the path may be a key are left out: reports show
/// it in clear.
fn address(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let rest = rest.split(['?', '#']).next()?;
    let mut parts = rest.split('/');
    let authority = parts.next()?;
    let host = authority.rsplit('@').next()?;
    let path = parts.map(|part| if is_word(part) { part } else { "…" });
    let parts: Vec<&str> = std::iter::once(host).chain(path).collect();
    Some(shown(parts.join("/").as_bytes()))
}

/// Whether a part of a path is a word or a version, rather than a key or an id.
fn is_word(part: &str) -> bool {
    const MAX_BYTES: usize = 24;
    const MAX_DIGITS: usize = 3;
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    part.len() <= MAX_BYTES && digits <= MAX_DIGITS && part.bytes().all(is_plain)
}
