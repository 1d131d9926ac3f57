//! Keys in notebooks, recorded requests, Terraform states and source maps: each is found in the file's text,
//! and its part is named.

use serde_json::{Value, json};

use crate::{
    everything_inside::{Row, place_of, rows},
    fakes, pack,
    project::{Project, finding_in, findings},
    repository::{Repository, key, rule_of, settings},
};

/// A program whose line 14 has the key number `n` in quotes.
fn program(n: usize) -> String {
    format!("{}const key = \"{}\";\nuse(key);\n", "import \"x\";\n".repeat(13), key(n))
}

/// A file that ends in a line with nothing but the key number `n`.
fn bare(n: usize) -> String {
    format!("# é\nTOKEN_NAME=x\n{}\n", key(n))
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn notebook() -> Value {
    let (source, printed, raised) = (program(0), settings(1), ["Error", key(2)]);
    json!({
        "cells": [
            { "cell_type": "markdown", "metadata": {}, "source": bare(3) },
            {
                "cell_type": "code", "execution_count": 1, "metadata": { "tags": [key(4)] },
                "source": lines(&source),
                "outputs": [
                    { "output_type": "stream", "name": "stdout", "text": lines(&printed) },
                    { "output_type": "error", "ename": "E", "evalue": "", "traceback": raised },
                    { "output_type": "display_data", "data": { "text/html": bare(5) } },
                ],
            },
        ],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
    })
}

fn source_map() -> Value {
    json!({
        "version": 3, "file": "app.js", "sources": ["webpack:///./src/app.ts", "../.env"],
        "sourcesContent": [program(6), bare(7)], "names": [], "mappings": "AAAA,SAASA",
    })
}

/// What is written of a key in a project, by its number and what the way to it is called.
type Hidden = (usize, &'static str, &'static str);

/// Writes `document` in one line, and in many, and expects its keys in both.
fn assert_named(name: &str, document: &Value, keys: &[Hidden]) {
    let project = Project::empty();
    let mut expected = Vec::new();
    for (directory, text) in [
        ("dense", document.to_string()),
        ("pretty", serde_json::to_string_pretty(document).unwrap()),
    ] {
        let path = format!("{directory}/{name}");
        project.write(&path, text.as_bytes());
        expected.extend(keys.iter().map(|&(n, route, inner)| Row {
            path: path.clone(),
            place: place_of(&text, key(n)),
            route: route.into(),
            inner: inner.into(),
            rule: rule_of(n).into(),
        }));
    }
    expected.sort();
    let (run, report) = project.scan_json(&[]);
    assert_eq!(rows(&report), expected);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
}

#[test]
fn a_notebook_names_cell_and_output() {
    let keys = [
        (3, "cell 1", "3:1"),
        (4, "cell 2", ""),
        (0, "cell 2", "14:14"),
        (1, "cell 2 › output 1", "2:7"),
        (2, "cell 2 › output 2", "2:1"),
        (5, "cell 2 › output 3", "3:1"),
    ];
    assert_named("a.ipynb", &notebook(), &keys);
}

#[test]
fn a_source_map_names_the_original_file() {
    let keys = [(6, "src/app.ts", "14:14"), (7, "../.env", "3:1")];
    assert_named("app.js.map", &source_map(), &keys);
}

#[test]
fn a_state_names_resource_and_output() {
    let instance = |n: usize| json!({ "index_key": n, "attributes": { "x": key(n) } });
    let state = json!({
        "version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x",
        "outputs": { "token": { "value": key(8), "type": "string", "sensitive": true } },
        "resources": [
            {
                "mode": "managed", "type": "aws_instance", "name": "web",
                "instances": [{
                    "attributes": { "user_data": bare(9) },
                    "sensitive_attributes": [[{ "type": "get_attr", "value": "user_data" }]],
                }],
            },
            {
                "module": "module.db", "mode": "managed", "type": "aws_db_instance", "name": "main",
                "instances": [instance(10), instance(11)],
            },
        ],
    });
    let keys = [
        (8, "output token", ""),
        (9, "resource aws_instance.web", ""),
        (10, "resource module.db.aws_db_instance.main[10]", ""),
        (11, "resource module.db.aws_db_instance.main[11]", ""),
    ];
    assert_named("terraform.tfstate", &state, &keys);
}

#[test]
fn a_recorded_request_names_its_address_without_what_may_be_a_key() {
    let address = format!("https://user:x@api.test/v1/{}/log?key={}#x", key(12), key(13));
    let har = json!({ "log": { "version": "1.2", "entries": [
        { "request": { "method": "GET", "url": "https://a.test/", "headers": [] }, "response": {} },
        {
            "request": { "method": "POST", "url": address, "postData": { "text": bare(14) } },
            "response": { "content": { "mimeType": "text/plain", "text": settings(15) } },
        },
    ] } });
    let request = "request 2 to api.test/v1/…/log";
    let response = "request 2 to api.test/v1/…/log › response";
    let keys = [(12, request, ""), (13, request, ""), (14, request, ""), (15, response, "")];
    assert_named("a.har", &har, &keys);
}

/// A name and a secret of a rule that needs the name, as sibling fields and in one object.
#[test]
fn names_and_values_of_requests_and_states_belong_together() {
    let all = ["generic-bearer-token", "generic-secret", "password-assignment"].map(fakes::secret);
    let [bearer, secret, password] = all.each_ref().map(|secret| &**secret);
    let pair = |name: &str, value: &str| json!({ "name": name, "value": value });
    let har = json!({ "log": { "entries": [{ "request": {
        "url": "https://a.test/login",
        "headers": [pair("Authorization", &format!("Bearer {bearer}")), pair("X-Api-Key", secret)],
        "cookies": [pair("session_token", secret)],
        "queryString": [pair("api_key", secret)],
        "postData": {
            "mimeType": "application/x-www-form-urlencoded",
            "text": format!("user=a&password={password}&z=1"),
            "params": [pair("password", password)],
        },
    } }] } });
    let output = json!({ "value": password, "type": "string", "sensitive": true });
    let state = json!({
        "version": 4, "terraform_version": "1.9.0", "outputs": { "db_password": output },
        "resources": [{
            "mode": "managed", "type": "aws_db_instance", "name": "main",
            "instances": [{ "attributes": { "username": "admin", "password": password } }],
        }],
    });
    let project = Project::empty();
    let both = [("a.har", &har), ("a.tfstate", &state)];
    for (name, document) in both {
        let pretty = serde_json::to_string_pretty(document).unwrap();
        project.write(name, pretty.as_bytes());
        project.write(format!("dense/{name}"), document.to_string().as_bytes());
    }
    let (_, report) = project.scan_json(&["--show-secrets"]);
    for directory in ["", "dense/"] {
        let found = |name: &str| -> Vec<(String, String)> {
            let text = |v: &Value| v.as_str().unwrap().to_owned();
            let path = format!("{directory}{name}");
            let of = findings(&report).iter().filter(|f| f["path"] == path.as_str());
            of.map(|f| (text(&f["rule"]), text(&f["secret"]))).collect()
        };
        let is = |rule: &str, secret: &str| (rule.to_owned(), secret.to_owned());
        let bearer = is("generic-bearer-token", bearer);
        let secret = is("generic-secret", secret);
        let password = is("password-assignment", password);
        let all = [&bearer, &secret, &secret, &secret, &password, &password].map(Clone::clone);
        assert_eq!(found("a.har"), all, "{directory}");
        assert_eq!(found("a.tfstate"), [password.clone(), password], "{directory}");
    }
}

#[test]
fn what_is_encoded_in_a_part_is_counted_from_its_beginning() {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let code = BASE64_STANDARD.encode(settings(0));
    let escaped: String = code.bytes().map(|b| format!("\\x{b:02x}")).collect();
    let (lines, line) =
        (["a\n".into(), format!("b = \"{code}\"\n")], format!("a\nb = '{escaped}'\n"));
    let book = json!({ "cells": [{ "source": lines }, { "source": line }], "nbformat": 4 });
    let project = Project::empty();
    project.write("a.ipynb", book.to_string().as_bytes());
    let (_, report) = project.scan_json(&[]);
    let route = |row: Row| (row.route, row.inner);
    let expected = [
        ("cell 2 › escapes at 2:6 › base64 at 1:1".to_owned(), "2:7".to_owned()),
        ("cell 1 › base64 at 2:6".to_owned(), "2:7".to_owned()),
    ];
    assert_eq!(rows(&report).into_iter().map(route).collect::<Vec<_>>(), expected);
}

#[test]
fn a_document_in_a_container_is_a_document() {
    let project = Project::empty();
    let files = || {
        let map = source_map().to_string().into_bytes();
        let har = json!({ "log": { "entries": [{ "request": {
            "url": "https://a.test/", "headers": ["\n", "\n", key(0)],
        } }] } });
        let har = serde_json::to_string_pretty(&har).unwrap().into_bytes();
        [("nb.ipynb", notebook().to_string().into_bytes()), ("app.js.map", map), ("a.har", har)]
    };
    project.write("backup.zip", &pack::deflated(&files()));
    let (_, report) = project.scan_json(&[]);
    let rows = rows(&report);
    let row = |route: &str| rows.iter().find(|row| row.route == route).unwrap();
    assert_eq!(rows.len(), 9);
    assert_eq!(row("nb.ipynb › cell 2 › output 1").inner, "2:7");
    assert_eq!(row("app.js.map › src/app.ts").inner, "14:14");
    let har = String::from_utf8(files()[2].1.clone()).unwrap();
    assert_eq!(row("a.har › request 1 to a.test/").inner, place_of(&har, key(0)));
    let said = project.scan(&[]).stdout;
    for way in ["nb.ipynb › cell 2 › output 1 › line 2\n", "app.js.map › src/app.ts:14\n"] {
        assert!(said.contains(&format!("inside {way}")), "{said}");
    }
}

#[test]
fn a_document_of_the_history_is_read_as_the_file_is() {
    let repo = Repository::new();
    let mut book = notebook();
    let pretty = |book: &Value| serde_json::to_string_pretty(book).unwrap() + "\n";
    repo.commit_file("a.ipynb", &pretty(&book));
    // Most of the blob is what it was, and every key is in another cell.
    book["cells"].as_array_mut().unwrap().insert(0, json!({ "source": "a" }));
    repo.commit_file("a.ipynb", &pretty(&book));
    repo.git(&["repack", "-q", "-a", "-d"]);
    let of_files = rows(&repo.project.scan_json(&[]).1);
    assert_eq!(of_files.len(), 6);
    assert!(of_files.iter().all(|row| !row.route.contains("cell 1")), "{of_files:?}");
    let rows = |args: &[&str]| {
        rows(&repo.project.straykey(&[&["git", "-f", "json"], args].concat()).json())
    };
    assert_eq!(rows(&["--no-worktree"]), of_files);
    assert_eq!(rows(&["--range", "HEAD"]), of_files);
    assert_eq!(rows(&["--range", "HEAD~1..HEAD"]), []);
}

/// More than is searched of other texts in one go.
#[test]
fn the_parts_of_a_large_document_are_named_wherever_it_is() {
    let repo = Repository::new();
    let filling = "lorem ipsum ".repeat(450_000);
    let text = notebook().to_string();
    let large = text.replacen("{\"cells\":", &format!("{{\"filling\":\"{filling}\",\"cells\":"), 1);
    repo.commit_file("a.ipynb", &large);
    let of_file = rows(&repo.project.scan_json(&[]).1);
    assert_eq!(of_file.len(), 6);
    assert!(of_file.iter().all(|row| row.route.starts_with("cell ")), "{of_file:?}");
    let history = repo.project.straykey(&["git", "-f", "json", "--no-worktree"]).json();
    assert_eq!(rows(&history), of_file);
    let project = Project::empty();
    project.write("a.zip", &pack::deflated(&[("a.ipynb", large.into_bytes())]));
    let in_zip = rows(&project.scan_json(&[]).1);
    let route = |row: &Row| (row.route.replacen("a.ipynb › ", "", 1), row.rule.clone());
    let mut expected: Vec<_> = of_file.iter().map(route).collect();
    let mut found: Vec<_> = in_zip.iter().map(route).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_source_map_keeps_its_fingerprint_whatever_is_known_of_it() {
    let project = Project::empty();
    let fingerprint = |document: &Value| {
        project.write("app.js.map", document.to_string().as_bytes());
        finding_in(&project.scan_json(&[]).1, "app.js.map")["fingerprint"].clone()
    };
    let mut map = source_map();
    map["sourcesContent"].as_array_mut().unwrap().truncate(1);
    let known = fingerprint(&map);
    map["sources"] = json!(["other.ts"]);
    assert_eq!(fingerprint(&map), known);
    map["sources"] = json!({});
    assert_eq!(fingerprint(&map), known);
}

#[test]
fn the_parts_of_what_is_too_large_or_broken_are_not_guessed() {
    let project = Project::empty();
    let book = |filling: &str| {
        let text = notebook().to_string();
        text.replacen("{\"cells\":", &format!("{{\"filling\":\"{filling}\",\"cells\":"), 1)
    };
    let whole = book("");
    // More than is searched in one go.
    project.write("large.ipynb", book(&"lorem ipsum ".repeat(1_500_000)).as_bytes());
    project.write("cut.ipynb", &whole.as_bytes()[..whole.len() - 1]);
    project.write("twice.ipynb", format!("{whole}{whole}").as_bytes());
    let deep = format!("{{\"a\":{}{}", "[".repeat(100_000), whole);
    project.write("deep.ipynb", deep.as_bytes());
    let (run, report) = project.scan_json(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let count = |path: &str| findings(&report).iter().filter(|f| f["path"] == path).count();
    assert_eq!(
        ["large", "cut", "twice", "deep"].map(|n| count(&format!("{n}.ipynb"))),
        [6, 6, 12, 6]
    );
    assert!(rows(&report).iter().all(|row| row.route.is_empty()), "{report:#}");
}

#[test]
fn many_parts_and_many_keys_cost_what_their_size_does() {
    let project = Project::empty();
    let cell = json!({ "source": [], "outputs": [{ "text": settings(0) }] }).to_string();
    let many = vec![cell; 5_000].join(",");
    project.write("many.ipynb", format!("{{\"cells\":[{many}],\"nbformat\":4}}").as_bytes());
    let one = json!({ "sources": ["a"], "sourcesContent": [settings(0).repeat(5_000)] });
    project.write("one.js.map", one.to_string().as_bytes());
    let started = std::time::Instant::now();
    let (_, report) = project.scan_json(&["--max-seconds", "1000"]);
    let seconds = started.elapsed().as_secs_f64();
    let all = rows(&report);
    let last = |path: &str| all.iter().filter(|row| row.path == path).count();
    assert_eq!((last("many.ipynb"), last("one.js.map")), (5_000, 5_000));
    assert!(all.iter().any(|row| row.route == "cell 5000 › output 1" && row.inner == "2:7"));
    assert!(all.iter().any(|row| row.route == "a" && row.inner == "10000:7"));
    // Nine in ten of these seconds are for a slow and busy machine.
    assert!(seconds < 40.0, "{seconds} s");
}

#[test]
fn sarif_names_the_original_file_as_a_logical_location() {
    let project = Project::empty();
    project.write("app.js.map", source_map().to_string().as_bytes());
    let sarif = project.scan(&["-f", "sarif"]).json();
    let location = &sarif["runs"][0]["results"][0]["locations"][0];
    let logical = json!([{
        "name": "src/app.ts:14",
        "fullyQualifiedName": "app.js.map › src/app.ts:14",
        "kind": "resource",
    }]);
    assert_eq!(location["logicalLocations"], logical);
    assert_eq!(location["physicalLocation"]["region"]["startLine"], 1);
}
