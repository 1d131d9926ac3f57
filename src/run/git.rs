//! `straykey git`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    Exit, engine, output, scan,
    settings::{self, Asked},
    since,
    suppress::{Desk, Plan},
};
use crate::{
    blob::{Blob, Origin},
    cli::{CommonArgs, GitArgs},
    content::container::{Input, Kind},
    coverage::Gap,
    edit::Edit,
    engine::{Engine, Memory, Sightings},
    finding::Finding,
    history::{History, Reach},
    secret::Identity,
    source::{
        Meter, Outcome,
        git::{self, Opened, Reading, Search, history, range, staged},
    },
    triage::ground::Extent,
};

pub(super) fn git(args: &GitArgs) -> anyhow::Result<Exit> {
    let repository = git::open(&args.repository)?;
    let asked = asked(&repository, &args.common)?;
    let engine = engine(asked.rules()?, (&args.common.content).into());
    let files = output::open_reports(&args.common.output)?;
    let part = part(args)?;
    let extent = match &part {
        // What only the index, or only something unreachable has, would be missed.
        Part::Whole if !args.no_worktree && !args.reachable_only => Extent::Everything,
        Part::Whole | Part::Staged | Part::Commits(_) => Extent::Part,
    };
    let desk = Desk::open(asked, &args.common, engine, plan(&repository, extent))?;
    let outcome = output::with_progress(&args.common, |meter| {
        let mut outcome = match &part {
            Part::Whole => whole(&Whole::of(args), &desk, &repository, meter)?,
            Part::Staged => staged(args, engine, &repository, meter)?,
            Part::Commits(commits) => added(args, engine, &repository, commits, meter)?,
        };
        desk.leave_out_excluded(&mut outcome);
        Ok(outcome)
    })?;
    output::finish(&args.common, &desk, outcome, files)
}

/// What is asked of a scan of `repository`. Without a working tree it has no configuration.
pub(super) fn asked(repository: &git::Repository, args: &CommonArgs) -> anyhow::Result<Asked> {
    Asked::new(&args.config, repository.workdir(), settings::flags(args))
}

/// What is asked of a scan of the repository at `path`.
pub(super) fn asked_of(path: &Path, args: &CommonArgs) -> anyhow::Result<Asked> {
    asked(&git::open(path)?, args)
}

/// What a scan of `repository` looks at.
pub(super) fn plan(repository: &git::Repository, extent: Extent) -> Plan {
    let root = PathBuf::new();
    Plan {
        base: repository.workdir().map(Path::to_path_buf),
        roots: if extent == Extent::Part { Vec::new() } else { vec![root] },
        extent,
    }
}

/// What a scan of all of the repository at `path` looks at.
pub(super) fn plan_whole(path: &Path) -> anyhow::Result<Plan> {
    Ok(plan(&git::open(path)?, Extent::Everything))
}

/// Reads all of the repository at `path`.
pub(super) fn read_whole(
    path: &Path,
    common: &CommonArgs,
    desk: &Desk<'_>,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let mut outcome = whole(&Whole::all(common), desk, &git::open(path)?, meter)?;
    desk.leave_out_excluded(&mut outcome);
    Ok(outcome)
}

/// How to read all of a repository.
struct Whole<'a> {
    common: &'a CommonArgs,
    reading: Reading,
    worktree: bool,
    unreachable: bool,
}

impl<'a> Whole<'a> {
    fn all(common: &'a CommonArgs) -> Self {
        Self { common, reading: Reading::Changes, worktree: true, unreachable: true }
    }

    fn of(args: &'a GitArgs) -> Self {
        Self {
            common: &args.common,
            reading: options(args).reading,
            worktree: !args.no_worktree,
            unreachable: !args.reachable_only,
        }
    }
}

/// What to read.
enum Part {
    Whole,
    Staged,
    Commits(git::Commits),
}

fn part(args: &GitArgs) -> anyhow::Result<Part> {
    if args.staged {
        return Ok(Part::Staged);
    }
    if let Some(range) = &args.range {
        return Ok(Part::Commits(git::Commits::Range(range.clone())));
    }
    let now = jiff::Timestamp::now().as_second();
    Ok(match (&args.since, args.branch.clone()) {
        (Some(date), branch) => {
            Part::Commits(git::Commits::Since(since::seconds(date, now)?, branch))
        }
        (None, Some(branch)) => Part::Commits(git::Commits::Branch(branch)),
        (None, None) => Part::Whole,
    })
}

/// What the next commit would add.
fn staged(
    args: &GitArgs,
    engine: &Engine,
    repository: &git::Repository,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let threads = args.common.threads;
    let read = staged::scan(repository, &Texts(engine), threads, meter)
        .context("cannot scan what is staged")?;
    Ok(with_history(read))
}

/// What `commits` add.
fn added(
    args: &GitArgs,
    engine: &Engine,
    repository: &git::Repository,
    commits: &git::Commits,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let (texts, many) = (Texts(engine), range::MANY_COMMITS);
    let read = range::scan(repository, &texts, commits, many, options(args), meter)
        .context("cannot scan these commits")?;
    Ok(with_history(read))
}

fn options(args: &GitArgs) -> history::Options {
    history::Options {
        reading: if args.whole_blobs { Reading::Whole } else { Reading::Changes },
        threads: args.common.threads,
    }
}

pub(super) fn with_history(read: Outcome<(Finding, History)>) -> Outcome<Finding> {
    Outcome {
        items: read.items.into_iter().map(|(finding, history)| told(finding, history)).collect(),
        coverage: read.coverage,
        errors: read.errors,
    }
}

/// Every object, and the files that are checked out.
fn whole(
    what: &Whole<'_>,
    desk: &Desk<'_>,
    repository: &git::Repository,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let options = history::Options { reading: what.reading, threads: what.common.threads };
    let read = history::scan(repository, &Texts(desk.engine()), options, meter);
    let mut outcome = with_history(read);
    if !what.unreachable {
        outcome.items.retain(|f| !is_unreachable(f));
    }
    if let Some(directory) = repository.workdir().filter(|_| what.worktree) {
        add_worktree(&mut outcome, checked_out(what.common, desk, directory, meter)?);
    }
    Ok(outcome)
}

fn told(finding: Finding, history: History) -> Finding {
    Finding { history: Some(Box::new(history)), ..finding }
}

fn is_unreachable(finding: &Finding) -> bool {
    finding.history.as_ref().is_some_and(|h| h.reach == Reach::Unreachable)
}

fn checked_out(
    args: &CommonArgs,
    desk: &Desk<'_>,
    directory: &Path,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let roots = vec![directory.to_path_buf()];
    let read = desk.walk(roots, scan::git_ignored(args), args.threads, meter);
    read.context("cannot scan the working tree")
}

/// Adds what stands in the working tree. What the database has as well is one finding, which keeps its
/// history and stands where it does today.
fn add_worktree(outcome: &mut Outcome<Finding>, worktree: Outcome<Finding>) {
    let mut known: HashMap<_, usize> = HashMap::new();
    for (n, finding) in outcome.items.iter().enumerate() {
        known.insert(key(finding), n);
    }
    let mut found = worktree.items;
    // Of a value that stands twice in a file, the place that no comment allows speaks for both.
    found.sort_by(|a, b| (a.mark.is_some(), a.sort_key()).cmp(&(b.mark.is_some(), b.sort_key())));
    for mut finding in found {
        finding.origin.shown = finding.origin.path.clone().into();
        match known.get(&key(&finding)) {
            Some(&n) => stands_today(&mut outcome.items[n], finding),
            None => {
                known.insert(key(&finding), outcome.items.len());
                outcome.items.push(told(finding, History::of_worktree()));
            }
        }
    }
    outcome.coverage.add(worktree.coverage);
    outcome.errors.extend(worktree.errors);
}

/// What makes two findings one.
fn key(finding: &Finding) -> (String, Identity) {
    (finding.origin.path.clone(), Identity::new(finding.found_by.0, &finding.secret))
}

/// `known` stands where `today` does, unless an earlier line of the file was seen already.
fn stands_today(known: &mut Finding, today: Finding) {
    let Some(mut history) = known.history.take() else { return };
    if !history.in_worktree {
        history.in_worktree = true;
        history.reach = history.reach.min(Reach::Worktree);
        *known = today;
    }
    known.history = Some(history);
}

/// The engine, as a repository's texts are searched.
pub(super) struct Texts<'e>(pub(super) &'e Engine);

impl Search for Texts<'_> {
    type Memory = Memory;
    type Sightings = Sightings;
    type Item = Finding;

    fn read(&self, bytes: &[u8]) -> Memory {
        self.0.read(bytes)
    }

    fn reread(&self, bytes: &[u8], old: &Memory, edit: &Edit) -> Memory {
        self.0.reread(bytes, old, edit)
    }

    fn sightings(&self, bytes: &[u8], memory: &Memory) -> Option<Sightings> {
        self.0.recall(bytes, memory)
    }

    fn part(&self, blob: &Blob<'_>) -> Option<Sightings> {
        Some(self.0.sight(blob)).filter(|s| !s.is_empty())
    }

    fn container(&self, head: &[u8]) -> Option<Kind> {
        self.0.container(head)
    }

    fn open(&self, kind: Kind, input: Input<'_>, stored: u64) -> (Option<Sightings>, Opened) {
        let found = self.0.sight_container(kind, input, stored);
        let opened = if found.is_opened() { Opened::Yes } else { Opened::No };
        ((!found.is_empty()).then_some(found), opened)
    }

    fn identities(&self, sightings: &Sightings, path: &str) -> Vec<Identity> {
        self.0.identities(sightings, path)
    }

    fn item(&self, identity: Identity, sightings: &Sightings, origin: &Origin) -> Option<Finding> {
        self.0.finding_of(identity, sightings, origin)
    }

    fn gaps(sightings: &Sightings) -> &[Gap] {
        sightings.gaps()
    }

    fn line(item: &Finding) -> usize {
        item.start.line
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, fs, path::PathBuf, process::Command};

    use super::*;
    use crate::{content::Limits, rule::RuleSet, secret::sha256_hex};

    /// A repository in which keys come, go, change and move, with a merge.
    fn repository() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| {
            let mut git = Command::new("git");
            git.args(["-c", "user.name=A", "-c", "user.email=a@b"]).args(args);
            git.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
            assert!(git.current_dir(directory.path()).output().unwrap().status.success());
        };
        let file = |path: &str, keys: &[usize]| {
            let mut text = String::new();
            for n in keys {
                let end = &sha256_hex(&n.to_be_bytes())[..40];
                writeln!(text, "# {n}\nTOKEN=lin_api_{end}").unwrap();
            }
            fs::write(directory.path().join(path), text).unwrap();
        };
        let commit = |message: &str| {
            git(&["add", "-A"]);
            git(&["commit", "-q", "-m", message]);
        };
        git(&["init", "-q", "-b", "main"]);
        file("old.env", &[0]);
        commit("one");
        git(&["mv", "old.env", "moved.env"]);
        file("a.env", &[1]);
        commit("two");
        git(&["checkout", "-q", "-b", "side"]);
        file("side.env", &[2, 6]);
        commit("three");
        git(&["checkout", "-q", "main"]);
        git(&["mv", "a.env", "b.env"]);
        commit("four");
        git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
        file("side.env", &[6, 4]);
        file("evil.env", &[7]);
        commit("five");
        directory
    }

    fn added(path: &Path, commits: &git::Commits, many: usize) -> Vec<String> {
        let rules = RuleSet::builtin();
        let engine = engine(rules, Limits::default());
        let repository = git::open(path).unwrap();
        let (options, meter) = (history::Options::default(), Meter::default());
        let texts = Texts(engine);
        let read = range::scan(&repository, &texts, commits, many, options, &meter).unwrap();
        let items = read.items.iter();
        let mut all: Vec<_> = items
            .map(|(f, h)| format!("{} {:?} {:?} {h:?}", f.origin.path, f.start, f.fingerprint))
            .collect();
        all.sort();
        all
    }

    /// `STRAYKEY_TEST_REPOSITORY` names another repository to try.
    #[test]
    fn one_by_one_and_all_at_once_find_the_same() {
        let ours = repository();
        let theirs = std::env::var_os("STRAYKEY_TEST_REPOSITORY").map(PathBuf::from);
        for path in [Some(ours.path().to_path_buf()), theirs].into_iter().flatten() {
            for range in ["HEAD", "HEAD~1..HEAD", "HEAD~2..HEAD"] {
                let commits = git::Commits::Range(range.into());
                let one_by_one = added(&path, &commits, usize::MAX);
                assert_eq!(one_by_one, added(&path, &commits, 0), "{range}");
            }
            let commits = git::Commits::Since(0, None);
            assert_eq!(added(&path, &commits, usize::MAX), added(&path, &commits, 0));
        }
    }

    #[test]
    fn what_moves_within_the_range_is_new_where_it_ends() {
        let repository = repository();
        let all = added(repository.path(), &git::Commits::Range("HEAD~2..HEAD".into()), 10);
        let paths: Vec<&str> = all.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(paths, ["evil.env", "side.env", "side.env", "side.env"]);
        let all = added(repository.path(), &git::Commits::Range("HEAD".into()), 10);
        let paths: Vec<&str> = all.iter().filter_map(|line| line.split(' ').next()).collect();
        let moved = ["a.env", "b.env", "moved.env", "old.env"];
        assert!(moved.iter().all(|path| paths.contains(path)), "{paths:?}");
    }
}
