//! `straykey hook`.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use super::{
    Exit, engine,
    git::{self as run_git, Texts, with_history},
    output, print,
    suppress::{Desk, Plan},
    warn,
};
use crate::{
    cli::{
        CommonArgs,
        hook::{ChoiceArgs, HookCommand, InstallArgs, PreCommitArgs, PrePushArgs, RunHook},
    },
    coverage::Skip,
    finding::Finding,
    hook::{self, Hook, Installed, Manager, Removed},
    report::Occasion,
    source::{
        Meter, Outcome,
        git::{self, Commits, Outgoing, hooks, range, staged::Draft},
        walk::GitIgnored,
    },
    triage::ground::Extent,
};

pub(super) fn hook(command: &HookCommand) -> anyhow::Result<Exit> {
    match command {
        HookCommand::Install(args) => install(args),
        HookCommand::Uninstall(args) => uninstall(args),
        HookCommand::Run { hook } => match &**hook {
            RunHook::PreCommit(args) => pre_commit(args),
            RunHook::PrePush(args) => pre_push(args),
            RunHook::PreReceive(args) => pre_receive(&args.common),
        },
    }
}

fn install(args: &InstallArgs) -> anyhow::Result<Exit> {
    let repository = git::open(&args.choice.repository)?;
    let directory = hooks::hook_directory(&repository)?;
    if directory.scope == hooks::Scope::Shared && !args.shared {
        bail!(
            "`core.hooksPath` is `{}` for all your repositories: `--shared` installs there, for all of \
             them; `git config core.hooksPath .git/hooks` gives this one hooks of its own",
            directory.path.display()
        );
    }
    let program =
        env::current_exe().ok().filter(|_| !is_shown_to_others(&repository, &directory.path));
    let default: &[Hook] =
        if repository.is_bare() { &[Hook::PreReceive] } else { &[Hook::PreCommit, Hook::PrePush] };
    let mut said = String::new();
    for hook in chosen(&args.choice, default) {
        let installed = hook::install(&directory.path, hook, program.as_deref())
            .with_context(|| format!("cannot install the {} hook", hook.name()))?;
        said += &told(hook, &installed);
    }
    print(said.as_bytes())
}

/// Whether hooks in `directory` are files of the working tree. There a path of this machine is out of place.
fn is_shown_to_others(repository: &git::Repository, directory: &Path) -> bool {
    repository.workdir().is_some_and(|top| directory.starts_with(top))
        && !directory.starts_with(repository.common_dir())
}

fn told(hook: Hook, Installed { path, kept, manager }: &Installed) -> String {
    let mut said = format!("{}: installed as {}\n", hook.name(), path.display());
    if let Some(kept) = kept {
        said += &format!("  the hook that was there runs first: {}\n", kept.display());
    }
    said += match manager {
        None => "",
        Some(Manager::PreCommit) => {
            "  it is pre-commit's: the ids `straykey` and `straykey-push` in its configuration do the same\n"
        }
        Some(Manager::Lefthook) => {
            "  it is lefthook's, which may write it anew: better let its configuration run `straykey hook run`\n"
        }
    };
    said
}

fn uninstall(args: &ChoiceArgs) -> anyhow::Result<Exit> {
    let repository = git::open(&args.repository)?;
    let directory = hooks::hook_directory(&repository)?.path;
    let mut said = String::new();
    for hook in chosen(args, &Hook::ALL) {
        let removed = hook::uninstall(&directory, hook)
            .with_context(|| format!("cannot uninstall the {} hook", hook.name()))?;
        said += &match removed {
            Removed::Gone(path) => format!("{}: removed {}\n", hook.name(), path.display()),
            Removed::Restored(path) => {
                format!(
                    "{}: the hook that was there before is back: {}\n",
                    hook.name(),
                    path.display()
                )
            }
            Removed::NotOurs(_) => continue,
        };
    }
    if said.is_empty() {
        said = format!("no hook of straykey in {}: nothing was removed\n", directory.display());
    }
    print(said.as_bytes())
}

fn chosen(args: &ChoiceArgs, default: &[Hook]) -> Vec<Hook> {
    let wanted = |hook: &Hook| match hook {
        Hook::PreCommit => args.pre_commit,
        Hook::PrePush => args.pre_push,
        Hook::PreReceive => args.pre_receive,
    };
    let named: Vec<Hook> = Hook::ALL.into_iter().filter(wanted).collect();
    if named.is_empty() { default.to_vec() } else { named }
}

/// What a hook reads.
enum Part {
    /// What is staged.
    Staged(Box<Draft>),
    /// Files of the working tree, as they are.
    Files(Vec<PathBuf>),
    /// What these commits add.
    Commits(Commits),
}

fn pre_commit(args: &PreCommitArgs) -> anyhow::Result<Exit> {
    if is_skipped(Hook::PreCommit) {
        return Ok(Exit::Clean);
    }
    let repository = git::open(Path::new("."))?;
    if let Some(range) = named_range() {
        return scan(&args.common, &repository, Part::Commits(range), Occasion::Range);
    }
    let has_commits = repository.head_id().is_ok();
    let part = to_commit(args, &repository).context("cannot read what is staged")?;
    let occasion = match (&part, has_commits) {
        (Part::Files(_), _) => Occasion::Files,
        (_, true) => Occasion::Commit,
        (_, false) => Occasion::FirstCommit,
    };
    scan(&args.common, &repository, part, occasion)
}

/// The pre-commit framework names the files that are staged. If it names others, or runs a hook although
/// nothing is staged, then somebody wants files checked that are committed.
fn to_commit(args: &PreCommitArgs, repository: &git::Repository) -> anyhow::Result<Part> {
    let mut draft = Draft::of(repository, args.common.threads)?;
    let written = draft.written();
    if args.named.is_empty() {
        if written.is_empty() && env::var_os("PRE_COMMIT").is_some() {
            return Ok(Part::Files(git::staged::tracked(repository)?));
        }
        return Ok(Part::Staged(Box::new(draft)));
    }
    let names: BTreeSet<Vec<u8>> = args.named.iter().map(|path| name(path)).collect();
    // While git commits a merge, files that had a conflict are named whether they are new or not.
    let commits_merge =
        env::var_os("GIT_INDEX_FILE").is_some() && repository.git_dir().join("MERGE_HEAD").exists();
    if commits_merge || names.iter().all(|name| written.contains(&**name)) {
        draft.keep(&names);
        return Ok(Part::Staged(Box::new(draft)));
    }
    Ok(Part::Files(args.named.clone()))
}

/// How git calls `path`.
fn name(path: &Path) -> Vec<u8> {
    let path = path.strip_prefix(".").unwrap_or(path).as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        path.iter().map(|&b| if b == b'\\' { b'/' } else { b }).collect()
    } else {
        path.to_vec()
    }
}

fn pre_push(args: &PrePushArgs) -> anyhow::Result<Exit> {
    if is_skipped(Hook::PrePush) {
        return Ok(Exit::Clean);
    }
    let repository = git::open(Path::new("."))?;
    let commits = match &args.remote {
        Some(remote) => outgoing(remote, &updates()?),
        None => announced(),
    };
    scan(&args.common, &repository, Part::Commits(commits), Occasion::Push)
}

/// What git says it will push.
fn outgoing(remote: &str, updates: &[Update]) -> Commits {
    let pushed = updates.iter().filter(|update| !is_zero(&update.new));
    Commits::Outgoing(Outgoing {
        tips: pushed.map(|update| update.new.clone()).collect(),
        known: updates.iter().map(|update| update.old.clone()).filter(|id| !is_zero(id)).collect(),
        known_refs: Some(format!("refs/remotes/{remote}/")),
    })
}

/// What the pre-commit framework says of a push, in its environment. Without any word, what no remote has.
fn announced() -> Commits {
    let remote = variable("PRE_COMMIT_REMOTE_NAME");
    let (from, to) = (variable("PRE_COMMIT_FROM_REF"), variable("PRE_COMMIT_TO_REF"));
    if remote.is_none()
        && let Some(range) = named_range()
    {
        return range;
    }
    let tip = to.or_else(|| variable("PRE_COMMIT_LOCAL_BRANCH")).unwrap_or_else(|| "HEAD".into());
    let below = remote.map_or_else(String::new, |remote| format!("{remote}/"));
    Commits::Outgoing(Outgoing {
        tips: vec![tip],
        known: from.into_iter().collect(),
        known_refs: Some(format!("refs/remotes/{below}")),
    })
}

/// What `pre-commit run --from-ref A --to-ref B` names.
fn named_range() -> Option<Commits> {
    let (from, to) = (variable("PRE_COMMIT_FROM_REF")?, variable("PRE_COMMIT_TO_REF")?);
    Some(Commits::Range(format!("{from}..{to}")))
}

fn pre_receive(common: &CommonArgs) -> anyhow::Result<Exit> {
    let repository = git::open(Path::new("."))?;
    let updates = updates()?;
    let commits = match env::var_os("GIT_QUARANTINE_PATH") {
        Some(quarantine) => Commits::Incoming(quarantine.into()),
        // No objects were sent. A reference may still bring back what none reaches.
        None => Commits::Outgoing(Outgoing {
            tips: updates.into_iter().map(|u| u.new).filter(|id| !is_zero(id)).collect(),
            known: Vec::new(),
            known_refs: Some("refs/".into()),
        }),
    };
    scan(common, &repository, Part::Commits(commits), Occasion::Receive)
}

/// One reference that is pushed: ids of what it is to be, and of what it is on the other side.
struct Update {
    new: String,
    old: String,
}

/// Reads the lines that git gives to `pre-push`, `<name> <new> <name> <old>`, and to `pre-receive`,
/// `<old> <new> <name>`.
fn updates() -> anyhow::Result<Vec<Update>> {
    let mut lines = Vec::new();
    io::stdin().lock().read_to_end(&mut lines).context("cannot read standard input")?;
    String::from_utf8_lossy(&lines).lines().map(update).collect()
}

fn update(line: &str) -> anyhow::Result<Update> {
    let words: Vec<&str> = line.split(' ').collect();
    let is_id = |word: &str| word.len() >= 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let (old, new) = match words[..] {
        [old, new, _] => (old, new),
        // The first name is what the user typed, and may have spaces.
        [.., new, _, old] => (old, new),
        _ => ("", ""),
    };
    if !is_id(old) || !is_id(new) {
        bail!(
            "`{line}` on standard input is not what git says of a reference: this command is for hooks"
        );
    }
    Ok(Update { new: new.into(), old: old.into() })
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|b| b == b'0')
}

/// An environment variable, unless it is empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether `SKIP` names the hook, which it then says: nobody should think that it ran.
fn is_skipped(hook: Hook) -> bool {
    let skip = variable("SKIP").unwrap_or_default();
    let Some(id) = hook.id().filter(|id| skip.split(',').any(|word| word.trim() == *id)) else {
        return false;
    };
    warn(&format!("skipped, because `SKIP` names `{id}`"));
    true
}

fn scan(
    common: &CommonArgs,
    repository: &git::Repository,
    part: Part,
    occasion: Occasion,
) -> anyhow::Result<Exit> {
    let asked = run_git::asked(repository, common)?;
    let engine = engine(asked.rules()?, (&common.content).into());
    let plan = match &part {
        Part::Files(files) => Plan::of_files(files),
        Part::Staged(_) | Part::Commits(_) => run_git::plan(repository, Extent::Part),
    };
    let desk = Desk::open(asked, common, engine, plan)?;
    let files = output::open_reports(&common.output)?;
    let outcome = output::with_progress(common, |meter| {
        let mut outcome = read(common, &desk, repository, part, meter)?;
        desk.leave_out_excluded(&mut outcome);
        Ok(outcome)
    })?;
    output::finish_hook(common, &desk, outcome, files, occasion)
}

fn read(
    common: &CommonArgs,
    desk: &Desk<'_>,
    repository: &git::Repository,
    part: Part,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    match part {
        Part::Staged(draft) => Ok(with_history(draft.scan(&Texts(desk.engine()), meter))),
        Part::Files(files) => read_files(common, desk, files, meter),
        Part::Commits(commits) => {
            let options = git::history::Options { threads: common.threads, ..Default::default() };
            let (texts, many) = (Texts(desk.engine()), range::MANY_COMMITS);
            let read = range::scan(repository, &texts, &commits, many, options, meter)
                .context("cannot scan what is pushed")?;
            Ok(with_history(read))
        }
    }
}

/// Reads files of the working tree. Links and submodules are named as well, and what was deleted.
fn read_files(
    common: &CommonArgs,
    desk: &Desk<'_>,
    files: Vec<PathBuf>,
    meter: &Meter,
) -> anyhow::Result<Outcome<Finding>> {
    let mut roots = Vec::new();
    let mut links = Vec::new();
    for path in files {
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => links.push(path.to_string_lossy().into_owned()),
            Ok(meta) if meta.is_dir() => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Ok(_) | Err(_) => roots.push(path),
        }
    }
    let mut outcome = desk.walk(roots, GitIgnored::Read, common.threads, meter)?;
    links.into_iter().for_each(|link| outcome.coverage.skip(Skip::Symlink, link));
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_a_reference_is_to_be() {
        let [new, old] = ["a", "0"].map(|digit| digit.repeat(40));
        let ids = |line: &str| update(line).map(|u| (u.new, u.old)).ok();
        let expected = Some((new.clone(), old.clone()));
        assert_eq!(ids(&format!("refs/heads/a {new} refs/heads/b {old}")), expected);
        assert_eq!(ids(&format!("HEAD@{{1 day ago}} {new} refs/heads/b {old}")), expected);
        assert_eq!(ids(&format!("{old} {new} refs/heads/b")), expected);
        for wrong in ["", "refs/heads/a", "a b c", "a b c d"] {
            assert_eq!(ids(wrong), None);
        }
        assert!(is_zero(&old) && !is_zero(&new));
    }
}
