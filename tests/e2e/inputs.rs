//! What a tree can hold: encodings, sizes, links, ignored files, and standard input.

use std::fs;

use serde_json::Value;

use crate::{
    fakes,
    project::{Project, count, finding_in, findings, places},
};

const PREFIXED: &str = "stripe-live-secret-key";
/// Found by the name in front of it only.
const BY_NAME: &str = "hirepanda-api-key";
const SETTINGS: &str = "name = ordérs 🔑\nSTRIPE_KEY=@@stripe-live-secret-key@@\nHIREPANDA_API_KEY=@@hirepanda-api-key@@\n";

fn skipped<'r>(report: &'r Value, why: &str) -> Vec<&'r str> {
    let list = report["coverage"]["skipped"].get(why).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn assert_columns(project: &Project, report: &Value) {
    for planted in project.planted() {
        let (path, line, rule) = &planted.place;
        let found = findings(report)
            .iter()
            .find(|f| f["path"] == **path && f["start"]["line"] == *line && f["rule"] == **rule)
            .unwrap();
        assert_eq!(found["start"]["column"], planted.column, "{:?}", planted.place);
        let end = planted.column + planted.secret.chars().count();
        assert_eq!(found["end"]["column"], end, "{:?}", planted.place);
    }
}

#[test]
fn line_ends_of_windows_move_nothing() {
    let project = Project::with("a.env", &SETTINGS.replace('\n', "\r\n"));
    assert_columns(&project, &project.assert_marks_are_reported(&[]));
}

#[test]
fn lone_carriage_returns_end_lines_too() {
    let mut project = Project::empty();
    let text = project.expand("a.env", SETTINGS);
    project.write("a.env", text.replace('\n', "\r").as_bytes());
    assert_columns(&project, &project.assert_marks_are_reported(&[]));
}

#[test]
fn a_byte_order_mark_is_not_a_column() {
    let mut project = Project::empty();
    let text = project.expand("a.env", "STRIPE_KEY=@@stripe-live-secret-key@@\n");
    project.write("a.env", format!("\u{feff}{text}").as_bytes());
    assert_columns(&project, &project.assert_marks_are_reported(&[]));
}

#[test]
fn utf16_is_read_with_and_without_its_mark() {
    for mark in ["", "\u{feff}"] {
        for (name, bytes_of) in [
            ("le.env", u16::to_le_bytes as fn(u16) -> [u8; 2]),
            ("be.env", u16::to_be_bytes as fn(u16) -> [u8; 2]),
        ] {
            let mut project = Project::empty();
            let text = project.expand(name, &SETTINGS.replace('\n', "\r\n"));
            let bytes: Vec<u8> =
                format!("{mark}{text}").encode_utf16().flat_map(bytes_of).collect();
            project.write(name, &bytes);
            assert_columns(&project, &project.assert_marks_are_reported(&[]));
        }
    }
}

#[test]
fn bytes_that_are_not_utf8_do_not_hide_a_key() {
    let mut project = Project::empty();
    let text = project.expand("latin1.env", "x ?\nk=?? STRIPE_KEY=@@stripe-live-secret-key@@ ?\n");
    let bytes: Vec<u8> = text.bytes().map(|b| if b == b'?' { 0xe9 } else { b }).collect();
    project.write("latin1.env", &bytes);
    assert_columns(&project, &project.assert_marks_are_reported(&[]));
}

#[test]
fn a_line_of_five_megabytes_is_searched_to_its_end() {
    let filler = "{\"a\":[1,2.5,\"lorem ipsum\"]},".repeat(5_000_000 / 28);
    let template = format!("{filler}\"k\":\"@@{PREFIXED}@@\",{filler}");
    let project = Project::with("data.json", &template);
    assert_columns(&project, &project.assert_marks_are_reported(&[]));
}

#[test]
fn a_key_across_the_border_of_two_chunks_is_found_once() {
    const CHUNK: usize = 4 << 20;
    const OVERLAP: usize = 64 << 10;
    let secret = fakes::secret(PREFIXED);
    let mut borders: Vec<usize> =
        (1..=3).flat_map(|n| [0, OVERLAP, 2 * OVERLAP].map(|more| n * CHUNK + more)).collect();
    borders.sort_unstable();
    let mut template = String::new();
    let mut length = 0;
    let line = "the quick brown fox äöü jumps over the lazy dog\n";
    for border in borders {
        // Each key has its middle on the border.
        while length + line.len() + secret.len() / 2 + 1 < border {
            template.push_str(line);
            length += line.len();
        }
        let gap = " ".repeat(border - secret.len() / 2 - length);
        template.push_str(&format!("{gap}@@{PREFIXED}@@\n"));
        length += gap.len() + secret.len() + 1;
    }
    template.push_str(&line.repeat((13_000_000 - length) / line.len()));
    let project = Project::with("big.txt", &template);
    assert!(fs::metadata(project.path("big.txt")).unwrap().len() > 12_900_000);
    assert_columns(&project, &project.assert_marks_are_reported(&[]));
}

#[test]
fn a_key_across_the_border_of_two_chunks_is_found_in_utf16_too() {
    let mut template = String::from("zeile = ümläut 🔑\r\n").repeat(112_000);
    for n in 0..40_000 {
        // The border, at 4 MiB and 64 kB, lies among the first hundred of these lines.
        let key = if n < 200 { "@@stripe-live-secret-key@@" } else { "" };
        template.push_str(&format!("k{n} = {key}\r\n"));
    }
    let mut project = Project::empty();
    let text = project.expand("big.txt", &template);
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(bytes.len() > (4 << 20) + 500_000);
    project.write("big.txt", &bytes);
    assert_columns(&project, &project.assert_marks_are_reported(&[]));
}

#[test]
fn a_binary_file_gives_prefixed_keys_only_and_the_ledger_says_so() {
    let mut project = Project::empty();
    let text = project.expand(
        "app.bin",
        "KEY=@@stripe-live-secret-key@@ \nHIREPANDA_API_KEY=@@!hirepanda-api-key@@ \n",
    );
    project.write("app.bin", &[b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0", text.as_bytes()].concat());
    let report = project.assert_marks_are_reported(&[]);
    assert_eq!(skipped(&report, "binary"), ["app.bin"]);
    let run = project.scan(&["-v"]);
    assert!(run.stdout.contains("1 binary files searched for documented prefixes only\n  app.bin"));
}

#[test]
fn hidden_files_are_read() {
    let mut project = Project::with(".env", SETTINGS);
    project.plant(".secrets/deep/.npmrc", "//registry.npmjs.org/:_authToken=@@npm-access-token@@");
    project.assert_marks_are_reported(&[]);
}

#[test]
fn the_git_directory_is_never_read() {
    let mut project = Project::with("kept.env", SETTINGS);
    project.make_repository();
    project
        .plant(".git/config", "url = https://x:@@!github-personal-access-token@@@github.com/a/b");
    project.plant("vendored/.git/config", "token = @@!github-personal-access-token@@");
    project.assert_marks_are_reported(&[]);
    project.assert_marks_are_reported(&["--no-ignore"]);
}

#[test]
fn ignored_files_are_left_out_unless_asked_for() {
    let mut project = Project::with(".gitignore", "*.local\nbuild/\n");
    project.make_repository();
    project.plant(".env", SETTINGS);
    project.plant(".env.local", "STRIPE_KEY=@@!stripe-live-secret-key@@");
    project.plant("build/out.js", "const k = '@@!stripe-live-secret-key@@';");
    let report = project.assert_marks_are_reported(&[]);
    assert_eq!(report["coverage"]["git_ignored_files"], "skipped");
    let (_, report) = project.scan_json(&["--no-ignore"]);
    assert_eq!(count(&report), project.planted().len());
    assert_eq!(report["coverage"]["git_ignored_files"], "read");
    project.assert_marks_are_reported(&["--no-ignore", "--ignore"]);
}

#[test]
fn an_ignore_file_counts_in_a_subdirectory_that_is_scanned_alone() {
    let mut project = Project::with(".gitignore", "*.local\n");
    project.make_repository();
    project.plant("app/.env", "STRIPE_KEY=@@stripe-live-secret-key@@");
    project.plant("app/.env.local", "STRIPE_KEY=@@!stripe-live-secret-key@@");
    project.assert_marks_are_reported(&["app"]);
}

#[test]
fn an_ignored_file_that_is_named_is_read() {
    let mut project = Project::with(".gitignore", "*.local\n");
    project.make_repository();
    project.plant(".env.local", "STRIPE_KEY=@@stripe-live-secret-key@@");
    project.assert_marks_are_reported(&[".env.local"]);
}

#[test]
fn several_roots_are_one_report_without_repetition() {
    let mut project = Project::with("a/.env", SETTINGS);
    project.plant("b/c/.env", SETTINGS);
    project.plant("d.env", SETTINGS);
    project.plant("not-named.env", "STRIPE_KEY=@@!stripe-live-secret-key@@");
    project.assert_marks_are_reported(&["a", "b/c/.env", "d.env"]);
    project.assert_marks_are_reported(&["a", "./a/.env", "b", "b/c", "d.env", "d.env"]);
}

#[test]
fn a_path_is_the_same_wherever_the_scan_starts() {
    let mut project = Project::with("app/config/.env", SETTINGS);
    project.make_repository();
    project.plant("app/x.txt", "nothing");
    let fingerprints = |report: &Value| -> Vec<String> {
        findings(report).iter().map(|f| f["fingerprint"].to_string()).collect()
    };
    let whole = project.assert_marks_are_reported(&[]);
    for root in ["app", "app/config/.env", project.path("app").to_str().unwrap(), "app/../app"] {
        let part = project.assert_marks_are_reported(&[root]);
        assert_eq!(fingerprints(&part), fingerprints(&whole), "{root}");
    }
}

#[test]
fn standard_input_is_an_input_of_its_own() {
    let mut project = Project::empty();
    let text = project.expand("stdin", SETTINGS);
    let run = project.straykey_reading(&["scan", "-f", "json", "-"], text.as_bytes());
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(places(&run.json()), project.marks());
    assert_columns(&project, &run.json());
    project.plant("file.env", SETTINGS);
    let run = project.straykey_reading(&["scan", "-f", "json", "-", "file.env"], text.as_bytes());
    assert_eq!(places(&run.json()), project.marks());
    let run = project.straykey_reading(&["scan", "-"], b"");
    assert_eq!((run.code, run.stdout.as_str()), (0, "no findings; read 1 file, 0 bytes\n"));
}

#[test]
fn an_empty_tree_is_clean() {
    let project = Project::empty();
    project.write("empty", b"");
    let run = project.scan(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("no findings; read 1 file, 0 bytes\n"), "{}", run.stdout);
}

#[test]
fn a_name_with_blanks_and_umlauts_stays_whole() {
    let project = Project::with("grüße an/alle #1.env", SETTINGS);
    project.assert_marks_are_reported(&[]);
}

#[cfg(unix)]
mod unix {
    use std::{os::unix, process::Command};

    use super::*;

    #[test]
    fn links_are_not_followed_inside_or_out_of_the_tree() {
        let outside = Project::with("secret.env", SETTINGS);
        let project = Project::with("real/.env", SETTINGS);
        unix::fs::symlink(project.path("real/.env"), project.path("inside.env")).unwrap();
        unix::fs::symlink(outside.path("secret.env"), project.path("outside.env")).unwrap();
        unix::fs::symlink(outside.path("."), project.path("dir")).unwrap();
        unix::fs::symlink("nowhere", project.path("dangling")).unwrap();
        let report = project.assert_marks_are_reported(&[]);
        assert_eq!(skipped(&report, "symlink"), ["dangling", "dir", "inside.env", "outside.env"]);
    }

    #[test]
    fn a_link_that_is_named_is_what_it_points_to() {
        let project = Project::with("real/.env", "STRIPE_KEY=@@stripe-live-secret-key@@");
        unix::fs::symlink("real/.env", project.path("link.env")).unwrap();
        unix::fs::symlink("real", project.path("linked")).unwrap();
        for root in ["link.env", "linked"] {
            project.assert_marks_are_reported(&[root]);
        }
    }

    #[test]
    fn a_pipe_in_the_tree_is_passed_by_and_said() {
        let project = Project::with("a.env", SETTINGS);
        assert!(Command::new("mkfifo").arg(project.path("pipe")).status().unwrap().success());
        let report = project.assert_marks_are_reported(&[]);
        assert_eq!(skipped(&report, "special-file"), ["pipe"]);
    }

    #[test]
    fn a_pipe_that_is_named_is_read() {
        let mut project = Project::empty();
        let text = project.expand("pipe", SETTINGS);
        let pipe = project.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writer = std::thread::spawn(move || fs::write(pipe, text));
        project.assert_marks_are_reported(&["pipe"]);
        writer.join().unwrap().unwrap();
    }

    #[test]
    fn a_loop_of_links_ends() {
        let project = Project::with("a/b/.env", SETTINGS);
        unix::fs::symlink(project.path("a"), project.path("a/b/up")).unwrap();
        unix::fs::symlink("self", project.path("self")).unwrap();
        let report = project.assert_marks_are_reported(&[]);
        assert_eq!(skipped(&report, "symlink"), ["a/b/up", "self"]);
    }
}

#[test]
fn a_key_by_name_needs_its_name() {
    let project = Project::with("a.txt", &format!("id: @@!{BY_NAME}@@\n"));
    project.assert_marks_are_reported(&[]);
    let project = Project::with("a.txt", &format!("HIREPANDA_API_KEY: @@{BY_NAME}@@\n"));
    let report = project.assert_marks_are_reported(&[]);
    assert_eq!(finding_in(&report, "a.txt")["confidence"], "medium");
}

#[test]
fn a_counterpart_stands_in_the_same_block_and_is_real() {
    let (id, secret) = ("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=@@aws-secret-access-key@@\n");
    let between = "REGION=eu-west-1\n".repeat(12);
    let real = format!("{id}@@aws-access-key-id@@\n");
    let example = format!("{id}AKIA{}\n", "IOSFODNN7EXAMPLE");
    let mut project = Project::with("block", &format!("{real}{between}{secret}"));
    project.plant("blocks", &format!("{real}\n{between}{secret}"));
    project.plant("example", &format!("{example}{secret}"));
    let report = project.assert_marks_are_reported(&[]);
    let reason = |path: &str| {
        let of_secret = |f: &&Value| f["path"] == path && f["rule"] == "aws-secret-access-key";
        let finding = findings(&report).iter().find(of_secret).expect("it is reported");
        (finding["severity"].clone(), finding["reasons"][0].clone())
    };
    let found = ("critical".into(), "its counterpart stands beside it".into());
    let alone = ("high".into(), "its counterpart was not found nearby".into());
    assert_eq!(reason("block"), found);
    assert_eq!(reason("blocks"), alone);
    assert_eq!(reason("example"), alone);
}
