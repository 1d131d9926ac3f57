//! Keys in strings that programs put together: each is found at its first piece, also where JSON writes the
//! program.

use serde_json::{Value, json};

use crate::{
    encoded::hidden,
    everything_inside::place_of,
    project::{Project, findings},
};

/// Programs with the pieces `a`, `b` and `c` of a key, by their languages.
fn programs(a: &str, b: &str, c: &str) -> Vec<(&'static str, String)> {
    vec![
        ("c", format!("char *k = u8\"{a}\"\n  u8\"{b}\"\n  u8\"{c}\";")),
        ("c#", format!("var k = @\"{a}\" + $\"{b}{c}\";")),
        ("elixir", format!("k = \"{a}\" <> \"{b}{c}\"")),
        ("go", format!("k := `{a}` +\n\t`{b}{c}`")),
        ("haskell", format!("k = \"{a}\" ++ \"{b}{c}\"")),
        ("java", format!("String k = \"{a}\" + // the first\n    \"{b}\" /* and */ + \"{c}\";")),
        ("java methods", format!("b.append(\"{a}\").append(\"{b}{c}\");")),
        ("javascript", format!("k = (\"{a}\")\n    + (\"{b}\" + '{c}');")),
        ("javascript methods", format!("k = \"{a}\".concat(\"{b}{c}\");")),
        ("lua", format!("k = '{a}' .. '{b}' ..\n  '{c}'")),
        ("ocaml", format!("let k = \"{a}\" ^ \"{b}{c}\"")),
        ("php", format!("$k = '{a}' . # the first\n  '{b}' . '{c}';")),
        ("powershell", format!("$k = \"{a}\" + `\r\n  \"{b}{c}\"")),
        ("properties", format!("k={a}\\\n    {b}{c}")),
        ("python", format!("k = (\n    b\"{a}\"  # the first\n    b\"{b}\"\n    b\"{c}\"\n)")),
        ("python sum", format!("k = '{a}' + \\\n    '{b}{c}'")),
        ("ruby", format!("k = '{a}' \\\n  '{b}' << '{c}'")),
        ("shell", format!("K=\"{a}\"\\\n\"{b}\"'{c}'")),
        ("sql", format!("select '{a}' || '{b}{c}';")),
        ("visual basic", format!("k = \"{a}\" & _\r\n    \"{b}{c}\"")),
        ("yaml", format!("k: \"{a}\\\n  {b}{c}\"")),
    ]
}

/// `program` as all that may hold it.
fn written(program: &str) -> Vec<(&'static str, String)> {
    let text = format!("x = 1\n{program}\ny = 2\n");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let book = json!({ "cells": [{ "source": lines }], "nbformat": 4 });
    let string = json!({ "a": text }).to_string();
    vec![
        ("map", json!({ "sources": ["a"], "sourcesContent": [text] }).to_string()),
        ("pretty.ipynb", serde_json::to_string_pretty(&book).unwrap()),
        ("ipynb", book.to_string()),
        ("string.json", json!({ "a": string }).to_string()),
        ("json", string),
        ("txt", text),
    ]
}

#[test]
fn a_key_is_found_in_the_pieces_of_every_language() {
    let (key, project) = (hidden(), Project::empty());
    let (a, rest) = key.split_at(8);
    let (b, c) = rest.split_at(20);
    let mut expected = Vec::new();
    for (language, program) in programs(a, b, c) {
        for (ending, text) in written(&program) {
            let path = format!("{language}.{ending}");
            project.write(&path, text.as_bytes());
            expected.push((path, place_of(&text, a)));
        }
    }
    expected.sort();
    let (run, report) = project.scan_json(&["--show-secrets"]);
    let place = |f: &Value| {
        let at = &f["start"];
        let path = f["path"].as_str().unwrap().to_owned();
        (path, format!("{}:{}", at["line"], at["column"]))
    };
    let mut found: Vec<_> = findings(&report).iter().map(place).collect();
    found.sort();
    assert_eq!(found, expected);
    assert!(findings(&report).iter().all(|f| f["secret"] == key), "{report:#}");
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let route = |path: &str| {
        let finding = findings(&report).iter().find(|f| f["path"] == path).unwrap();
        finding["inside"]["route"].clone()
    };
    assert_eq!(route("python.ipynb"), json!(["cell 1", "string in pieces at 3:7"]));
    assert_eq!(route("lua.map"), json!(["a", "string in pieces at 2:6"]));
}
