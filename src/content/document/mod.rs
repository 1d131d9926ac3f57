//! The parts of documents in JSON: notebooks, recorded requests, Terraform states and source maps.
//!
//! They are searched as the text that they are. This says what part of one a place in it belongs to, once
//! something was found there. What a document is, its content says: names lie, and blobs of a history
//! have none. One that is broken has no parts.

mod har;
mod notebook;
mod source_map;
mod terraform;
mod written;

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{route::Step, span::LineCol};

/// A part of a document, and a place in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The way from the document to it.
    pub steps: Vec<Step>,
    /// In its text; `None` if it is an object of JSON and no text.
    pub place: Option<LineCol>,
}

/// The parts of a document, by the places in it that were asked for.
pub type Parts = BTreeMap<usize, Part>;

/// Adds the parts of a document in which places stand, given in their order.
type Reader = for<'t> fn(&mut Document<'t>, &'t str, &[usize]) -> serde_json::Result<()>;

/// What is in the text of a document of each sort, and who reads those.
const SORTS: [(&[&str], Reader); 4] = [
    (&["\"nbformat\""], notebook::read),
    (&["\"terraform_version\""], terraform::read),
    (&["\"sourcesContent\""], source_map::read),
    (&["\"log\"", "\"entries\""], har::read),
];

/// Whether `head` may begin a document.
pub fn may_be(head: &[u8]) -> bool {
    let mark = "\u{feff}".as_bytes();
    head.strip_prefix(mark).unwrap_or(head).trim_ascii_start().starts_with(b"{")
}

/// The parts of the document `text` that `places` belong to, sorted and in bytes, if it is one.
pub fn parts(text: &[u8], places: &[usize]) -> Parts {
    let has = |word: &&str| memchr::memmem::find(text, word.as_bytes()).is_some();
    if !may_be(text) {
        return Parts::new();
    }
    let mut sorts = SORTS.iter().filter(|(words, _)| words.iter().all(has)).peekable();
    let Some(text) = sorts.peek().and_then(|_| std::str::from_utf8(text).ok()) else {
        return Parts::new();
    };
    let read = |(_, read): &(_, Reader)| {
        let mut document = Document { text, parts: Parts::new() };
        read(&mut document, text, places).ok()?;
        (!document.parts.is_empty()).then_some(document.parts)
    };
    sorts.find_map(read).unwrap_or_default()
}

/// A document that is being read.
struct Document<'t> {
    text: &'t str,
    parts: Parts,
}

impl<'t> Document<'t> {
    /// Where `value`, which was read from this document, stands in it.
    fn span(&self, value: &RawValue) -> Range<usize> {
        let start = value.get().as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + value.get().len()
    }

    /// Those of `values`, in the order of the document, that have any of `places` in them: each with its
    /// number from 1 and its places.
    fn holding<'p>(
        &self,
        values: &[&'t RawValue],
        places: &'p [usize],
    ) -> Vec<(usize, &'t RawValue, &'p [usize])> {
        let mut rest = places;
        let mut holding = Vec::new();
        for (value, number) in values.iter().zip(1..) {
            let Range { start, end } = self.span(value);
            rest = &rest[rest.partition_point(|&at| at < start)..];
            let (here, after) = rest.split_at(rest.partition_point(|&at| at < end));
            rest = after;
            if !here.is_empty() {
                holding.push((number, *value, here));
            }
        }
        holding
    }

    /// All of `places` belong to the part that `steps` lead to.
    fn add(&mut self, steps: &[Step], places: &[usize]) {
        let part = Part { steps: steps.to_vec(), place: None };
        self.parts.extend(places.iter().map(|&at| (at, part.clone())));
    }

    /// Those of `places` in `value` stand in the text that this writes, of the part that `steps` lead to.
    fn add_text(&mut self, steps: &[Step], value: Option<&'t RawValue>, places: &[usize]) {
        for (_, value, places) in self.holding(value.as_slice(), places) {
            let start = self.span(value).start;
            written::places(value.get(), start, places, |at, place| {
                self.parts.insert(at, Part { steps: steps.to_vec(), place: Some(place) });
            });
        }
    }
}

/// An object whose names are data, in the order of the document.
fn entries<'t>(object: Option<&'t RawValue>) -> serde_json::Result<Vec<(String, &'t RawValue)>> {
    let Some(object) = object else { return Ok(Vec::new()) };
    let entries: BTreeMap<String, &'t RawValue> = Deserialize::deserialize(object)?;
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(_, value)| value.get().as_ptr() as usize);
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part that the first `@` of `text` belongs to, in words.
    fn part(text: &str) -> Option<String> {
        let at = text.find('@').expect("the place is marked");
        let part = parts(text.as_bytes(), &[at]).remove(&at)?;
        let steps: Vec<_> = part.steps.iter().map(Step::to_string).collect();
        let place = part.place.map(|p| format!(" {}:{}", p.line, p.col)).unwrap_or_default();
        Some(steps.join(" › ") + &place)
    }

    fn is(part: &str) -> Option<String> {
        Some(part.to_owned())
    }

    #[test]
    fn a_notebook_has_cells_and_outputs() {
        let book = |cells: &str| format!("{{\"cells\": [{{}}, {cells}], \"nbformat\": 4}}");
        let code = |inner: &str| book(&format!("{{\"cell_type\": \"code\", {inner}}}"));
        assert_eq!(part(&code(r#""source": ["a\n", "b @"]"#)), is("cell 2 2:3"));
        assert_eq!(part(&code(r#""source": "a\n\n@""#)), is("cell 2 3:1"));
        assert_eq!(part(&code(r#""metadata": {"x": "@"}"#)), is("cell 2"));
        let output = |inner: &str| code(&format!("\"outputs\": [{{}}, {{{inner}}}]"));
        assert_eq!(part(&output(r#""text": ["a\n", "b\n", "@"]"#)), is("cell 2 › output 2 3:1"));
        let data = r#""data": {"text/html": "x", "text/plain": ["é\"@"]}"#;
        assert_eq!(part(&output(data)), is("cell 2 › output 2 1:3"));
        assert_eq!(part(&output(r#""traceback": ["a", "b@"]"#)), is("cell 2 › output 2 2:2"));
        assert_eq!(part(&output(r#""x": "@""#)), is("cell 2 › output 2"));
        let old = r#"{"nbformat": 3, "worksheets": [{"cells": [{"input": "a\n@"}]}]}"#;
        assert_eq!(part(old), is("cell 1 2:1"));
        assert_eq!(part(r#"{"cells": [], "nbformat": 4, "metadata": "@"}"#), None);
    }

    #[test]
    fn a_recorded_request_has_an_address_that_shows_no_key() {
        let har = |url: &str, rest: &str| {
            let request = format!("\"request\": {{\"url\": \"{url}\"{rest}");
            format!("{{\"log\": {{\"entries\": [{{}}, {{{request}}}]}}}}")
        };
        let at = |url| part(&har(url, ", \"headers\": [{\"value\": \"@\"}]}")).unwrap();
        assert_eq!(at("https://a.test/v1/login?token=x#y"), "request 2 to a.test/v1/login");
        let with_user = ["https://user:", "word%40x@a.test:8443"].concat();
        assert_eq!(at(with_user.as_str()), "request 2 to a.test:8443");
        assert_eq!(at("https://a.test/T0A1B2C3D4/x"), "request 2 to a.test/…/x");
        assert_eq!(at("https://a.test/abcdefghijklmnopqrstuvwxyz"), "request 2 to a.test/…");
        assert_eq!(at("data:text/plain,x"), "request 2");
        let answer = har("https://a.test/", "}, \"response\": {\"content\": {\"text\": \"@\"}}");
        assert_eq!(part(&answer), is("request 2 to a.test/ › response"));
    }

    #[test]
    fn a_state_has_resources_and_outputs() {
        let state =
            |inner: &str| format!("{{\"version\": 4, \"terraform_version\": \"1\", {inner}}}");
        let resource = |head: &str, instance: &str| {
            let inner = format!("{head}, \"instances\": [{{}}, {{{instance}}}]");
            state(&format!("\"resources\": [{{{inner}}}]"))
        };
        let db = r#""mode": "managed", "type": "aws_db_instance", "name": "main""#;
        let attributes = r#""attributes": {"password": "@"}"#;
        assert_eq!(part(&resource(db, attributes)), is("resource aws_db_instance.main"));
        let first = format!("\"index_key\": 0, {attributes}");
        let module = format!("\"module\": \"module.db\", {db}");
        let expected = is("resource module.db.aws_db_instance.main[0]");
        assert_eq!(part(&resource(&module, &first)), expected);
        let named = format!("{attributes}, \"index_key\": \"eu\"");
        let data = db.replace("managed", "data");
        let expected = is("resource data.aws_db_instance.main[\"eu\"]");
        assert_eq!(part(&resource(&data, &named)), expected);
        let output = state(r#""outputs": {"a": {}, "db": {"value": "@"}}"#);
        assert_eq!(part(&output), is("output db"));
        let old =
            r#""modules": [{"path": ["root", "db"], "resources": {"a.b": {"primary": "@"}}}]"#;
        assert_eq!(part(&state(old)), is("resource module.db.a.b"));
        assert_eq!(part(&state("\"lineage\": \"@\"")), None);
    }

    #[test]
    fn a_source_map_quotes_its_sources() {
        let map = |sources: &str| {
            let contents = r#"["x", "a\r\nb\tc\n\n  \u00e9\ud83d\ude00@"]"#;
            format!("{{\"sources\": {sources}, \"sourcesContent\": {contents}}}")
        };
        assert_eq!(part(&map("[\"a.ts\", \"src/b.ts\"]")), is("src/b.ts 4:5"));
        assert_eq!(part(&map("[null, \"webpack://app/./src/b.ts?1a2b\"]")), is("src/b.ts 4:5"));
        let rooted = map("[\"a\", \"b.ts\"], \"sourceRoot\": \"src/\"");
        assert_eq!(part(&rooted), is("src/b.ts 4:5"));
        assert_eq!(part(&map("[]")), is("source 2 4:5"));
        let index = format!("{{\"sections\": [{{\"map\": {}}}]}}", map("[\"a\", \"b\"]"));
        assert_eq!(part(&index), is("b 4:5"));
    }

    #[test]
    fn what_is_broken_or_no_document_has_no_parts() {
        for text in [
            "@",
            "{\"nbformat\": 4, \"cells\": [{\"source\": \"@\"}]",
            "{\"nbformat\": 4, \"cells\": {\"source\": \"@\"}}",
            "{\"cells\": [{\"source\": \"@\"}]}",
            "# \"nbformat\" @",
        ] {
            assert_eq!(part(text), None, "{text}");
        }
        assert_eq!(parts(b"{\"nbformat\": 4, \"cells\": [\"\xff\"]}", &[30]), Parts::new());
        let deep = format!("{{\"nbformat\": 4, \"cells\": [{}@", "[".repeat(1 << 20));
        assert_eq!(part(&deep), None);
        let closed = "[".repeat(1 << 20) + "\"@\"" + &"]".repeat(1 << 20);
        let book = format!("{{\"nbformat\": 4, \"cells\": [{{\"source\": {closed}}}]}}");
        assert_eq!(part(&book), is("cell 1 1:1"));
    }
}
