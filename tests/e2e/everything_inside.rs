//! One tree with a key in every encoding, in every container, in containers of containers and in combinations
//! of all of them: each is found once, at its place, with the way in. The same tree without the key holds
//! nothing.

use serde_json::{Value, json};
use zip::CompressionMethod;

use crate::{
    encoded::{self, Case, base64, gzip, hex, hidden, percent},
    pack, pdf_writer,
    project::{Project, findings},
};

/// What is said of one finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) path: String,
    /// In the file.
    pub(crate) place: String,
    /// The way in.
    pub(crate) route: String,
    /// At its end; empty if nothing is said.
    pub(crate) inner: String,
    pub(crate) rule: String,
}

/// All findings of a report, sorted.
pub(crate) fn rows(report: &Value) -> Vec<Row> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let place = |v: &Value| match v.is_null() {
        true => String::new(),
        false => format!("{}:{}", v["line"], v["column"]),
    };
    let mut rows: Vec<Row> = findings(report)
        .iter()
        .map(|f| {
            let steps = f["inside"]["route"].as_array().cloned().unwrap_or_default();
            Row {
                path: text(&f["path"]),
                place: place(&f["start"]),
                route: steps.iter().map(text).collect::<Vec<_>>().join(" › "),
                inner: place(&f["inside"]["start"]),
                rule: text(&f["rule"]),
            }
        })
        .collect();
    rows.sort();
    rows
}

/// Line and column of the one place where `part` stands in `text`.
pub(crate) fn place_of(text: &str, part: &str) -> String {
    let (before, after) = text.split_once(part).unwrap();
    assert!(!after.contains(part), "`{part}` stands there twice");
    let line = 1 + before.matches('\n').count();
    format!("{line}:{}", 1 + before.rsplit('\n').next().unwrap().chars().count())
}

/// What holds one file: how its name ends, the step inwards, and who builds it from the file's bytes.
#[derive(Clone, Copy)]
struct Container {
    name: &'static str,
    step: &'static str,
    build: fn(Vec<u8>) -> Vec<u8>,
    sort: Sort,
}

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    /// Holds any file.
    Archive,
    /// Holds any file, and an archive as if that were its own.
    Packed,
    /// Holds text.
    Text,
}

const FILE: &str = "app/.env";

fn files(bytes: Vec<u8>) -> [pack::File<'static>; 2] {
    [("readme.txt", b"nothing\n".to_vec()), (FILE, bytes)]
}

/// Every container there is. Those of other sorts of file belong here, too: one line each.
const CONTAINERS: [Container; 22] = [
    archive("zip", |b| pack::deflated(&files(b))),
    archive("jar", |b| pack::zip(&files(b), CompressionMethod::STORE)),
    archive("bzip2.zip", |b| pack::zip(&files(b), CompressionMethod::BZIP2)),
    archive("7z", |b| pack::sevenz(&files(b))),
    archive("tar", |b| pack::tar(&files(b))),
    archive("a", |b| pack::ar(&files(b))),
    archive("cpio", |b| pack::cpio(&files(b))),
    archive("rpm", |b| pack::rpm(&files(b))),
    packed("gz", |b| pack::gzip(&b)),
    packed("bz2", |b| pack::bzip2(&b)),
    packed("xz", |b| pack::xz(&b)),
    packed("lzma", |b| pack::lzma(&b)),
    packed("zst", |b| pack::zstd(&b)),
    packed("lz4", |b| pack::lz4(&b)),
    text("docx", "word/document.xml", |b| {
        office("word/document.xml", &b, "<w:p><w:r><w:t>", "</w:t></w:r></w:p>")
    }),
    text("xlsx", "xl/sharedStrings.xml", |b| {
        office("xl/sharedStrings.xml", &b, "<si><t>", "</t></si>")
    }),
    text("pptx", "ppt/slides/slide1.xml", |b| {
        office("ppt/slides/slide1.xml", &b, "<a:p><a:t>", "</a:t></a:p>")
    }),
    text("odt", "content.xml", |b| office("content.xml", &b, "<text:p>", "</text:p>")),
    text("sqlite", "settings", |b| {
        let text = String::from_utf8(b).unwrap();
        pack::sqlite("settings", &text.lines().collect::<Vec<_>>())
    }),
    text("pdf", "page 1", |b| pdf_writer::page(&String::from_utf8(b).unwrap())),
    text("glyphs.pdf", "page 1", |b| pdf_writer::page_of_glyphs(&String::from_utf8(b).unwrap())),
    Container {
        name: "image.tar", step: "layer 1 › app/.env", build: image, sort: Sort::Archive
    },
];

const fn archive(name: &'static str, build: fn(Vec<u8>) -> Vec<u8>) -> Container {
    Container { name, step: FILE, build, sort: Sort::Archive }
}

const fn packed(name: &'static str, build: fn(Vec<u8>) -> Vec<u8>) -> Container {
    Container { name, step: "content", build, sort: Sort::Packed }
}

const fn text(name: &'static str, step: &'static str, build: fn(Vec<u8>) -> Vec<u8>) -> Container {
    Container { name, step, build, sort: Sort::Text }
}

/// A document whose paragraphs are the lines of `text`.
fn office(name: &str, text: &[u8], begin: &str, end: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(text).replace('&', "&amp;").replace('<', "&lt;");
    let paragraphs: String = text.lines().map(|line| format!("{begin}{line}{end}")).collect();
    let xml = format!("<?xml version=\"1.0\"?>\n<root>{paragraphs}</root>");
    pack::deflated(&[(name, xml.into_bytes())])
}

fn image(bytes: Vec<u8>) -> Vec<u8> {
    let manifest = b"[{\"Layers\":[\"l/layer.tar\"]}]".to_vec();
    let layer = pack::tar(&[(FILE, bytes)]);
    pack::tar(&[("l/layer.tar", layer), ("manifest.json", manifest)])
}

/// The steps through containers in each other, from the outermost.
fn way(chain: &[Container]) -> Vec<&'static str> {
    let step = |n: usize| {
        let is_archive_beside = chain.get(n + 1).is_some_and(|inner| inner.sort != Sort::Packed);
        match chain[n] {
            // `.tar.gz` is one container.
            Container { sort: Sort::Packed, .. } if is_archive_beside => None,
            Container { step, .. } => Some(step),
        }
    };
    (0..chain.len()).filter_map(step).collect()
}

/// What writes a text in a string of JSON: how its name ends, the way in, and the document around the string.
/// Without a text of its own, a part says nothing of places in it.
struct Written {
    name: &'static str,
    step: &'static str,
    before: &'static str,
    after: &'static str,
    is_text: bool,
}

const WRITTEN: [Written; 5] = [
    Written {
        name: "ipynb",
        step: "cell 1",
        before: "{\"cells\": [{\"cell_type\": \"code\", \"source\": ",
        after: "}], \"nbformat\": 4}",
        is_text: true,
    },
    Written {
        name: "output.ipynb",
        step: "cell 1 › output 1",
        before: "{\"cells\": [{\"outputs\": [{\"text\": ",
        after: "}]}], \"nbformat\": 4}",
        is_text: true,
    },
    Written {
        name: "js.map",
        step: "src/app.ts",
        before: "{\"version\": 3, \"sources\": [\"src/app.ts\"], \"sourcesContent\": [",
        after: "]}",
        is_text: true,
    },
    Written {
        name: "har",
        step: "request 1 to a.test/x › response",
        before: "{\"log\": {\"entries\": [{\n\"request\": {\"url\": \"https://a.test/x\"}, \"response\": {\"content\": {\"text\": ",
        after: "}}}]}}",
        is_text: false,
    },
    Written {
        name: "tfstate",
        step: "resource aws_instance.web",
        before: "{\"terraform_version\": \"1.9.0\", \"resources\": [{\"type\": \"aws_instance\", \"name\": \"web\", \"instances\": [{\"attributes\": {\n\"user_data\": ",
        after: "}}]}]}",
        is_text: false,
    },
];

/// A tree, and what must be found in it.
struct Tree {
    project: Project,
    expected: Vec<Row>,
    /// What takes the place of the key.
    key: &'static str,
}

impl Tree {
    /// A tree of all there is, with `key` in it.
    fn with_all(key: &'static str) -> Self {
        let mut tree = Self { project: Project::empty(), expected: Vec::new(), key };
        tree.encodings();
        tree.encodings_in_containers();
        tree.containers_in_containers();
        tree.three_deep();
        tree.documents();
        tree.combinations();
        tree
    }

    /// Expects the key in the file `path`, whose `bytes` are these.
    fn hide(&mut self, path: String, bytes: &[u8], place: &str, route: &str, inner: &str) {
        self.project.write(&path, bytes);
        let (place, route, inner) = (place.into(), route.into(), inner.into());
        self.expected.push(Row { path, place, route, inner, rule: "linear-api-key".into() });
    }

    fn in_container(&mut self, path: String, bytes: &[u8], way: &[&str], inner: &str) {
        self.hide(path, bytes, "1:1", &way.join(" › "), inner);
    }

    fn encodings(&mut self) {
        for (name, text, place, route, inner) in cases(self.key) {
            let place = place.split('-').next().unwrap();
            let place = if place.is_empty() { "1:4" } else { place };
            self.hide(format!("encoded/{name}"), text.as_bytes(), place, route, inner);
        }
    }

    /// Every encoding in every container.
    fn encodings_in_containers(&mut self) {
        for container in CONTAINERS {
            for (name, text, _, route, inner) in cases(self.key) {
                let path = format!("contained/{name}.{}", container.name);
                let bytes = (container.build)(text.into_bytes());
                self.in_container(path, &bytes, &[container.step, route], inner);
            }
        }
    }

    /// Every container in every other that can hold it, and the key in the clear and encoded.
    fn containers_in_containers(&mut self) {
        let inner = CONTAINERS.iter().zip(cases(self.key).into_iter().cycle());
        for (&inner, (name, text, _, route, place)) in inner {
            for outer in CONTAINERS.into_iter().filter(|c| c.sort != Sort::Text) {
                let mut way = way(&[outer, inner]);
                let plain = format!("# é\nTOKEN={}\n", self.key).into_bytes();
                let path = format!("nested/plain.{}.{}", inner.name, outer.name);
                let bytes = (outer.build)((inner.build)(plain));
                self.in_container(path, &bytes, &way, "2:7");
                way.push(route);
                let path = format!("nested/{name}.{}.{}", inner.name, outer.name);
                let bytes = (outer.build)((inner.build)(text.clone().into_bytes()));
                self.in_container(path, &bytes, &way, place);
            }
        }
    }

    /// Three deep: each container, one that holds any file in it, and another in that.
    fn three_deep(&mut self) {
        let archives: Vec<Container> =
            CONTAINERS.into_iter().filter(|c| c.sort != Sort::Text).collect();
        let count = archives.len();
        let codes = cases(self.key);
        for (n, &outer) in archives.iter().enumerate() {
            let (middle, inner) =
                (archives[(n + 3) % count], CONTAINERS[(n + 8) % CONTAINERS.len()]);
            let (name, text, _, route, place) = codes[n % codes.len()].clone();
            let mut way = way(&[outer, middle, inner]);
            way.push(route);
            let bytes = (outer.build)((middle.build)((inner.build)(text.into_bytes())));
            let path = format!("deep/{name}.{}.{}.{}", inner.name, middle.name, outer.name);
            self.in_container(path, &bytes, &way, place);
        }
    }

    /// Every encoding in every document of JSON; and those in containers.
    fn documents(&mut self) {
        for (n, written) in WRITTEN.iter().enumerate() {
            for (name, text, place, route, inner) in cases(self.key) {
                if BROKEN_UP.contains(&name) {
                    continue;
                }
                let document = format!("{}{}{}", written.before, json!(text), written.after);
                let route = match (written.is_text, is_plain(&text)) {
                    (true, true) => format!("{} › {route}", written.step),
                    (false, true) => {
                        format!("{} › {}", written.step, written.counted_on(&text, route))
                    }
                    // Where a stretch of escapes begins is a question of the signs around it.
                    (_, false) => format!("{} …", written.step),
                };
                let place = written.place(&text, place.split('-').next().unwrap());
                let path = format!("documents/{name}.{}", written.name);
                let inner = if route.ends_with('…') { "" } else { inner };
                self.hide(path, document.as_bytes(), &place, &route, inner);
                let container = CONTAINERS[n];
                let path = format!("documents/{name}.{}.{}", written.name, container.name);
                let bytes = (container.build)(document.into_bytes());
                self.in_container(path, &bytes, &[container.step, &route], inner);
            }
        }
    }

    fn combinations(&mut self) {
        let key = self.key;
        let line = format!("TOKEN={key}\n");
        let docx = CONTAINERS.iter().find(|c| c.name == "docx").unwrap().build;
        let in_docx = docx(format!("x: {}\n", base64(&line)).into_bytes());
        let zip = pack::deflated(&[("a.tar", pack::tar(&[("b.docx", in_docx)]))]);
        let way = ["a.tar", "b.docx", "word/document.xml", "base64 at 1:4"];
        self.in_container("combined/docx.zip".into(), &zip, &way, "1:7");

        let code = base64(gzip(format!("A=1\n{line}").as_bytes()));
        let secret = format!("apiVersion: v1\nkind: Secret\ndata:\n  app.env: {code}\n");
        let tar = pack::gzip(&pack::tar(&[("k8s/secret.yaml", secret.into_bytes())]));
        let way = ["k8s/secret.yaml", "gzip in base64 at 4:12"];
        self.in_container("combined/secret.tar.gz".into(), &tar, &way, "2:7");

        let code = base64(format!("url=https://a.test/?q={}&z=1\n", percent(key)));
        let text = format!("x: {code}\n");
        let way = "base64 at 1:4 › percent encoding at 1:1";
        self.hide("combined/percent".into(), text.as_bytes(), "1:33", way, "1:23");

        let book = json!({ "nbformat": 4, "cells": [{ "source": ["a\n", format!("k = '{}'\n", hex(&base64(&line)))] }] });
        let tar = pack::xz(&pack::tar(&[("nb.ipynb", book.to_string().into_bytes())]));
        let way = ["nb.ipynb", "cell 1", "hex at 2:6", "base64 at 1:1"];
        self.in_container("combined/nb.tar.xz".into(), &tar, &way, "1:7");
    }
}

/// These put a value together from several lines or pieces in quotes.
const BROKEN_UP: [&str; 7] = [
    "in-lines",
    "in-escaped-lines",
    "mail.eml",
    "sum.js",
    "beside.py",
    "continued.sh",
    "base64-in-pieces.js",
];

/// Every encoding, and encodings of encodings, of `key`. What a secret of Kubernetes calls a token is one,
/// whatever it is.
fn cases(key: &str) -> Vec<Case> {
    let mut cases = [encoded::single(key), encoded::nested(key)].concat();
    cases.retain(|(name, ..)| key == hidden() || *name != "secret.yaml");
    cases
}

/// Whether a string of JSON writes `text` as it is, but for the end of its line; and it has no escapes.
fn is_plain(text: &str) -> bool {
    !text.trim_end().contains(['\n', '"', '\\', '%', '&'])
}

/// `found`, which says as little as `expected` does.
fn cut(mut found: Row, expected: &[Row]) -> Row {
    let same = |row: &&Row| (&row.path, &row.place) == (&found.path, &found.place);
    let beginning = expected.iter().find(same).and_then(|row| row.route.strip_suffix(" …"));
    if let Some(rest) = beginning.and_then(|beginning| found.route.strip_prefix(beginning)) {
        found.route.truncate(found.route.len() - rest.len());
        found.route.push_str(" …");
        found.inner.clear();
    }
    found
}

impl Written {
    /// Where `place` of `text` stands in the document that has it in its string.
    fn place(&self, text: &str, place: &str) -> String {
        let (line, col) = place.split_once(':').unwrap_or(("1", "4"));
        let (line, col): (usize, usize) = (line.parse().unwrap(), col.parse().unwrap());
        let at = text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>() + col - 1;
        let written = json!(&text[..at]).to_string();
        place_of(&format!("{}{}@", self.before, written.strip_suffix('"').unwrap()), "@")
    }

    /// `route`, with its first place counted in the document.
    fn counted_on(&self, text: &str, route: &str) -> String {
        let (first, rest) = route.split_once(" › ").map_or((route, None), |(f, r)| (f, Some(r)));
        let (encoding, place) = first.rsplit_once(" at ").unwrap();
        let first = format!("{encoding} at {}", self.place(text, place));
        [Some(first.as_str()), rest].into_iter().flatten().collect::<Vec<_>>().join(" › ")
    }
}

#[test]
fn every_key_is_found_at_its_place() {
    let Tree { project, mut expected, .. } = Tree::with_all(hidden());
    expected.sort();
    let (run, report) = project.scan_json(&["--show-secrets"]);
    let found: Vec<Row> = rows(&report).into_iter().map(|row| cut(row, &expected)).collect();
    let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).collect();
    let others: Vec<_> = found.iter().filter(|row| !expected.contains(row)).collect();
    assert!(missing.is_empty() && others.is_empty(), "{missing:#?}\n{others:#?}");
    assert_eq!(found.len(), expected.len());
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(findings(&report).iter().all(|f| f["secret"] == hidden()));
}

#[test]
fn the_same_tree_without_a_key_holds_nothing() {
    let look_alike = "lin_api_names_of_files_that_hold_no_value_at_all";
    assert_eq!(look_alike.len(), hidden().len());
    let (run, report) = Tree::with_all(look_alike).project.scan_json(&[]);
    assert_eq!(rows(&report), []);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(report["coverage"]["skipped"], json!({}));
}
