//! What suppresses findings, read from its files; and what a scan has seen, to say what is stale.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context as _, bail};

use super::{settings::Asked, warn};
use crate::{
    blob::{Blob, Origin},
    cli::{BaselineFlags, CommonArgs},
    config::{Settings, load::allow_rule, severity::Severities},
    content::container::{Input, Kind},
    engine::{Engine, Sightings},
    finding::Finding,
    source::{
        Look, Meter, Outcome, Seen,
        exclude::Excluded,
        walk::{self, GitIgnored, Place},
    },
    triage::{
        baseline::{self, Baseline},
        ground::{Extent, Ground, Rules},
        ignore_file::{self, IgnoreFile},
        suppress::{self, PlacedMark, Suppressions},
    },
};

/// What a scan is about to look at.
pub(super) struct Plan {
    /// The directory that paths in reports are relative to, unless there are several.
    pub(super) base: Option<PathBuf>,
    /// The files and directories below it that are read; none = no files at all.
    pub(super) roots: Vec<PathBuf>,
    /// How much that is of all there is.
    pub(super) extent: Extent,
}

impl Plan {
    /// For a scan of files.
    pub(super) fn of_files(paths: &[PathBuf]) -> Self {
        let files = paths.iter().filter(|p| *p != Path::new("-"));
        let places: Vec<Place> = files.map(|p| Place::of(p, p.is_dir())).collect();
        let current = || Place::of(Path::new("."), true);
        let first = places.first().cloned().unwrap_or_else(current);
        let one_base = places.iter().all(|p| p.base == first.base);
        let whole = one_base && places.iter().any(|p| p.prefix.as_os_str().is_empty());
        let extent = match (whole, first.in_repository) {
            (false, _) => Extent::Part,
            (true, true) => Extent::Tree,
            (true, false) => Extent::Everything,
        };
        let roots = places.into_iter().map(|p| p.prefix).collect();
        Self { base: one_base.then_some(first.base), roots, extent }
    }
}

/// Whether everything could be read that a scan was to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Everything.
    Complete,
    /// Something failed: of what is not found, nothing is known to be gone.
    Partial,
}

impl Reading {
    /// How a scan with these errors went.
    pub(super) fn with(errors: &[String]) -> Self {
        if errors.is_empty() { Self::Complete } else { Self::Partial }
    }
}

/// Accepts findings, and sees what is read.
pub(super) struct Desk<'e> {
    engine: &'e Engine,
    asked: Asked,
    severities: Severities,
    by: Suppressions,
    plan: Plan,
    excluded: Excluded,
    rules: Rules,
    /// Paths that the baseline names, and whether they were read.
    watched: HashMap<String, AtomicBool>,
    marks: Mutex<Vec<PlacedMark>>,
}

impl<'e> Desk<'e> {
    /// Reads what `asked`, `args` and the files at the base of `plan` say.
    pub(super) fn open(
        asked: Asked,
        args: &CommonArgs,
        engine: &'e Engine,
        plan: Plan,
    ) -> anyhow::Result<Self> {
        let baseline = read_baseline(&args.known, &asked, plan.base.as_deref())?;
        let rules = rules_in_use(&asked.settings);
        Self::new(asked, engine, plan, rules, baseline)
    }

    /// For a single file, of which nothing is asked but what accepts its findings.
    pub(super) fn of_file(
        asked: Asked,
        known: &BaselineFlags,
        engine: &'e Engine,
        base: PathBuf,
    ) -> anyhow::Result<Self> {
        let baseline = read_baseline(known, &asked, Some(&base))?;
        let plan = Plan { base: Some(base), roots: Vec::new(), extent: Extent::Part };
        Self::new(asked, engine, plan, Rules::Chosen, baseline)
    }

    /// The same, with a baseline that was read already.
    pub(super) fn with_baseline(
        asked: Asked,
        engine: &'e Engine,
        plan: Plan,
        baseline: Option<Baseline>,
    ) -> anyhow::Result<Self> {
        let baseline = baseline.map(|b| (b, baseline::NAME.to_owned()));
        let rules = rules_in_use(&asked.settings);
        Self::new(asked, engine, plan, rules, baseline)
    }

    fn new(
        asked: Asked,
        engine: &'e Engine,
        plan: Plan,
        rules: Rules,
        baseline: Option<(Baseline, String)>,
    ) -> anyhow::Result<Self> {
        let by = Suppressions {
            baseline,
            ignore_file: plan.base.as_deref().map(read_ignore_file).transpose()?.flatten(),
            allow: asked.settings.allow.iter().map(allow_rule).collect::<Result<_, _>>()?,
        };
        let globs = [asked.settings.exclude_here.clone(), asked.settings.exclude()].concat();
        let (excluded, severities) = (Excluded::new(&globs)?, asked.severities()?);
        let paths = by.baseline.iter().flat_map(|(baseline, _)| baseline.paths());
        let watched = paths.map(|path| (path.to_owned(), AtomicBool::new(false))).collect();
        let marks = Mutex::default();
        Ok(Self { engine, asked, severities, watched, by, plan, excluded, rules, marks })
    }

    /// What the run is asked to do.
    pub(super) fn settings(&self) -> &Settings {
        &self.asked.settings
    }

    /// Whether `finding` is as severe and as sure as the user wants it.
    pub(super) fn is_wanted(&self, finding: &Finding) -> bool {
        finding.severity >= self.settings().min_severity()
            && finding.confidence >= self.settings().min_confidence()
    }

    /// Gives findings the severities that the configuration and the policy ask for.
    pub(super) fn move_severities(&self, findings: &mut [Finding]) {
        findings.iter_mut().for_each(|f| self.severities.apply(self.engine.rules(), f));
    }

    /// What it scans with.
    pub(super) fn engine(&self) -> &'e Engine {
        self.engine
    }

    /// Reads files and directories.
    pub(super) fn walk(
        &self,
        roots: Vec<PathBuf>,
        git_ignored: GitIgnored,
        threads: usize,
        meter: &Meter,
    ) -> anyhow::Result<Outcome<Finding>> {
        let options = walk::Options {
            roots,
            exclude: self.settings().exclude_here.clone(),
            exclude_in_repository: self.settings().exclude(),
            git_ignored,
            threads,
        };
        Ok(walk::walk(&options, meter, self)?)
    }

    /// Leaves out what stands at excluded paths. Those of a history have no place on the disk, where the
    /// walk would see them.
    pub(super) fn leave_out_excluded(&self, outcome: &mut Outcome<Finding>) {
        outcome.items.retain(|f| !self.excluded.covers(&f.origin.path));
    }

    /// What `sightings` are worth in the file `origin`, which was read.
    fn seen(&self, sightings: &Sightings, origin: &Origin) -> Seen<Finding> {
        if let Some(seen) = self.watched.get(&origin.path) {
            seen.store(true, Ordering::Relaxed);
        }
        let items = self.engine.findings(sightings, origin);
        Seen { items, gaps: sightings.gaps().to_vec() }
    }

    /// Says of each finding what accepts it; returns what accepts none.
    pub(super) fn judge(&self, findings: &mut [Finding], reading: Reading) -> Vec<String> {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let stale = self.on_ground(reading, |ground| {
            suppress::suppress(self.engine.rules(), findings, &self.by, &marks, ground)
        });
        self.hold_policy(findings);
        stale
    }

    /// What the policy never allows is new, whatever accepts it; and that is told.
    fn hold_policy(&self, findings: &mut [Finding]) {
        let mut told = BTreeSet::new();
        for finding in findings {
            let rule = &self.engine.rules().rule(finding.rule).id;
            if self.asked.policy.never_allows(rule)
                && let Some(by) = finding.suppressed.take()
            {
                told.insert(format!(
                    "the policy overrules {} ({}): `{rule}` is never allowed",
                    by.by, by.place
                ));
            }
        }
        told.iter().for_each(|note| warn(note));
    }

    /// Calls `look` with what was seen.
    pub(super) fn on_ground<R>(&self, reading: Reading, look: impl FnOnce(&Ground<'_>) -> R) -> R {
        let complete = reading == Reading::Complete;
        look(&Ground {
            extent: if complete { self.plan.extent } else { Extent::Part },
            rules: self.rules,
            searched: &|path| complete && self.searched(path),
            exists: &|path| self.exists(path),
        })
    }

    fn exists(&self, path: &str) -> bool {
        // Without a directory to look in, nothing is known to be gone.
        self.plan.base.as_deref().is_none_or(|base| base.join(path).symlink_metadata().is_ok())
    }

    fn searched(&self, path: &str) -> bool {
        let below = |root: &PathBuf| Path::new(path).starts_with(root);
        let was_read = self.watched.get(path).is_some_and(|seen| seen.load(Ordering::Relaxed));
        // A bare repository has no files: all it has is its history.
        let bare = self.plan.base.is_none() && self.plan.extent == Extent::Everything;
        self.plan.roots.iter().any(below)
            && !self.excluded.covers(path)
            && (bare || was_read || !self.exists(path))
    }
}

/// Files are searched with the engine; what `judge` needs to know of them is kept.
impl Look for Desk<'_> {
    type Item = Finding;

    fn blob(&self, blob: &Blob<'_>) -> Seen<Finding> {
        let (sightings, marks) = self.engine.sight_with_marks(blob);
        if !marks.is_empty() {
            let path = &blob.origin.path;
            let placed =
                marks.into_iter().map(|(line, mark)| PlacedMark { path: path.clone(), line, mark });
            self.marks.lock().unwrap_or_else(PoisonError::into_inner).extend(placed);
        }
        self.seen(&sightings, blob.origin)
    }

    fn container(&self, head: &[u8]) -> Option<Kind> {
        self.engine.container(head)
    }

    fn open(&self, origin: &Origin, kind: Kind, input: Input<'_>, stored: u64) -> Seen<Finding> {
        self.seen(&self.engine.sight_container(kind, input, stored), origin)
    }
}

fn rules_in_use(settings: &Settings) -> Rules {
    if settings.only.is_empty() && settings.disable.is_empty() { Rules::All } else { Rules::Chosen }
}

fn read_baseline(
    args: &BaselineFlags,
    asked: &Asked,
    base: Option<&Path>,
) -> anyhow::Result<Option<(Baseline, String)>> {
    if args.no_baseline {
        return Ok(None);
    }
    let configured = asked.settings.baseline.as_ref().map(|b| &b.value);
    if let Some(path) = args.baseline.as_ref().or(configured) {
        let name = path.file_name().map_or_else(Default::default, |n| n.to_string_lossy().into());
        let Some(baseline) = open_baseline(path)? else {
            bail!("there is no baseline `{}`; `straykey baseline write` makes one", path.display());
        };
        return Ok(Some((baseline, name)));
    }
    let Some(base) = base else { return Ok(None) };
    let found = open_baseline(&base.join(baseline::NAME))?;
    Ok(found.map(|baseline| (baseline, baseline::NAME.to_owned())))
}

/// The baseline at `path`, if there is a file.
pub(super) fn open_baseline(path: &Path) -> anyhow::Result<Option<Baseline>> {
    let context = || format!("cannot read baseline `{}`", path.display());
    let Some(text) = read_if_there(path).with_context(context)? else { return Ok(None) };
    Ok(Some(Baseline::parse(&text).with_context(context)?))
}

fn read_ignore_file(base: &Path) -> anyhow::Result<Option<IgnoreFile>> {
    let path = base.join(ignore_file::NAME);
    let context = || format!("cannot read `{}`", path.display());
    let Some(text) = read_if_there(&path).with_context(context)? else { return Ok(None) };
    Ok(Some(IgnoreFile::parse(&text).with_context(context)?))
}

fn read_if_there(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
