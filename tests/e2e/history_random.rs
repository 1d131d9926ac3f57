//! Histories that nobody would write, drawn by lot, against a count that is too simple to be wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use crate::{
    encoded::{base64, hex},
    project::findings,
    repository::{Repository, key},
};

const PATHS: [&str; 4] = ["a.txt", "b.txt", "dir/a.txt", "dir/sub/b.txt"];
/// Three of one rule, which can follow each other at one place, and one of another.
const KEYS: [usize; 4] = [0, 4, 8, 1];
const COMMITS: usize = 40;

/// Numbers that look drawn, and are the same on every machine: Knuth's MMIX.
struct Lot(u64);

impl Lot {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A commit: its parents, and its files as lists of lines.
#[derive(Clone, Default)]
struct Model {
    parents: Vec<usize>,
    files: BTreeMap<&'static str, Vec<String>>,
}

impl Model {
    /// The line of a key in a file.
    fn line_of(&self, path: &str, n: usize) -> Option<usize> {
        let lines = self.files.get(path)?;
        lines.iter().position(|l| l.contains(key(n))).map(|at| at + 1)
    }

    /// Changes a file at random: a key comes, goes or moves, a line changes, or all of it goes.
    fn edit(&mut self, lot: &mut Lot) {
        let path = PATHS[lot.below(PATHS.len())];
        if lot.one_in(8) {
            self.files.remove(path);
            return;
        }
        let fresh = (0..40).map(|n| format!("line {n} of {path}, as it was first")).collect();
        let lines: &mut Vec<String> = self.files.entry(path).or_insert(fresh);
        let at = lot.below(lines.len());
        if lot.one_in(2) {
            let key = key(KEYS[lot.below(KEYS.len())]);
            let had = lines.len();
            lines.retain(|l| !l.contains(key));
            if lines.len() == had || lot.one_in(3) {
                lines.insert(at.min(lines.len()), format!("TOKEN={key}"));
            }
        } else {
            lines[at] = format!("another line {}", lot.below(1000));
        }
    }
}

/// `text` as the file at `path` has it: in some files all keys are encoded.
fn encoded(path: &str, text: String) -> String {
    let encode: fn(&str) -> String = match path {
        "b.txt" => |key| base64(key),
        "dir/a.txt" => |key| hex(&base64(key)),
        "dir/sub/b.txt" => |key| format!("\"{}\" + \"{}\"", &key[..10], &key[10..]),
        _ => str::to_owned,
    };
    KEYS.iter().fold(text, |text, n| text.replace(key(*n), &encode(key(*n))))
}

/// Draws commits; each has one to three parents among those before it.
fn draw(lot: &mut Lot) -> Vec<Model> {
    let mut commits: Vec<Model> = Vec::new();
    for n in 0..COMMITS {
        let mut parents = BTreeSet::new();
        // Mostly a line, sometimes a second root, sometimes a merge with anything.
        if n > 0 && !lot.one_in(15) {
            parents.insert(n - 1 - lot.below(n.min(4)));
            while lot.one_in(4) {
                parents.insert(lot.below(n));
            }
        }
        let parents: Vec<usize> = parents.into_iter().rev().collect();
        let from = parents.get(lot.below(parents.len().max(1)));
        let mut next = from.map(|p| commits[*p].clone()).unwrap_or_default();
        next.parents = parents;
        for _ in 0..1 + lot.below(3) {
            next.edit(lot);
        }
        commits.push(next);
    }
    commits
}

/// Makes a repository of them, in which a branch ends at each commit that is nobody's parent.
fn write(commits: &[Model]) -> Repository {
    let repo = Repository::new();
    let mut stream = String::new();
    for (n, commit) in commits.iter().enumerate() {
        let when = 1_767_319_445 + 3600 * n;
        let _ = write!(
            stream,
            "reset refs/heads/b{n:02}\ncommit refs/heads/b{n:02}\nmark :{}\n",
            n + 1
        );
        let _ = writeln!(stream, "author Ann Author <a@b.c> {when} +0000");
        let _ = writeln!(stream, "committer Cy Committer <a@b.c> {when} +0000\ndata 2\nn");
        for (at, parent) in commit.parents.iter().enumerate() {
            let word = if at == 0 { "from" } else { "merge" };
            let _ = writeln!(stream, "{word} :{}", parent + 1);
        }
        stream.push_str("deleteall\n");
        for (path, lines) in &commit.files {
            let text = encoded(path, lines.join("\n") + "\n");
            let _ = write!(stream, "M 644 inline {path}\ndata {}\n{text}\n", text.len());
        }
    }
    repo.git_reading(&["fast-import", "--quiet"], stream.as_bytes());
    repo.git(&["branch", "main", &format!("b{:02}", COMMITS - 1)]);
    repo.git(&["checkout", "-q", "-f", "main"]);
    repo
}

/// What reaches what, by walking.
fn history(commits: &[Model], tip: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![tip];
    while let Some(n) = waiting.pop() {
        if seen.insert(n) {
            waiting.extend(&commits[n].parents);
        }
    }
    seen
}

/// Checks what a report says of one key in one file.
fn check(commits: &[Model], ids: &[String], report: &serde_json::Value, path: &str, n: usize) {
    let has = |c: &usize| commits[*c].line_of(path, n).is_some();
    let having: BTreeSet<usize> = (0..COMMITS).filter(has).collect();
    let of_path = findings(report).iter().filter(|f| f["path"] == path);
    let mut said = of_path.filter(|f| f["secret"] == key(n));
    let Some(&first) = having.first() else {
        assert!(said.next().is_none(), "key {n} was never in {path}");
        return;
    };
    let said = said.next().unwrap_or_else(|| panic!("key {n} is missing in {path}"));
    let (line, said) = (&said["start"]["line"], &said["history"]);
    let about = format!("key {n} in {path}: {said:#}");

    let head = commits[COMMITS - 1].line_of(path, n);
    assert_eq!(*line, head.or(commits[first].line_of(path, n)).unwrap(), "{about}");
    assert_eq!(
        (&said["at_head"], &said["in_worktree"]),
        (&head.is_some().into(), &head.is_some().into()),
        "{about}"
    );
    assert_eq!(
        (&said["commits"], &said["reach"]),
        (&having.len().into(), &"commit".into()),
        "{about}"
    );
    assert_eq!(said["introduced"]["commit"], ids[first], "{about}");
    assert_eq!(said["introduced"]["line"], commits[first].line_of(path, n).unwrap(), "{about}");

    let mut refs: Vec<String> = (0..COMMITS)
        .filter(|tip| !history(commits, *tip).is_disjoint(&having))
        .map(|tip| format!("refs/heads/b{tip:02}"))
        .collect();
    refs.push("refs/heads/main".into());
    refs.retain(|r| r != "refs/heads/main" || !history(commits, COMMITS - 1).is_disjoint(&having));
    assert_eq!(said["refs_total"], refs.len(), "{about}");
    refs.truncate(20);
    assert_eq!(said["refs"], serde_json::json!(refs), "{about}");

    let lost = |c: &usize| !has(c) && commits[*c].parents.iter().any(has);
    let all_lost = |c: &usize| lost(c) && commits[*c].parents.iter().all(has);
    match said["removed"]["commit"].as_str() {
        Some(id) => {
            assert!(head.is_none() && (0..COMMITS).any(|c| ids[c] == id && lost(&c)), "{about}")
        }
        None => assert!(head.is_some() || !(0..COMMITS).any(|c| all_lost(&c)), "{about}"),
    }
}

#[test]
fn any_history_is_told_as_it_was_however_it_is_stored() {
    for seed in 1..=5 {
        let commits = draw(&mut Lot(seed));
        let repo = write(&commits);
        let id = |n: usize| repo.id(&format!("refs/heads/b{n:02}"));
        let ids: Vec<String> = (0..COMMITS).map(id).collect();
        let (run, report) = repo.report(&[]);
        assert_eq!((run.code, run.stderr.as_str()), (1, ""));
        for path in PATHS {
            for n in KEYS {
                check(&commits, &ids, &report, path, n);
            }
        }
        // No edits at all, edits of one step, chains as git makes them, and as long as it can.
        for (depth, window) in [(0, 0), (1, 2), (50, 10), (4095, 250)] {
            let (depth, window) = (format!("--depth={depth}"), format!("--window={window}"));
            repo.git(&["repack", "-q", "-a", "-d", "-f", &depth, &window]);
            let (_, packed) = repo.report(&[]);
            assert_eq!(packed["findings"], report["findings"], "seed {seed} {depth} {window}");
            let fast = repo.scan(&["-f", "json"]);
            let slow = repo.scan(&["-f", "json", "--whole-blobs"]);
            assert!(fast.stdout == slow.stdout, "{}\n{}", fast.stdout, slow.stdout);
        }
    }
}

#[test]
fn a_pack_that_came_without_its_bases_is_told_as_if_it_had_them() {
    let origin = write(&draw(&mut Lot(6)));
    let middle = origin.id("refs/heads/b20");
    let copy = Repository::new();
    let fetch = |what: &str| {
        let from = origin.address();
        copy.git(&["-c", "fetch.unpackLimit=1", "fetch", "-q", "--update-head-ok", &from, what]);
    };
    fetch(&format!("{middle}:refs/heads/middle"));
    // The second pack is sent as edits of what the first one has, and git appends these bases to it.
    fetch("+refs/heads/*:refs/heads/*");
    let (whole, (parts_run, parts)) = (origin.report(&["--no-worktree"]).1, copy.report(&[]));
    assert_eq!(parts_run.stderr, "");
    let told = |report: &serde_json::Value| -> BTreeSet<String> {
        let of = |f: &serde_json::Value| {
            let history = &f["history"];
            format!(
                "{} {} {} {}",
                f["path"], f["secret"], history["introduced"], history["commits"]
            )
        };
        findings(report).iter().map(of).collect()
    };
    assert_eq!(told(&parts), told(&whole));
}
