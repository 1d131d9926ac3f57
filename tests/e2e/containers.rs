//! Keys in containers of every kind, in each other: all are found, where they are; nothing else is.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use zip::CompressionMethod;

use crate::{
    pack, pdf_writer,
    project::{self, Project},
    repository,
};

/// What is reported: the path of the file, the way in, and the line.
pub(crate) type Place = (String, String, u64);

/// A text with the key of number `n` in its third line.
fn env(n: usize) -> Vec<u8> {
    format!("A=1\n{}", repository::settings(n)).into_bytes()
}

pub(crate) fn places(report: &Value) -> Vec<Place> {
    let mut places: Vec<Place> = project::findings(report)
        .iter()
        .map(|f| {
            let steps = f["inside"]["route"].as_array().cloned().unwrap_or_default();
            let route: Vec<_> = steps.iter().map(|s| s.as_str().unwrap()).collect();
            let line = f["inside"]["start"]["line"].as_u64().unwrap_or_default();
            (f["path"].as_str().unwrap().to_owned(), route.join(" › "), line)
        })
        .collect();
    places.sort();
    places
}

/// What the ledger has of one kind.
pub(crate) fn ledger<'r>(report: &'r Value, kind: &str) -> Vec<&'r str> {
    let all = report["coverage"]["skipped"][kind].as_array();
    all.map_or_else(Vec::new, |all| all.iter().map(|v| v.as_str().unwrap()).collect())
}

/// A tree with a key in every kind of container, and where each is.
struct Tree {
    project: Project,
    places: BTreeSet<Place>,
    keys: usize,
}

impl Tree {
    fn new() -> Self {
        Self { project: Project::empty(), places: BTreeSet::new(), keys: 0 }
    }

    /// Hides a key: `build` makes the file `path` from the text that holds it, `way` leads there.
    fn hide(&mut self, path: &str, way: &str, build: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        self.keys += 1;
        self.project.write(path, &build(env(self.keys)));
        self.places.insert((path.into(), way.into(), 3));
    }

    fn archives(&mut self) {
        let one = |text| [("app/.env", text)];
        self.hide("a.zip", "app/.env", |t| pack::deflated(&one(t)));
        self.hide("stored.jar", "app/.env", |t| pack::zip(&one(t), CompressionMethod::STORE));
        self.hide("bzip2.zip", "app/.env", |t| pack::zip(&one(t), CompressionMethod::BZIP2));
        self.hide("a.tar", "app/.env", |t| pack::tar(&one(t)));
        self.hide("a.7z", "app/.env", |t| pack::sevenz(&one(t)));
        self.hide("a.cpio", "app/.env", |t| pack::cpio(&one(t)));
        self.hide("a.rpm", "app/.env", |t| pack::rpm(&one(t)));
        self.hide("initrd.img", "archive 2 › app/.env", |t| {
            let microcode = pack::cpio(&[("kernel/x86/microcode", vec![1; 99])]);
            [microcode, vec![0; 5000], pack::gzip(&pack::cpio(&one(t)))].concat()
        });
        let long = format!("{}/settings.env", "directory/".repeat(15));
        self.hide("long.tar", &long, |t| pack::tar(&[(&long, t)]));
        self.hide("long.a", &long, |t| pack::ar(&[("x.o", b"x".to_vec()), (&long, t)]));
        self.hide("a.deb", "data.tar.xz › etc/app.env", |t| {
            pack::ar(&[("data.tar.xz", pack::xz(&pack::tar(&[("./etc/app.env", t)])))])
        });
    }

    fn packed(&mut self) {
        type Packer = fn(&[u8]) -> Vec<u8>;
        let all: [(&str, Packer); 6] = [
            ("gz", pack::gzip),
            ("bz2", pack::bzip2),
            ("xz", pack::xz),
            ("lzma", pack::lzma),
            ("zst", pack::zstd),
            ("lz4", pack::lz4),
        ];
        for (ending, pack) in all {
            self.hide(&format!("dump.env.{ending}"), "content", |t| pack(&t));
            let tar = format!("packed.tar.{ending}");
            self.hide(&tar, "app/.env", |t| pack(&pack::tar(&[("app/.env", t)])));
        }
    }

    fn images(&mut self) {
        self.hide("image.tar", "layer 2 › app/.env", |t| image("Layers", t));
        self.hide("oci.tar", "layer 2 › app/.env", |t| image("layers", t));
        self.hide("image.tgz", "layer 2 › app/.env", |t| pack::gzip(&image("Layers", t)));
        self.hide("image.zip", "save/a.tar › layer 2 › app/.env", |t| {
            pack::deflated(&[("save/a.tar", image("layers", t))])
        });
    }

    fn nested(&mut self) {
        self.hide("two.zip", "in/a.tar.gz › app/.env", |t| {
            pack::deflated(&[("in/a.tar.gz", pack::gzip(&pack::tar(&[("app/.env", t)])))])
        });
        self.hide("three.tar.xz", "b.7z › c.zip › app/.env", |t| {
            let zip = pack::deflated(&[("app/.env", t)]);
            pack::xz(&pack::tar(&[("b.7z", pack::sevenz(&[("c.zip", zip)]))]))
        });
        self.hide("packed.gz.zst", "content › content", |t| pack::zstd(&pack::gzip(&t)));
    }

    fn documents(&mut self) {
        let parts = |t: &[u8]| String::from_utf8_lossy(t).replace("\n", "</w:t></w:p><w:p><w:t>");
        self.hide("a.docx", "word/document.xml", |t| {
            let text = parts(&t).replace("=", "=</w:t></w:r><w:r><w:t>");
            let xml = format!("<?xml?>\n<w:document><w:p><w:t>{text}</w:t></w:p></w:document>");
            pack::deflated(&[("word/document.xml", xml.into_bytes())])
        });
        let text = |t: &[u8]| String::from_utf8(t.to_vec()).unwrap();
        self.hide("a.pdf", "page 1", |t| pdf_writer::page(&text(&t)));
        self.hide("glyphs.pdf", "page 1", |t| pdf_writer::page_of_glyphs(&text(&t)));
        self.hide("attached.pdf", "app.tar.gz › app/.env", |t| {
            let mut pdf = pdf_writer::Pdf::new();
            pdf.page_of("nothing to see");
            pdf.attach("app.tar.gz", &pack::gzip(&pack::tar(&[("app/.env", t)])));
            pdf.finish_in_streams()
        });
        self.hide("pdf.zip", "a.pdf › page 1", |t| {
            pack::deflated(&[("a.pdf", pdf_writer::page(&text(&t)))])
        });
    }

    fn databases(&mut self) {
        self.hide("a.db", "settings", |t| {
            let text = String::from_utf8(t).unwrap();
            pack::sqlite("settings", &text.lines().collect::<Vec<_>>())
        });
    }

    fn programs(&mut self) {
        let text = |t: &[u8]| String::from_utf8(t.to_vec()).unwrap();
        self.hide("A.class", "constants", |t| pack::class(&text(&t).lines().collect::<Vec<_>>()));
        self.hide("a.jar", "B.class › constants", |t| {
            let class = pack::class(&text(&t).lines().collect::<Vec<_>>());
            pack::deflated(&[("B.class", class)])
        });
        self.hide("a.pyc", "constants", |t| {
            let text = text(&t);
            let all: Vec<_> = text.lines().map(|l| ("NAME", l)).collect();
            pack::pyc(&all)
        });
    }

    fn mails(&mut self) {
        let mail = |t| pack::mail("Hello", &[("settings.env", t)]);
        self.hide("a.eml", "settings.env", mail);
        self.hide("a.mbox", "part 2", |t| {
            pack::mbox(&[mail(b"x".to_vec()), pack::mail("", &[("", t)])])
        });
        self.hide("packed.eml", "a.zip › app/.env", |t| {
            pack::mail("", &[("a.zip", pack::deflated(&[("app/.env", t)]))])
        });
        self.hide("forwarded.eml.gz", "content › b.eml › settings.env", |t| {
            pack::gzip(&pack::mail("", &[("b.eml", mail(t))]))
        });
    }

    fn encoded(&mut self) {
        let way = "a.tar › b.docx › word/document.xml › base64 at 1:1";
        self.hide("encoded.zip", way, |t| {
            let text = BASE64_STANDARD.encode(t);
            let xml = format!("<w:document><w:p><w:t>{text}</w:t></w:p></w:document>");
            let docx = pack::deflated(&[("word/document.xml", xml.into_bytes())]);
            pack::deflated(&[("a.tar", pack::tar(&[("b.docx", docx)]))])
        });
    }

    fn look_alikes(&self) {
        let files = || [("readme.txt", b"nothing to see\n".to_vec()), ("x.bin", vec![0; 300])];
        self.project.write("clean.zip", &pack::deflated(&files()));
        self.project.write("clean.tar.gz", &pack::gzip(&pack::tar(&files())));
        self.project.write("empty.zip", &pack::deflated(&[]));
        self.project.write("BZh9 is how bzip2 begins.txt", b"BZh9 is how bzip2 begins\n");
    }
}

/// An image of two layers, as `docker save` writes it or as an OCI layout.
fn image(form: &str, text: Vec<u8>) -> Vec<u8> {
    let first = pack::tar(&[("etc/passwd", b"root\n".to_vec())]);
    let second = pack::gzip(&pack::tar(&[("app/.env", text)]));
    let (a, b) = ("blobs/sha256/aa", "blobs/sha256/bb");
    let manifest = match form {
        "Layers" => ("manifest.json", format!("[{{\"Layers\":[\"{a}\",\"{b}\"]}}]")),
        _ => {
            let digest = |n| format!("{{\"digest\":\"sha256:{n}\"}}");
            let all = [digest("aa"), digest("bb")].join(",");
            ("blobs/sha256/cc", format!("{{\"layers\":[{all}]}}"))
        }
    };
    pack::tar(&[(b, second), (a, first), (manifest.0, manifest.1.into_bytes())])
}

fn tree() -> Tree {
    let mut tree = Tree::new();
    tree.archives();
    tree.packed();
    tree.images();
    tree.documents();
    tree.databases();
    tree.programs();
    tree.mails();
    tree.encoded();
    tree.nested();
    tree.look_alikes();
    tree
}

#[test]
fn keys_are_found_in_every_container() {
    let tree = tree();
    let (run, report) = tree.project.scan_json(&["."]);
    assert_eq!(places(&report), Vec::from_iter(tree.places));
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let binary = ["clean.tar.gz › x.bin", "clean.zip › x.bin"];
    assert_eq!(ledger(&report, "binary"), binary);
}

#[test]
fn keys_are_found_in_containers_of_the_history() {
    let tree = tree();
    let repo = repository::Repository::new();
    for entry in std::fs::read_dir(tree.project.path(".")).unwrap() {
        let entry = entry.unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        repo.project.write(entry.file_name(), &bytes);
    }
    repo.commit("all of it");
    for args in [&["--no-worktree"][..], &["--range", "HEAD"]] {
        let run = repo.project.straykey(&[&["git", "-f", "json"], args].concat());
        assert_eq!(places(&run.json()), Vec::from_iter(tree.places.clone()), "{args:?}");
    }
}

/// Way in, line in there, and line of the file, of all that is found in the file `name`.
fn lines(name: &str, bytes: &[u8]) -> Vec<(String, u64, u64)> {
    let project = Project::empty();
    project.write(name, bytes);
    let (_, report) = project.scan_json(&[]);
    let outer = |f: &Value| f["start"]["line"].as_u64().unwrap();
    let mut outer: Vec<_> = project::findings(&report).iter().map(outer).collect();
    outer.sort_unstable();
    let inner = places(&report).into_iter().map(|(_, way, line)| (way, line));
    inner.zip(outer).map(|((way, line), outer)| (way, line, outer)).collect()
}

#[test]
fn a_key_in_a_mail_is_reported_once_and_at_its_line() {
    let mail = pack::mail(&repository::settings(1), &[("a.env", env(2)), ("b.env", env(3))]);
    let text = String::from_utf8(mail.clone()).unwrap();
    let line = |of: &str| text.lines().position(|l| l.contains(of)).unwrap() as u64 + 1;
    let found = lines("a.eml", &mail);
    let expected =
        [("", 0, line("TOKEN")), ("a.env", 3, line("a.env") + 2), ("b.env", 3, line("b.env") + 2)];
    assert_eq!(found, expected.map(|(way, inner, outer)| (way.to_owned(), inner, outer)));
    let clean = pack::mail("", &[("c.env", b"x".to_vec())]);
    let mbox = pack::mbox(&[clean.clone(), mail]);
    // The first message, its line in front and the empty one behind it; and the line in front of this.
    let before = clean.iter().filter(|&&b| b == b'\n').count() as u64 + 3;
    let expected = expected.map(|(way, inner, outer)| (way.to_owned(), inner, outer + before));
    assert_eq!(lines("a.mbox", &mbox), expected);
}

/// A mail in Japanese whose one part is `text` in UTF-16, which has hardly a zero in it.
fn mail_in_utf16(text: &str) -> Vec<u8> {
    let text = format!("{}\n{text}", "これは鍵です。".repeat(99));
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let code = BASE64_STANDARD.encode(bytes);
    let head = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-16le\r\n";
    format!("{head}Content-Transfer-Encoding: base64\r\n\r\n{code}\r\n").into_bytes()
}

#[test]
fn letters_of_a_mail_are_those_that_its_header_says() {
    let found = lines("a.eml", &mail_in_utf16(&repository::settings(1)));
    assert_eq!(found, [("part 1".to_owned(), 3, 6)]);
    // What calls ASCII back ends in a letter.
    let text = format!("\x1b$B80\x1b(B{}\r\n", repository::key(2));
    let head = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-2022-jp";
    let found = lines("a.eml", format!("{head}\r\n\r\n{text}").as_bytes());
    assert_eq!(found, [(String::new(), 0, 5)]);
}

#[test]
fn a_key_in_the_encoded_words_of_a_header_is_found() {
    let (first, second) = repository::key(2).split_at(20);
    let quoted = |text: &str| format!("=?utf-8?Q?{}?=", text.replace('_', "=5F"));
    let coded = |text: &str| format!("=?iso-8859-1?B?{}?=", BASE64_STANDARD.encode(text));
    for (first, second) in [(quoted(first), quoted(second)), (coded(first), coded(second))] {
        let head = "From: a@b.example\r\nMIME-Version: 1.0";
        let mail = format!("{head}\r\nSubject: {first}\r\n {second}\r\nX-A: b\r\n\r\nHello\r\n");
        assert_eq!(lines("a.eml", mail.as_bytes()), [("header Subject".to_owned(), 1, 3)]);
    }
}

/// The text of a mail is searched in pieces, and a key may stand where one ends.
#[test]
fn a_key_at_the_end_of_a_piece_of_a_mail_is_found_once() {
    const PIECE_BYTES: usize = 16 << 20;
    let line = "this line of a mail has forty-two signs\r\n";
    let key = format!("TOKEN={}\r\n", repository::key(2));
    let lines_before = (PIECE_BYTES - (60 << 10)) / line.len();
    let mut text = line.repeat(lines_before);
    (0..2_000).for_each(|_| text.push_str(&key));
    let head = "Subject: x\r\nMIME-Version: 1.0\r\n\r\n";
    let found = lines("a.eml", format!("{head}{text}").as_bytes());
    let expected: Vec<_> =
        (0..2_000).map(|n| (String::new(), 0, (4 + lines_before + n) as u64)).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_only_looks_like_mail_is_text() {
    let head = "Subject: settings\nFrom: me\n\nMIME-Version: 1.0\n";
    let text = format!("{head}{}", repository::settings(1));
    assert_eq!(lines("a.txt", text.as_bytes()), [(String::new(), 0, 6)]);
    let clean = pack::mail("Hello", &[("a.txt", b"nothing to see".to_vec())]);
    assert_eq!(lines("a.eml", &clean), []);
}

/// A file of many lines with the key of number `n` at its end, so that git stores its versions as deltas.
fn long(n: usize) -> String {
    let lines: String =
        (0..400).map(|line| format!("setting {line} is {}\n", line * line)).collect();
    format!("{lines}{}", repository::settings(n))
}

/// The bundle of `what` in `repository`.
fn bundle(repository: &repository::Repository, what: &[&str]) -> Vec<u8> {
    repository.git(&[&["bundle", "create", "-q", "a.bundle"], what].concat());
    let bytes = std::fs::read(repository.path("a.bundle")).unwrap();
    repository.remove("a.bundle");
    bytes
}

#[test]
fn blobs_of_a_bundle_have_the_path_and_the_oldest_commit_that_has_them() {
    for format in ["sha1", "sha256"] {
        let repo = repository::Repository::with_format(format);
        let first = repo.commit_file("app/.env", &repository::settings(1));
        let second = repo.commit_file("deep/er/long.txt", &long(2));
        repo.commit_file("deep/er/long.txt", &(long(2) + "more\n"));
        let last = repo.commit_file("deep/er/long.txt", &long(3));
        repo.git(&["rm", "-q", "app/.env"]);
        repo.commit("gone");
        let project = Project::empty();
        project.write("a.bundle", &bundle(&repo, &["--all"]));
        let (run, report) = project.scan_json(&[]);
        let place = |commit: &repository::Commit, path: &str, line| {
            ("a.bundle".to_owned(), format!("commit {} › {path}", &commit.id[..7]), line)
        };
        let mut expected = vec![
            place(&first, "app/.env", 2),
            place(&second, "deep/er/long.txt", 402),
            place(&last, "deep/er/long.txt", 402),
        ];
        expected.sort();
        assert_eq!(places(&report), expected, "{format}");
        assert_eq!((run.code, run.stderr.as_str()), (1, ""));
        assert!(report["coverage"]["skipped"].as_object().unwrap().is_empty(), "{report}");
    }
}

#[test]
fn messages_of_a_bundle_are_those_of_its_commits_and_tags() {
    let repo = repository::Repository::new();
    repo.write("a.txt", "a\n");
    let commit = repo.commit(&format!("note\n\n{}", repository::settings(1)));
    repo.git(&["tag", "-a", "v1.0", "-m", &format!("note\n\n{}", repository::settings(2))]);
    repo.write("a.txt", "b\n");
    repo.commit("nothing to see");
    let project = Project::empty();
    project.write("a.bundle", &bundle(&repo, &["--all"]));
    let (run, report) = project.scan_json(&[]);
    let way = format!("commit {} › .git/commit-message", &commit.id[..7]);
    let place = |way: &str, line| ("a.bundle".to_owned(), way.to_owned(), line);
    // Git takes comments out of the message of a tag.
    assert_eq!(places(&report), [place(&way, 4), place("tag v1.0 › .git/tag-message", 3)]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(report["coverage"]["skipped"].as_object().unwrap().is_empty(), "{report}");
}

#[test]
fn what_a_bundle_leaves_to_the_receiver_is_said() {
    let repo = repository::Repository::new();
    repo.commit_file("long.txt", &long(1));
    repo.write("long.txt", &long(2));
    let second = repo.commit_file("new.env", &repository::settings(3));
    let project = Project::empty();
    project.write("a.bundle", &bundle(&repo, &["HEAD~1..main"]));
    let (run, report) = project.scan_json(&[]);
    let way = format!("commit {} › new.env", &second.id[..7]);
    assert_eq!(places(&report), [("a.bundle".into(), way, 2)]);
    assert_eq!(ledger(&report, "unopened"), ["a.bundle"]);
    assert_eq!(run.code, 1);
}

#[test]
fn a_row_of_a_table_has_the_names_of_its_columns() {
    let project = Project::empty();
    let value = ["correct", "horse", "7731", "staple"].concat();
    let rows: [&[&str]; 2] = [&["bob", "x"], &["alice", &value]];
    let named = "CREATE TABLE users (name TEXT, password TEXT)";
    project.write("a.db", &pack::sqlite_table("users", named, &rows));
    let unnamed = named.replace("password", "nickname");
    project.write("b.db", &pack::sqlite_table("users", &unnamed, &rows));
    let (_, report) = project.scan_json(&[]);
    assert_eq!(places(&report), [("a.db".into(), "users".into(), 2)]);
}

#[test]
fn a_module_of_python_has_names_and_a_class_has_none() {
    let project = Project::empty();
    let value = ["correct", "horse", "7731", "staple"].concat();
    project.write("a.pyc", &pack::pyc(&[("DB_PASSWORD", &value)]));
    project.write("A.class", &pack::class(&["DB_PASSWORD", &value]));
    let (_, report) = project.scan_json(&[]);
    let ways = places(&report);
    assert_eq!(ways, [("a.pyc".into(), "constants".into(), 1)]);
}
