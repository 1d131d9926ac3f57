//! Repositories that are broken or incomplete: each says what is wrong with one line, ends with 2,
//! and keeps what was found in the rest.

use std::{fs, process::Command};

use crate::{
    packs::{HandMade, copy, delta, hex, insert},
    project::finding_in,
    repository::{Known, Repository, found, key, settings, skipped},
};

/// An id that nothing has.
const NOBODY: [u8; 20] = [0xee; 20];

/// A repository with one key, which must be found whatever else is wrong.
fn intact() -> Repository {
    let repo = Repository::new();
    repo.commit_file("a.env", &settings(0));
    repo
}

/// The file of the only pack, without its ending.
fn pack_of(repo: &Repository) -> String {
    let files = fs::read_dir(repo.path(".git/objects/pack")).unwrap();
    let path =
        files.map(|f| f.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == "pack"));
    path.unwrap().to_str().unwrap().trim_end_matches(".pack").to_owned()
}

/// Git makes them read-only.
fn overwrite(path: &str, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn assert_refused(repo: &Repository, args: &[&str], words: &[&str]) {
    let run = repo.scan(args);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}: {}", run.stderr);
    assert!(run.stderr.starts_with("straykey: "), "{}", run.stderr);
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is not in:\n{}", run.stderr);
    }
}

#[test]
fn a_directory_that_is_no_repository() {
    let repo = Repository::nothing();
    repo.write("plain/a.env", &settings(0));
    assert_refused(&repo, &[], &["repository"]);
    assert_refused(&repo, &["plain"], &["`plain`", "repository"]);
    assert_refused(&repo, &["nowhere"], &["`nowhere`"]);
    assert_refused(&repo, &["plain/a.env"], &["`plain/a.env`"]);
    let run = repo.scan(&["plain"]);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}

/// Only root can give a repository away; for others there is nothing to test.
#[cfg(unix)]
#[test]
fn what_belongs_to_somebody_else_is_refused_until_it_is_trusted() {
    let repo = intact();
    if std::os::unix::fs::chown(repo.path(".git"), Some(65534), None).is_err() {
        return;
    }
    let top = repo.path("").canonicalize().unwrap();
    let advice = format!("`git config --global --add safe.directory {}` says", top.display());
    repo.write("below/b.txt", "b\n");
    for path in [".", "below"] {
        assert_refused(&repo, &[path], &["belongs to another user", &advice]);
        let mut command = repo.project.command(&["git", path]);
        command.env("HOME", repo.project.path("home"));
        repo.write("home/.gitconfig", &format!("[safe]\n\tdirectory = {}\n", top.display()));
        let run = repo.project.finish(command, b"");
        assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{}", run.stdout);
    }
}

#[test]
fn a_repository_without_objects_is_clean() {
    let repo = Repository::new();
    repo.assert_found(&[], &[]);
    repo.assert_found(&["--staged"], &[]);
    repo.git(&["config", "core.bare", "true"]);
    repo.assert_found(&[], &[]);
}

#[test]
fn a_range_that_does_not_resolve() {
    let repo = intact();
    assert_refused(&repo, &["--range", "v1..HEAD"], &["`v1"]);
    assert_refused(&repo, &["--range", "HEAD..nothing"], &["nothing"]);
    assert_refused(&repo, &["--branch", "nothing"], &["`nothing`"]);
    assert_refused(&repo, &["--since", "the day before"], &["`the day before`"]);
}

#[test]
fn a_pack_that_lost_its_end_gives_what_is_left() {
    let repo = Repository::new();
    // Git writes commits, blobs, trees; noise that does not compress puts the cut between. Then the
    // trees are gone, and only the index says what the blob is called.
    let noise: String =
        (0..4_000_u64).map(|n| format!("{:x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    repo.commit_file("z.txt", &noise);
    repo.commit_file("a.env", &settings(0));
    repo.git(&["repack", "-q", "-a", "-d"]);
    let pack = pack_of(&repo);
    let bytes = fs::read(format!("{pack}.pack")).unwrap();
    let cut = bytes.len() * 2 / 3;
    let places = repo.git_reading(&["show-index"], &fs::read(format!("{pack}.idx")).unwrap());
    let is_left = |name: &str| {
        let id = repo.id(name);
        let line = places.lines().find(|l| l.contains(&id)).unwrap();
        line.split(' ').next().unwrap().parse::<usize>().unwrap() + 200 < cut
    };
    assert!(is_left("HEAD") && is_left("HEAD:a.env") && !is_left("HEAD:"), "it was cut elsewhere");
    overwrite(&format!("{pack}.pack"), &bytes[..cut]);
    repo.remove("a.env");
    let report = repo.assert_incomplete(&["pack", "cut off"], &[("a.env", 0)]);
    let named = ["corrupt-object", "missing-object", "unreadable"].map(|gap| skipped(&report, gap));
    assert!(named.iter().any(|list| !list.is_empty()), "{:#}", report["coverage"]);
}

#[test]
fn an_index_that_is_garbage() {
    let repo = Repository::new();
    repo.commit_file("packed.env", &settings(1));
    repo.git(&["repack", "-q", "-a", "-d"]);
    let pack = pack_of(&repo);
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    repo.git(&["rm", "-r", "-q", "-f", "."]);
    repo.commit_file("a.env", &settings(0));
    overwrite(&format!("{pack}.idx"), b"this is no index of a pack");
    let (run, report) = repo.report(&[]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.lines().any(|l| l.contains(".idx")), "{}", run.stderr);
    finding_in(&report, "a.env");
}

#[test]
fn an_index_of_another_pack() {
    let repo = Repository::new();
    repo.commit_file("packed.env", &settings(1));
    repo.git(&["repack", "-q", "-a", "-d"]);
    let pack = pack_of(&repo);
    let other = intact();
    other.git(&["repack", "-q", "-a", "-d"]);
    overwrite(&format!("{pack}.idx"), &fs::read(format!("{}.idx", pack_of(&other))).unwrap());
    let (run, _) = repo.report(&[]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("pack"), "{}", run.stderr);
}

/// A pack that is broken by hand: its good blob is found, and the bad object is named.
fn assert_bad_object(make: impl FnOnce(&mut HandMade, usize) -> [u8; 20]) {
    let repo = intact();
    let mut pack = HandMade::new();
    let base = pack.blob(&settings(1));
    let bad = hex(make(&mut pack, base));
    pack.store(&repo);
    let good = repo.git_reading(&["hash-object", "--stdin"], settings(1).as_bytes());
    assert!(repo.git_agrees(&["cat-file", "-e", &good]));
    assert!(!repo.git_agrees(&["cat-file", "blob", &bad]), "git can read it");
    let blob = format!(".git/blob/{good}");
    let report = repo.assert_incomplete(&[&bad], &[("a.env", 0), (&blob, 1)]);
    assert_eq!(skipped(&report, "corrupt-object"), [bad]);
}

#[test]
fn an_edit_that_copies_from_beyond_its_base() {
    let size = settings(1).len() as u64;
    for (at, count) in [(1 << 20, 100), (4, 1 << 20), (u32::MAX, 0xff_ffff)] {
        assert_bad_object(|pack, base| {
            let edit = delta(size, u64::from(count), &[&copy(at, count)]);
            pack.offset_delta(NOBODY, base, &edit);
            NOBODY
        });
    }
}

#[test]
fn an_edit_that_claims_to_make_an_exabyte() {
    let size = settings(1).len() as u64;
    assert_bad_object(|pack, base| {
        pack.offset_delta(NOBODY, base, &delta(size, 1 << 60, &[&copy(0, 8)]));
        NOBODY
    });
    assert_bad_object(|pack, base| {
        pack.offset_delta(NOBODY, base, &delta(1 << 60, 8, &[&copy(0, 8)]));
        NOBODY
    });
}

#[test]
fn an_edit_with_an_instruction_that_nobody_knows() {
    let size = settings(1).len() as u64;
    for broken in [&b"\0"[..], b"\x05abc", b"\xff\x01", b""] {
        assert_bad_object(|pack, base| {
            let edit = delta(size, 40, &[&insert("# before\n"), broken]);
            pack.offset_delta(NOBODY, base, &edit);
            NOBODY
        });
    }
}

#[test]
fn a_blob_that_claims_to_be_an_exabyte() {
    assert_bad_object(|pack, _| {
        pack.blob_that_claims(NOBODY, 1 << 60, "a few bytes");
        NOBODY
    });
}

#[test]
fn edits_that_are_based_on_each_other() {
    let repo = intact();
    let mut pack = HandMade::new();
    pack.blob(&settings(1));
    let other = [0xdd; 20];
    pack.ref_delta(NOBODY, other, &delta(8, 8, &[&copy(0, 8)]));
    pack.ref_delta(other, NOBODY, &delta(8, 8, &[&copy(0, 8)]));
    pack.store(&repo);
    let blob = repo.git_reading(&["hash-object", "--stdin"], settings(1).as_bytes());
    let blob = format!(".git/blob/{blob}");
    let report = repo.assert_incomplete(&[&hex(NOBODY)], &[("a.env", 0), (&blob, 1)]);
    assert_eq!(skipped(&report, "corrupt-object"), [hex(other), hex(NOBODY)]);
}

#[test]
fn an_edit_of_an_object_that_is_not_there() {
    let repo = intact();
    let mut pack = HandMade::new();
    pack.blob(&settings(1));
    pack.ref_delta(NOBODY, [0xdd; 20], &delta(8, 8, &[&copy(0, 8)]));
    pack.store(&repo);
    let blob = repo.git_reading(&["hash-object", "--stdin"], settings(1).as_bytes());
    let blob = format!(".git/blob/{blob}");
    repo.assert_incomplete(&[&hex(NOBODY)], &[("a.env", 0), (&blob, 1)]);
}

#[test]
fn a_blob_that_is_missing() {
    let repo = intact();
    repo.commit_file("b.env", &settings(1));
    let id = repo.id("HEAD:b.env");
    repo.remove("b.env");
    fs::remove_file(repo.loose(&id)).unwrap();
    let report = repo.assert_incomplete(&[&id], &[("a.env", 0)]);
    assert_eq!(skipped(&report, "missing-object"), [id]);
}

#[test]
fn a_tree_that_is_missing() {
    let repo = intact();
    repo.commit_file("b/b.env", &settings(1));
    let id = repo.id("HEAD:b");
    fs::remove_file(repo.loose(&id)).unwrap();
    repo.git(&["rm", "-q", "--cached", "b/b.env"]);
    repo.remove("b/b.env");
    let blob = repo.git_reading(&["hash-object", "--stdin"], settings(1).as_bytes());
    let blob = format!(".git/blob/{blob}");
    let report = repo.assert_incomplete(&[&id], &[("a.env", 0), (&blob, 1)]);
    assert_eq!(skipped(&report, "missing-object"), [id]);
}

#[test]
fn a_commit_that_is_missing() {
    let repo = intact();
    repo.commit_file("b.env", &settings(1));
    repo.commit_file("c.env", &settings(2));
    let id = repo.id("HEAD^");
    fs::remove_file(repo.loose(&id)).unwrap();
    let expected = [("a.env", 0), ("b.env", 1), ("c.env", 2)];
    let report = repo.assert_incomplete(&[&id], &expected);
    assert_eq!(skipped(&report, "missing-object"), [id]);
}

#[test]
fn a_loose_object_that_is_garbage() {
    for damage in [&b"garbage"[..], b"", b"\x78\x9c\x03\x00\x00\x00\x00\x01"] {
        let repo = intact();
        repo.commit_file("b.env", &settings(1));
        let id = repo.id("HEAD:b.env");
        repo.remove("b.env");
        overwrite(repo.loose(&id).to_str().unwrap(), damage);
        let report = repo.assert_incomplete(&[&id], &[("a.env", 0)]);
        assert_eq!(skipped(&report, "corrupt-object"), [id]);
    }
}

#[test]
fn a_ref_to_nothing() {
    let repo = intact();
    repo.write(".git/refs/heads/broken", &format!("{}\n", hex(NOBODY)));
    let report = repo.assert_incomplete(&[&hex(NOBODY)], &[("a.env", 0)]);
    assert_eq!(skipped(&report, "missing-object"), [hex(NOBODY)]);
}

#[test]
fn a_shallow_clone_says_where_it_ends() {
    let repo = intact();
    repo.commit_file("a.env", "# settings\n");
    repo.commit_file("b.env", &settings(1));
    let clone = Repository::clone_of(&repo.address(), &["--depth", "2"]);
    let report = clone.assert_incomplete(&["shallow"], &[("b.env", 1)]);
    assert_eq!(skipped(&report, "shallow-boundary"), [repo.id("HEAD^")]);
}

#[test]
fn a_partial_clone_names_what_it_did_not_fetch() {
    let repo = intact();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let options = ["--filter=blob:none", "--no-checkout"];
    let clone = Repository::clone_of(&repo.address(), &options);
    clone.write("b.env", &settings(1));
    let id = repo.id("HEAD:a.env");
    let report = clone.assert_incomplete(&[], &[("b.env", 1)]);
    assert_eq!(skipped(&report, "missing-object"), [id]);
    assert_eq!(
        clone.git(&["rev-list", "--all", "--objects", "--missing=print"]).matches('?').count(),
        1
    );
}

#[test]
fn a_pointer_to_a_large_file_is_said_and_is_no_error() {
    let repo = intact();
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n",
        "4d7a".repeat(16)
    );
    repo.commit_file("data/model.bin", &pointer);
    let (run, report) = repo.report(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(found(&report).len(), 1);
    assert_eq!(skipped(&report, "lfs-pointer"), ["data/model.bin"]);
}

#[test]
fn a_submodule_that_is_not_checked_out_is_said_and_is_no_error() {
    let library = intact();
    let repo = intact();
    repo.git(&["submodule", "add", "-q", &library.shown(), "lib"]);
    repo.commit("a submodule");
    let clone = Repository::clone_of(&repo.address(), &[]);
    let (run, report) = clone.report(&[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(skipped(&report, "submodule-not-checked-out"), ["lib"]);
    assert_eq!(skipped(&report, "missing-object"), [""; 0], "its commit lives elsewhere");
    assert_eq!(found(&report).len(), 1);
}

#[test]
fn a_tree_of_a_hundred_thousand_files() {
    let repo = intact();
    let (key_blob, other) = (repo.id("HEAD:a.env"), repo.store("nothing\n"));
    let entry = |n: usize| {
        let blob = if n == 77_777 { &key_blob } else { &other };
        format!("100644 blob {blob}\tf{n:06}.env\n")
    };
    let tree =
        repo.git_reading(&["mktree"], (0..100_000).map(entry).collect::<String>().as_bytes());
    let id = repo.git(&["commit-tree", "-p", "HEAD", "-m", "many", &tree]);
    repo.git(&["update-ref", "refs/heads/many", &id]);
    let many = repo.commit_of(&id);
    let (run, report) = repo.report(&["--no-worktree"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let history = &finding_in(&report, "f077777.env")["history"];
    assert_eq!(history["introduced"]["commit"], many.id);
    assert_eq!(found(&report).len(), 2);
}

#[test]
fn a_path_with_control_characters_does_not_reach_the_terminal() {
    let repo = Repository::new();
    repo.commit_file("a\u{1b}[31m\n.env", &settings(0));
    repo.git(&["commit", "-q", "--allow-empty", "--author=A\u{1b}[31m B <a@b.c>", "-m", key(1)]);
    repo.git(&["rm", "-q", "a\u{1b}[31m\n.env"]);
    repo.git(&["commit", "-q", "--author=A\u{1b}[31m B <a@b.c>", "-m", "delete"]);
    let run = repo.scan(&["--color", "never", "-v"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(!run.stdout.contains('\u{1b}'), "{:?}", run.stdout);
    let (_, report) = repo.report(&[]);
    assert_eq!(found(&report)[1].0, "a\u{1b}[31m\n.env", "JSON has its own escapes");
}

/// Root can read everything, so this holds for others only.
#[test]
fn an_object_directory_that_cannot_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = intact();
    let objects = repo.path(".git/objects");
    let mode = |mode| fs::set_permissions(&objects, fs::Permissions::from_mode(mode)).unwrap();
    mode(0);
    if fs::read_dir(&objects).is_ok() {
        mode(0o755);
        return;
    }
    let run = repo.scan(&[]);
    mode(0o755);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("objects"), "{}", run.stderr);
}

/// Only root can give a directory away.
#[test]
fn a_repository_of_somebody_else_is_not_trusted() {
    let repo = intact();
    let given =
        Command::new("chown").args(["-R", "65534:65534"]).arg(repo.path("")).output().unwrap();
    if !given.status.success() {
        return;
    }
    assert_refused(&repo, &[], &["safe.directory"]);
}

#[test]
fn a_key_beside_a_broken_object_keeps_its_history() {
    let repo = intact();
    let came = repo.commit_of("HEAD");
    let id = repo.store(&settings(1));
    overwrite(repo.loose(&id).to_str().unwrap(), b"garbage");
    let (run, report) = repo.report(&[]);
    assert_eq!(run.code, 2);
    let known = Known::new("a.env", 0, 2, "commit").introduced(&came).alive().commits(1).on_main();
    crate::repository::assert_known(&report, &[known]);
}

/// Ten trees, each of which holds the one below it ten times: ten billion paths, and few bytes.
#[test]
fn a_repository_of_ten_billion_paths() {
    let repo = Repository::new();
    let mut below = format!("100644 blob {}", repo.store(&settings(3)));
    for _ in 0..10 {
        let tree: String = (0..10).map(|n| format!("{below}\t{n}\n")).collect();
        below = format!("040000 tree {}", repo.git_reading(&["mktree"], tree.as_bytes()));
    }
    let tree = below.rsplit(' ').next().unwrap();
    let commit = repo.git(&["commit-tree", "-m", "bomb", tree]);
    repo.git(&["update-ref", "refs/heads/bomb", &commit]);
    let run = repo.scan(&["-f", "json", "--no-worktree"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("at more than 65536 paths"), "{}", run.stderr);
    // Directories count as paths too, so the number of findings is smaller; how much, depends on the
    // order in which they are visited, which differs from run to run.
    let told = run.json()["findings"].as_array().unwrap().len();
    assert!((1..=65_536).contains(&told), "{told}");
}
