//! STYLE, section 3, checked on the sources themselves: who may know whom, which outside crate lives
//! where, who writes to the terminal, and where code may be unsafe or panic.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const WORDS: [&str; 9] =
    ["blob", "coverage", "edit", "history", "letters", "mark", "route", "secret", "span"];

/// What each module may name of this crate, beyond itself.
fn allowed(module: &str) -> BTreeSet<&'static str> {
    let knowing = |more: &[&'static str]| WORDS.iter().chain(more).copied().collect();
    match module {
        "blob" | "edit" | "history" | "letters" | "secret" => BTreeSet::new(),
        // What is inside an input has a way to it and a place.
        "coverage" => BTreeSet::from(["route"]),
        "route" => BTreeSet::from(["span"]),
        // A place in a text that is one part of an input counts on from what lies before it, and
        // that belongs to the blob.
        "span" => BTreeSet::from(["blob"]),
        // A mark stands on a line.
        "mark" => BTreeSet::from(["blob", "span"]),
        "rule" => knowing(&[]),
        "content" => knowing(&["rule"]),
        "prefilter" => knowing(&["rule", "content"]),
        "near" => knowing(&["rule"]),
        "matcher" => knowing(&["rule", "content", "prefilter", "near"]),
        "filter" => knowing(&["rule", "content", "prefilter", "near", "matcher"]),
        // It reads the line that a finding stands in, so it comes before the finding does.
        "exposure" => knowing(&["rule", "content", "prefilter", "matcher", "filter"]),
        "finding" => knowing(&["rule", "content", "prefilter", "matcher", "filter", "exposure"]),
        "engine" => {
            knowing(&["rule", "content", "prefilter", "matcher", "filter", "exposure", "finding"])
        }
        // To cut a large input between two characters, reading must know how it is encoded.
        "source" => knowing(&["content"]),
        // To prove a secret with a token, triage needs the one place that knows what a JWT is.
        "triage" => knowing(&["rule", "finding", "filter"]),
        "report" => knowing(&["rule", "finding", "triage"]),
        // It writes scripts, and knows nothing of what they call.
        "hook" => knowing(&[]),
        "cli" | "config" | "run" | "selftest" => knowing(&[
            "hook",
            "rule",
            "content",
            "prefilter",
            "matcher",
            "filter",
            "exposure",
            "finding",
            "engine",
            "source",
            "triage",
            "report",
            "cli",
            "config",
            "run",
            "selftest",
        ]),
        _ => panic!("`{module}` is new: give it a layer here and in STYLE, section 3"),
    }
}

/// Which modules may name an outside crate.
fn homes(name: &str) -> &'static [&'static str] {
    match name {
        // `cli` states the arguments, `run` prints completions and the manual from them.
        "clap" => &["cli", "run", "main"],
        "clap_complete" => &["cli", "run"],
        "clap_mangen" | "anyhow" => &["run"],
        "serde_sarif" => &["report::sarif"],
        "maud" => &["report::html"],
        "quick_xml" => &["report::junit"],
        "csv" => &["report"],
        "memchr" => {
            &["content", "exposure", "filter", "mark", "near", "prefilter", "source", "span"]
        }
        // In `triage`, for the values that an allow list names.
        "regex_automata" => &["rule", "matcher", "triage::allow"],
        "regex_syntax" => &["rule"],
        // What the build made of the built-in rules.
        "postcard" => &["rule", "prefilter"],
        // The two forms that people write.
        "toml" | "schemars" => &["config", "rule"],
        "serde_saphyr" => &["config::import"],
        "rayon" => &["source"],
        "ignore" => &["source", "triage::paths"],
        // A bundle is a pack with a header.
        "gix" => &["source::git", "content::container::bundle"],
        "indicatif" => &["run"],
        "encoding_rs" | "encoding_rs_io" => &["content"],
        "base64" => &["content", "filter"],
        "bech32" | "bs58" | "crc" | "crc32fast" | "data_encoding" | "hmac" => &["filter"],
        "globset" => &["rule"],
        // `run` asks for today's date once, so that the engine has no clock; `report` writes dates.
        "jiff" => &["filter", "report", "run"],
        "sha2" => &["filter", "secret"],
        "anstyle" => &["report"],
        // Nothing names it: it only asks for a version that its dependants share.
        "serde" => &["config", "content::document", "finding", "prefilter", "rule", "report"],
        "serde_json" => &["config", "content::container", "content::document", "filter", "report"],
        "zip" | "sevenz_rust2" | "lzma_rust2" | "ruzstd" | "tar" | "bzip2" | "lz4_flex"
        | "mail_parser" | "weezl" => &["content::container"],
        "flate2" => &["content"],
        "serde_path_to_error" => &["report::read"],
        "thiserror" => &["config", "content::delta", "hook", "report", "rule", "source", "triage"],
        _ => panic!("the dependency `{name}` is new: give it a home here"),
    }
}

/// A source file without its tests, comments and texts.
struct Source {
    path: PathBuf,
    /// `report::sarif` for `src/report/sarif.rs`.
    module: String,
    code: String,
}

impl Source {
    fn layer(&self) -> &str {
        self.module.split("::").next().expect("splitting yields at least one part")
    }

    fn in_any(&self, homes: &[&str]) -> bool {
        let inside = |h: &&str| self.module == **h || self.module.starts_with(&format!("{h}::"));
        homes.iter().any(inside)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root().join("src"), &mut paths);
    paths.sort();
    paths.into_iter().map(|path| source(&path)).collect()
}

fn collect(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the sources can be listed") {
        let path = entry.expect("the sources can be listed").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|e| e == "rs") {
            paths.push(path);
        }
    }
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("sources are UTF-8");
    let inner = path.strip_prefix(root().join("src")).expect("it was listed there");
    let parts: Vec<String> =
        inner.with_extension("").iter().map(|p| p.to_string_lossy().into_owned()).collect();
    let module = parts.join("::").trim_end_matches("::mod").to_owned();
    // Unit tests stand at the end of a file.
    let code = text.split("\n#[cfg(test)]").next().unwrap_or_default();
    Source { path: inner.into(), module, code: without_comments_and_texts(code) }
}

fn without_comments_and_texts(code: &str) -> String {
    let bytes = code.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &code[at..];
        let raw = rest.strip_prefix('r').map(|r| r.len() - r.trim_start_matches('#').len());
        let starts_word =
            at == 0 || !bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'_';
        at += if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(hashes) =
            raw.filter(|n| (starts_word || bytes[at - 1] == b'b') && rest[1 + n..].starts_with('"'))
        {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = 2 + hashes;
            body + rest[body..].find(&end).expect("a raw string ends") + end.len()
        } else if let Some(text) = rest.strip_prefix('"') {
            1 + end_of_string(text)
        } else if let Some(len) = char_literal(rest) {
            len
        } else {
            let c = rest.chars().next().expect("it is not empty");
            out.push(c);
            c.len_utf8()
        };
    }
    out
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// `'"'` and `'\''` are literals, `'a` alone is a lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let mut chars = inner.char_indices();
    let (_, first) = chars.next()?;
    let (at, next) = chars.next()?;
    if first == '\\' {
        return Some(1 + at + next.len_utf8() + inner[at + next.len_utf8()..].find('\'')? + 1);
    }
    (next == '\'').then_some(1 + at + 1)
}

/// Modules of this crate that `code` names: `crate::a::B`, `crate::{a, b::{C, D}}`.
fn named_modules(code: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => modules.extend(first_words(group)),
            None => modules.extend(word(rest)),
        }
    }
    modules
}

/// The words at the beginning of each part of a group, until its brace closes.
fn first_words(group: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut depth, mut fresh) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && !c.is_whitespace() => {
                words.extend(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    words
}

fn word(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// Whether `code` has `word` with nothing of a name around it.
fn has_word(code: &str, word: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(of_name) && !code[at + word.len()..].starts_with(of_name)
    })
}

/// Collects what is wrong, so that all of it is said at once.
fn breaches(check: impl Fn(&Source, &mut Vec<String>)) -> Vec<String> {
    let mut found = Vec::new();
    sources().iter().for_each(|s| check(s, &mut found));
    found
}

#[test]
fn arrows_point_down_only() {
    let found = breaches(|source, found| {
        if ["lib", "main"].contains(&source.layer()) {
            return;
        }
        let allowed = allowed(source.layer());
        for module in named_modules(&source.code) {
            if module != source.layer() && !allowed.contains(module.as_str()) {
                found.push(format!("{} knows `{module}`", source.path.display()));
            }
        }
        // As many steps up as the module is deep lead to the crate itself, past the check above.
        let to_the_top = "super::".repeat(source.module.split("::").count());
        if source.code.contains(&to_the_top) {
            found.push(format!("{}: `{to_the_top}`", source.path.display()));
        }
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn an_outside_crate_has_one_home() {
    let names = dependencies();
    assert!(names.len() > 10, "Cargo.toml was not understood: {names:?}");
    let found = breaches(|source, found| {
        for name in &names {
            let path = format!("{name}::");
            let named = source.code.match_indices(&path).any(|(at, _)| {
                !source.code[..at]
                    .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':'))
            }) || has_use(&source.code, name);
            if named && !source.in_any(homes(name)) {
                found.push(format!("{} uses `{name}`", source.path.display()));
            }
        }
    });
    assert_eq!(found, Vec::<String>::new());
}

fn has_use(code: &str, name: &str) -> bool {
    code.contains(&format!("use {name};")) || code.contains(&format!("extern crate {name}"))
}

fn dependencies() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("it is this package's");
    let manifest: BTreeMap<String, toml::Value> = toml::from_str(&manifest).expect("cargo read it");
    let table = manifest["dependencies"].as_table().expect("it is a table");
    table.keys().map(|name| name.replace('-', "_")).collect()
}

#[test]
fn only_report_run_and_main_write_to_the_terminal() {
    let found = breaches(|source, found| {
        if source.in_any(&["report", "run", "main"]) {
            return;
        }
        for word in ["println", "eprintln", "print", "eprint", "dbg", "stdout", "stderr"] {
            let call = if ["stdout", "stderr"].contains(&word) { "(" } else { "!(" };
            if source.code.contains(&format!("{word}{call}")) && has_word(&source.code, word) {
                found.push(format!("{} has `{word}`", source.path.display()));
            }
        }
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn nothing_panics_without_saying_why_that_cannot_be() {
    let found = breaches(|source, found| {
        for call in [".unwrap()", ".unwrap_err()", "todo!(", "unimplemented!("] {
            if source.code.contains(call) {
                found.push(format!("{} has `{call}`", source.path.display()));
            }
        }
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn one_file_is_unsafe() {
    let found = breaches(|source, found| {
        if has_word(&source.code, "unsafe") {
            found.push(source.path.display().to_string());
        }
    });
    assert_eq!(found, ["prefilter/runs.rs"]);
}

#[test]
fn every_module_says_what_it_is_for() {
    for source in sources() {
        let text = fs::read_to_string(root().join("src").join(&source.path)).expect("as above");
        assert!(text.starts_with("//! "), "{}", source.path.display());
    }
}

#[test]
fn these_tests_read_code_and_not_prose() {
    let code = "use crate::{a::{B, c::D}, e, f::G}; // crate::h\nlet x = crate::i::J; \"crate::k\"; r#\"crate::l \" \"#; '\"'; crate::m::n('\\'', '\"');";
    let named = named_modules(&without_comments_and_texts(code));
    assert_eq!(named, ["a", "e", "f", "i", "m"].map(str::to_owned).into());
    assert!(has_word("unsafe {", "unsafe") && !has_word("unsafe_code", "unsafe"));
}
