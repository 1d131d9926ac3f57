//! `straykey git`.

use std::{collections::HashMap, path::Path};

use anyhow::Context as _;

use super::{Exit, engine, load_rules, output, since};
use crate::{
    blob::{Blob, Origin},
    cli::GitArgs,
    edit::Edit,
    engine::{Engine, Memory, Sightings},
    finding::Finding,
    history::{History, Reach},
    secret::Identity,
    source::{
        Meter, Outcome,
        exclude::Excluded,
        git::{self, Reading, Search, history, range, staged},
        walk::{self, GitIgnored},
    },
};

pub(super) fn git(args: &GitArgs) -> anyhow::Result<Exit> {
    let engine = engine(load_rules(&args.common.rules)?);
    let files = output::open_reports(&args.common)?;
    let repository = git::open(&args.repository)?;
    let excluded = Excluded::new(&args.common.exclude)?;
    let part = part(args)?;
    let outcome = output::with_progress(&args.common, |meter| {
        let mut outcome = match &part {
            Part::Whole => whole(args, engine, &repository, meter)?,
            Part::Staged => staged(args, engine, &repository, meter)?,
            Part::Commits(commits) => added(args, engine, &repository, commits, meter)?,
        };
        outcome.items.retain(|f| !excluded.covers(&f.origin.path));
        Ok(outcome)
    })?;
    output::finish(&args.common, engine, outcome, files)
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

fn with_history(read: Outcome<(Finding, History)>) -> Outcome<Finding> {
    Outcome {
        items: read.items.into_iter().map(|(finding, history)| told(finding, history)).collect(),
        coverage: read.coverage,
        errors: read.errors,
    }
}

/// Every object, and the files that are checked out.
fn whole(
    args: &GitArgs,
    engine: &Engine,
    repository: &git::Repository,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let read = history::scan(repository, &Texts(engine), options(args), meter);
    let mut outcome = with_history(read);
    if args.reachable_only {
        outcome.items.retain(|f| !is_unreachable(f));
    }
    if let Some(directory) = repository.workdir().filter(|_| !args.no_worktree) {
        add_worktree(&mut outcome, checked_out(args, engine, directory, meter)?);
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
    args: &GitArgs,
    engine: &Engine,
    directory: &Path,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let options = walk::Options {
        roots: vec![directory.to_path_buf()],
        exclude: args.common.exclude.clone(),
        git_ignored: if args.common.no_ignore { GitIgnored::Read } else { GitIgnored::Skipped },
        threads: args.common.threads,
    };
    walk::walk(&options, meter, |blob| engine.scan(blob)).context("cannot scan the working tree")
}

/// Adds what stands in the working tree. What the database has as well is one finding, which keeps its
/// history and stands where it does today.
fn add_worktree(outcome: &mut Outcome<Finding>, worktree: Outcome<Finding>) {
    let mut known: HashMap<_, usize> = HashMap::new();
    for (n, finding) in outcome.items.iter().enumerate() {
        known.insert(key(finding), n);
    }
    let mut found = worktree.items;
    found.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
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
    (finding.origin.path.clone(), Identity::new(finding.rule.0, &finding.secret))
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
struct Texts<'e>(&'e Engine);

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

    fn identities(&self, sightings: &Sightings, path: &str) -> Vec<Identity> {
        self.0.identities(sightings, path)
    }

    fn item(&self, identity: Identity, sightings: &Sightings, origin: &Origin) -> Option<Finding> {
        self.0.finding_of(identity, sightings, origin)
    }

    fn line(item: &Finding) -> usize {
        item.start.line
    }
}
