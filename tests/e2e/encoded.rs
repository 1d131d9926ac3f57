//! Keys that are encoded: each is found once, at the place of its code, with the way in; and what only looks
//! encoded is no finding.

use std::{io::Write as _, time::Instant};

use base64::{Engine as _, prelude::*};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use crate::{
    project::{Project, finding_in, findings},
    repository::{Repository, key, rule_of},
};

/// The key that is hidden: 48 characters, with a `_` after the third and the seventh.
pub(crate) fn hidden() -> &'static str {
    assert_eq!((key(2).len(), rule_of(2)), (48, "linear-api-key"));
    key(2)
}

pub(crate) fn base64(text: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(text)
}

fn each(text: &str, one: impl Fn(u8) -> String) -> String {
    text.bytes().map(one).collect()
}

pub(crate) fn hex(text: &str) -> String {
    each(text, |b| format!("{b:02x}"))
}

pub(crate) fn percent(text: &str) -> String {
    each(
        text,
        |b| if b.is_ascii_alphanumeric() { char::from(b).into() } else { format!("%{b:02X}") },
    )
}

fn base32(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = each(text, |b| format!("{b:08b}"));
    let groups = bits.as_bytes().chunks(5).map(|group| {
        let group = format!("{:0<5}", std::str::from_utf8(group).unwrap());
        char::from(DIGITS[usize::from_str_radix(&group, 2).unwrap()])
    });
    groups.collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn lines(code: &str, len: usize, seam: &str) -> String {
    let lines = code.as_bytes().chunks(len).map(|l| std::str::from_utf8(l).unwrap());
    lines.collect::<Vec<_>>().join(seam)
}

/// A file, where its key's code begins and ends, the way in, and where the key stands in there.
pub(crate) type Case = (&'static str, String, &'static str, &'static str, &'static str);

/// The key `k` in each encoding.
pub(crate) fn single(k: &str) -> Vec<Case> {
    let long = format!("line one of a file\nTOKEN={k}\nline three of it\n");
    let array = |b: u8| format!("0x{b:02x},");
    vec![
        ("base64", format!("# note\nx: {}\n", base64(k)), "2:4-2:68", "base64 at 2:4", "1:1"),
        (
            "no-padding",
            format!("x: {}\n", BASE64_STANDARD_NO_PAD.encode(format!("TOKEN={k}!"))),
            "1:12-1:76",
            "base64 at 1:4",
            "1:7",
        ),
        (
            "url-safe",
            format!("x: {}\n", BASE64_URL_SAFE_NO_PAD.encode(format!("??>>~~ {k}"))),
            "1:13-1:78",
            "base64 at 1:4",
            "1:8",
        ),
        (
            "in-lines",
            format!("data: |\n  {}\n", lines(&base64(&long), 64, "\n  ")),
            "2:36-3:37",
            "base64 at 2:3",
            "2:7",
        ),
        (
            "in-escaped-lines",
            format!("{{\"data\": \"{}\\n\"}}\n", lines(&base64(&long), 76, "\\r\\n")),
            "1:44-1:113",
            "base64 at 1:11",
            "2:7",
        ),
        (
            "secret.yaml",
            format!("apiVersion: v1\nkind: Secret\ndata:\n  token: {}\n", base64(k)),
            "4:10-4:74",
            "base64 at 4:10",
            "1:1",
        ),
        (
            "data-url.html",
            format!("<a href=\"data:text/plain;base64,{}\">x</a>\n", base64(format!("key {k}"))),
            "1:38-1:103",
            "base64 at 1:33",
            "1:5",
        ),
        (
            "command.ps1",
            format!("powershell -EncodedCommand {}\n", base64(utf16(&format!("$k = '{k}'")))),
            "1:44-1:172",
            "UTF-16 in base64 at 1:28",
            "1:7",
        ),
        ("base32", format!("x = {}\n", base32(k)), "1:5-1:82", "base32 at 1:5", "1:1"),
        ("hex", format!("x = '{}'\n", hex(k)), "1:6-1:102", "hex at 1:6", "1:1"),
        ("number", format!("x = 0x{}\n", hex(k)), "1:7-1:103", "hex at 1:5", "1:1"),
        ("bytea.sql", format!("('\\x{}')\n", hex(k)), "1:5-1:101", "hex at 1:4", "1:1"),
        ("array.c", format!("k[] = {{\n{}}};\n", each(k, array)), "2:1-2:240", "hex at 2:1", "1:1"),
        (
            "bytes.c",
            format!("k = \"{}\";\n", each(k, |b| format!("\\x{b:02x}"))),
            "1:6-1:198",
            "escapes at 1:6",
            "1:1",
        ),
        (
            "query",
            format!("u=https://x.example/?q={}&z=1\n", percent(k)),
            "1:24-1:76",
            "percent encoding at 1:1",
            "1:24",
        ),
        (
            "all-percent",
            format!("q={}\n", each(k, |b| format!("%{b:02X}"))),
            "1:3-1:147",
            "percent encoding at 1:1",
            "1:3",
        ),
        (
            "entities.html",
            format!("<p title=\"{}\">\n", each(k, |b| format!("&#{b:03};"))),
            "1:11-1:299",
            "character references at 1:11",
            "1:1",
        ),
        (
            "entity.html",
            format!("<p title=\"{}\">\n", k.replace('_', "&#x5F;")),
            "1:11-1:69",
            "character references at 1:11",
            "1:1",
        ),
        (
            "unicode.json",
            format!("{{\"a\": \"{}\"}}\n", each(k, |b| format!("\\u{b:04x}"))),
            "1:8-1:296",
            "escapes at 1:8",
            "1:1",
        ),
        (
            "octal.c",
            format!("\"{}\"\n", k.replace('_', "\\137")),
            "1:2-1:56",
            "escapes at 1:2",
            "1:1",
        ),
        (
            "mail.eml",
            format!(
                "use this key today and not the one before it: TOKEN=3D{}=\n{}\n",
                &k[..20],
                &k[20..]
            ),
            "1:55-2:29",
            "quoted-printable at 1:47",
            "1:7",
        ),
        (
            "sum.js",
            format!("k = \"{}\" +\n  \"{}\" + \"{}\";\n", &k[..8], &k[8..30], &k[30..]),
            "1:6-2:49",
            "string in pieces at 1:6",
            "1:1",
        ),
        (
            "beside.py",
            format!("k = (\"{}\"\n     \"{}\")\n", &k[..20], &k[20..]),
            "1:7-2:35",
            "string in pieces at 1:7",
            "1:1",
        ),
        (
            "continued.sh",
            format!("export K={}\\\n{}\n", &k[..20], &k[20..]),
            "1:10-2:29",
            "string in pieces at 1:8",
            "1:3",
        ),
        // What gzip packed has no place of its own, so it is the whole code.
        (
            "gzip",
            format!("x: {}.\n", base64(gzip(long.as_bytes()))),
            "",
            "gzip in base64 at 1:4",
            "2:7",
        ),
    ]
}

/// The key `k` in encodings of encodings.
pub(crate) fn nested(k: &str) -> Vec<Case> {
    let key = format!("key is {k}");
    let twice = base64(base64(&key));
    let joined = |code: &str| format!("k = \"{}\" +\n  \"{}\";\n", &code[..30], &code[30..]);
    vec![
        ("twice", format!("x: {twice}\n"), "1:16-1:103", "base64 at 1:4 › base64 at 1:1", "1:8"),
        (
            "three-times",
            format!("x: {}\n", base64(&twice)),
            "1:20-1:136",
            "base64 at 1:4 › base64 at 1:1 › base64 at 1:1",
            "1:8",
        ),
        (
            "base64-in-hex",
            format!("x: {}\n", hex(&base64(&key))),
            "1:22-1:152",
            "hex at 1:4 › base64 at 1:1",
            "1:8",
        ),
        (
            "hex-in-json-in-base64",
            format!("{{\"a\":\"{}\"}}\n", base64(format!("{{\"x\": \"{}\"}}", hex(k)))),
            "1:16-1:145",
            "base64 at 1:7 › hex at 1:8",
            "1:1",
        ),
        (
            "base64-in-percent",
            format!("x={}\n", percent(&base64(format!("{key}?>")))),
            "1:12-1:77",
            "percent encoding at 1:1 › base64 at 1:3",
            "1:8",
        ),
        (
            "percent-twice",
            format!("x={}\n", percent(&percent(k))),
            "1:3-1:59",
            "percent encoding at 1:1 › percent encoding at 1:1",
            "1:3",
        ),
        (
            "entities-in-percent",
            format!("x={}\n", percent(&k.replace('_', "&#95;"))),
            "1:3-1:71",
            "percent encoding at 1:1 › character references at 1:1",
            "1:3",
        ),
        (
            "base64-in-pieces.js",
            joined(&base64(&key)),
            "1:15-2:48",
            "string in pieces at 1:6 › base64 at 1:1",
            "1:8",
        ),
        (
            "base64-in-url-in-json",
            format!("{{\"a\":\"https:\\/\\/x.example\\/{}\"}}\n", base64(format!("TOKEN={k}"))),
            "1:36-1:100",
            "escapes at 1:7 › base64 at 1:19",
            "1:7",
        ),
    ]
}

fn place(finding: &Value) -> String {
    let at = |p: &Value| format!("{}:{}", p["line"], p["column"]);
    format!("{}-{}", at(&finding["start"]), at(&finding["end"]))
}

fn assert_found(cases: &[Case]) {
    let project = Project::empty();
    for (name, text, ..) in cases {
        project.write(name, text.as_bytes());
    }
    let (run, report) = project.scan_json(&["--show-secrets"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let mut wrong = Vec::new();
    for (name, text, code, route, inside) in cases {
        let all: Vec<&Value> = findings(&report).iter().filter(|f| f["path"] == *name).collect();
        let said: Vec<_> = all
            .iter()
            .map(|f| {
                let steps = f["inside"]["route"].as_array();
                let steps: Vec<_> = steps.into_iter().flatten().filter_map(Value::as_str).collect();
                let start = &f["inside"]["start"];
                let whole = format!("1:4-1:{}", text.len() - 1);
                let code = if code.is_empty() { &whole } else { *code };
                let is_right = f["rule"] == "linear-api-key" && f["secret"] == hidden();
                let place = if place(f) == code { String::new() } else { place(f) };
                (
                    is_right,
                    place,
                    steps.join(" › "),
                    format!("{}:{}", start["line"], start["column"]),
                )
            })
            .collect();
        let right = (true, String::new(), (*route).to_owned(), (*inside).to_owned());
        if said != [right] {
            wrong.push(format!("{name}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(findings(&report).len(), cases.len());
}

#[test]
fn a_key_is_found_in_every_encoding() {
    assert_found(&single(hidden()));
}

#[test]
fn a_key_is_found_in_encodings_of_encodings() {
    assert_found(&nested(hidden()));
}

#[test]
fn a_name_before_the_code_belongs_to_the_key() {
    let mut project = Project::empty();
    let key = project.expand("secret.yaml", "@@hirepanda-api-key@@");
    let text = format!("kind: Secret\ndata:\n  HIREPANDA_API_KEY: {}\n", base64(&key));
    project.write("secret.yaml", text.as_bytes());
    let (_, report) = project.scan_json(&[]);
    let finding = finding_in(&report, "secret.yaml");
    assert_eq!(finding["rule"], "hirepanda-api-key");
    assert_eq!(finding["start"]["line"], 3);
}

#[test]
fn the_same_key_has_the_same_fingerprint_however_it_is_encoded() {
    let project = Project::empty();
    let fingerprint = |text: String| {
        project.write("a.env", text.as_bytes());
        finding_in(&project.scan_json(&[]).1, "a.env")["fingerprint"].clone()
    };
    let plain = fingerprint(format!("x: {}\n", hidden()));
    assert_eq!(fingerprint(format!("\n\nx: {}\n", base64(hidden()))), plain);
    assert_eq!(fingerprint(format!("x: {}\n", hex(&base64(hidden())))), plain);
}

#[test]
fn basic_authentication_is_one_finding_that_names_the_user() {
    let project = Project::empty();
    let value = base64(["deploy", "q8Zt1LmV0xWc"].join(":"));
    project.write("a.http", format!("Authorization: Basic {value}\n").as_bytes());
    let key = base64(format!("{}:", hidden()));
    project.write("b.http", format!("Authorization: Basic {key}\n").as_bytes());
    let (_, report) = project.scan_json(&[]);
    let pair = finding_in(&report, "a.http");
    assert_eq!(pair["rule"], "generic-basic-auth");
    assert!(pair["reasons"].to_string().contains("the user `deploy` and a password"), "{pair:#}");
    assert_eq!(finding_in(&report, "b.http")["rule"], "linear-api-key", "a key is its own user");
}

#[test]
fn look_alikes_without_keys_are_no_findings() {
    let project = Project::empty();
    // Bytes that look drawn: Knuth's MMIX.
    let mut state = 1_u64;
    let mut random = |len: usize| -> Vec<u8> {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        };
        (0..len).map(|_| next()).collect()
    };
    let mut lock = String::from("{\n");
    for n in 0..300 {
        let hash = base64(random(64));
        lock.push_str(&format!("  \"p{n}\": {{ \"integrity\": \"sha512-{hash}\" }},\n"));
    }
    project.write("deps.json", lock.as_bytes());
    let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), &random(3000)].concat();
    let url = format!(".a {{ background: url(data:image/png;base64,{}) }}\n", base64(picture));
    project.write("style.css", url.as_bytes());
    let sums: String = (0..300)
        .map(|n| {
            format!(
                "{}  file{n}\n",
                random(32).iter().map(|b| format!("{b:02x}")).collect::<String>()
            )
        })
        .collect();
    project.write("SHA256SUMS", sums.as_bytes());
    let table: String = random(4000).iter().map(|b| format!("0x{b:02x}, ")).collect();
    project.write("firmware.h", format!("u8 t[] = {{ {table} }};\n").as_bytes());
    let map = "AAAA,SAASA,KAAKC,CAAC;EAAEC,MAAOC,GAAG,IAAIC,QAAQ,".repeat(200);
    project.write("app.map", format!("{{\"mappings\":\"{map}\"}}\n").as_bytes());
    let words = "\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c ".repeat(300);
    project.write("ru.json", format!("{{\"a\": \"{words}\"}}\n").as_bytes());
    let prose = base64("There is nothing to be seen here, only a text of some length. ".repeat(9));
    project.write("prose.txt", format!("{prose}\n").as_bytes());
    let path = "M12.5,3.25c-1.2,0.8-2.4%201.6&#45;3.6\\x2c".repeat(99);
    project.write("icon.svg", format!("<path d=\"{path}\"/>\n").as_bytes());
    let (run, report) = project.scan_json(&[]);
    assert_eq!(findings(&report), &[] as &[Value], "{report:#}");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(report["coverage"]["skipped"], serde_json::json!({}));
}

#[test]
fn a_limit_that_stops_decoding_is_in_the_ledger() {
    let project = Project::empty();
    let mut code = format!("key is {}", hidden());
    for _ in 0..7 {
        code = base64(code);
    }
    project.write("deep.txt", format!("x: {code}\n").as_bytes());
    let bomb = base64(gzip(&vec![b' '; 8 << 20]));
    project.write("bomb.txt", format!("x: {bomb}\n").as_bytes());
    let skipped = |args: &[&str]| project.scan_json(args).1["coverage"]["skipped"].clone();
    let (run, report) = project.scan_json(&[]);
    assert_eq!((run.code, report["coverage"]["complete"].as_bool()), (0, Some(true)));
    let expected = serde_json::json!({
        "decode-depth-limit": ["deep.txt"], "ratio-limit": ["bomb.txt"]
    });
    assert_eq!(report["coverage"]["skipped"], expected);
    let deep = skipped(&["--max-decode-depth", "7", "--max-ratio", "10000"]);
    assert_eq!(deep, serde_json::json!({}));
    let bytes = skipped(&["--max-expanded-megabytes", "1", "--max-ratio", "10000"]);
    assert_eq!(bytes["expanded-bytes-limit"], serde_json::json!(["bomb.txt"]));
    let none = skipped(&["--max-decode-depth", "0"]);
    assert_eq!(none["decode-depth-limit"], serde_json::json!(["bomb.txt", "deep.txt"]));
    let said = project.scan(&["-v"]).stdout;
    assert!(
        said.contains("1 inputs not expanded to their end (`--max-decode-depth`)\n  deep.txt\n")
    );
    assert_eq!(project.scan(&["--max-decode-depth", "101"]).code, 2);
}

#[test]
fn limits_are_in_the_ledger_of_a_history_too() {
    let repo = Repository::new();
    let bomb = base64(gzip(&vec![b' '; 8 << 20]));
    repo.commit_file("old/bomb.txt", &format!("x: {bomb}\n"));
    repo.git(&["rm", "-q", "old/bomb.txt"]);
    repo.git(&["commit", "-q", "-m", "gone"]);
    for args in [["-f", "json", "--no-progress"].as_slice(), &["-f", "json", "--range", "HEAD"]] {
        let report = repo.scan(args).json();
        let expected = serde_json::json!({ "ratio-limit": ["old/bomb.txt"] });
        assert_eq!(report["coverage"]["skipped"], expected, "{args:?}");
    }
}

#[test]
fn hostile_input_costs_what_its_size_does() {
    const MEGABYTE: usize = 1 << 20;
    let key = format!("TOKEN={}\n", hidden());
    let texts = [
        ("one-line.txt", base64(key.repeat(MEGABYTE / 8 / key.len()))),
        ("percent.txt", format!("a{}", "%25".repeat(MEGABYTE))),
        ("pieces.txt", "\"abcdefghijkl\" + ".repeat(MEGABYTE / 8)),
        ("continued.txt", "abcdefghijkl\\\n".repeat(MEGABYTE / 8)),
        ("soft-breaks.txt", format!("{}=\n", "a".repeat(75)).repeat(MEGABYTE / 32)),
        ("lines.txt", format!("{}\n", "TWFu".repeat(16)).repeat(MEGABYTE / 32)),
        ("array.txt", "0x41,".repeat(MEGABYTE / 2)),
        ("signs.txt", "\\x".repeat(MEGABYTE)),
        ("references.txt", "&#0000097;".repeat(MEGABYTE / 4)),
        ("short.txt", format!("{} ", base64("abcdefghijkl0")).repeat(MEGABYTE / 16)),
    ];
    for (name, text) in texts {
        let project = Project::with(name, "");
        project.write(name, text.as_bytes());
        let started = Instant::now();
        let run = project.scan(&["-q", "--max-seconds", "1000"]);
        let seconds = started.elapsed().as_secs_f64();
        assert_eq!(run.stderr, "", "{name}");
        // Nine in ten of these seconds are for a slow and busy machine.
        assert!(seconds < 30.0, "{name}: {seconds} s for {} bytes", text.len());
    }
}

/// A line that is longer than what is searched in one go, with a key at its end.
#[test]
fn a_line_of_code_without_end_is_searched_to_its_end() {
    let project = Project::empty();
    let text = format!("{}\nTOKEN={}\n", "a line of prose\n".repeat(400_000), hidden());
    project.write("long.txt", base64(&text).as_bytes());
    let (run, report) = project.scan_json(&["--max-seconds", "1000"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let finding = finding_in(&report, "long.txt");
    assert_eq!(
        (&finding["rule"], &finding["start"]["line"]),
        (&"linear-api-key".into(), &1.into())
    );
    assert_eq!(report["coverage"]["skipped"], serde_json::json!({}));
}

#[test]
fn the_letter_of_a_line_break_hides_no_key() {
    let project = Project::empty();
    let k = hidden();
    for (name, text) in [
        ("end.json", format!("{{\"a\": \"x\\n{k}\"}}\n")),
        ("middle.json", format!("{{\"a\": \"x\\n{k}\\ny\"}}\n")),
        ("tab.json", format!("{{\"a\": \"x\\t{k}\"}}\n")),
        ("query", format!("a=x%0A{k}\n")),
    ] {
        project.write(name, text.as_bytes());
        let (_, report) = project.scan_json(&["--show-secrets", name]);
        let [finding] = findings(&report) else { panic!("{name}: {report:#}") };
        assert_eq!((&finding["rule"], &finding["secret"]), (&"linear-api-key".into(), &k.into()));
        let at = text.find(k).unwrap() + 1;
        assert_eq!(finding["start"]["column"], at, "{name}");
    }
}
