//! One repository with a key in every place that can hold one, and what must be said of each.
//!
//! Where a key was introduced and removed and what reaches it is written here by hand. Which commits
//! and refs contain it is counted by git, tree by tree, with nothing of the program's cleverness.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    os::unix::{ffi::OsStrExt as _, fs::symlink},
};

use crate::repository::{Commit, Known, Repository, key, settings};

/// The repository, and the one whose objects it borrows.
pub(crate) struct Hidden {
    pub(crate) repo: Repository,
    lender: Repository,
    keys: Vec<Known>,
    /// The blob that only the index names, and what is left of its key without an index.
    staged: Known,
}

/// Which keys a variant of the repository must show.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A directory with a working tree.
    Worktree,
    /// Its git directory alone, without index.
    Bare,
    /// `git clone --mirror`: what a ref reaches.
    Mirror,
}

impl Hidden {
    pub(crate) fn build(format: &str) -> Self {
        let lender = Repository::with_format(format);
        let borrowed = lender.commit_file("alternate.env", &settings(0));
        let repo = Repository::clone_of(&lender.shown(), &["--shared"]);
        repo.git(&["remote", "remove", "origin"]);
        let mut script = Script { repo, keys: Vec::new() };
        script.add(Known::new("alternate.env", 0, 2, "commit").introduced(&borrowed).alive());
        script.files();
        script.odd_files();
        script.files_that_go();
        script.refs();
        script.merges();
        script.messages();
        // From here on objects are loose.
        script.repo.git(&["repack", "-q", "-a", "-d", "-l"]);
        script.submodule(format);
        script.reflog();
        script.objects_that_no_ref_reaches();
        script.stash();
        let staged = script.working_tree();
        Self { repo: script.repo, lender, keys: script.keys, staged }
    }

    /// What must be said of the keys in `repo`, which is this repository or made from it.
    pub(crate) fn expected(&self, repo: &Repository, kind: Kind) -> Vec<Known> {
        let trees = Trees::of(repo);
        let left = self.keys.iter().filter_map(|known| self.left_of(known, kind));
        left.map(|known| trees.count(known)).collect()
    }

    fn left_of(&self, known: &Known, kind: Kind) -> Option<Known> {
        let reach = known.reach();
        let in_submodule = known.path.starts_with("x/");
        match kind {
            Kind::Worktree => Some(known.clone()),
            Kind::Bare if reach == "worktree" => None,
            Kind::Bare if reach == "index" => Some(self.staged.clone()),
            Kind::Mirror if in_submodule => None,
            Kind::Mirror if !matches!(reach, "commit" | "stash" | "note") => None,
            Kind::Bare | Kind::Mirror => Some(known.clone().in_worktree(false)),
        }
    }

    /// Packs, loose objects and borrowed ones are all there, and the odd ones are what they claim.
    pub(crate) fn assert_is_what_it_claims(&self) {
        let repo = &self.repo;
        let count = repo.git(&["count-objects", "-v"]);
        assert!(count.contains("\npacks: 1") && !count.starts_with("count: 0\n"), "{count}");
        let borrowed = repo.id("HEAD:alternate.env");
        assert!(!repo.loose(&borrowed).exists() && self.lender.loose(&borrowed).exists());
        assert!(repo.loose(&repo.id("HEAD:loose.env")).exists());
        let lost = repo.git(&["fsck", "--connectivity-only", "--no-reflogs", "--unreachable"]);
        let reflog = repo.git(&["fsck", "--connectivity-only", "--unreachable"]);
        for (known, unreached, without_reflogs) in self.keys.iter().filter_map(|known| {
            let id = known.introduced_by().or_else(|| known.path.strip_prefix(".git/blob/"))?;
            Some((known, reflog.contains(id), lost.contains(id)))
        }) {
            let claimed = (known.reach() == "unreachable", known.reach() == "reflog");
            assert_eq!((unreached, without_reflogs && !unreached), claimed, "{}", known.path);
        }
    }
}

/// Writes the repository step by step.
struct Script {
    repo: Repository,
    keys: Vec<Known>,
}

impl Script {
    fn add(&mut self, known: Known) {
        self.keys.push(known);
    }

    /// A file in a commit of main, where it stays.
    fn keep(&mut self, path: &str, key: usize, text: &str, line: u64) -> Commit {
        let commit = self.repo.commit_file(path, text);
        self.add(Known::new(path, key, line, "commit").introduced(&commit).alive());
        commit
    }

    fn files(&mut self) {
        self.keep("app/.env", 1, &settings(1), 2);
        let lock = format!("{{\n  \"lockfileVersion\": 3,\n  \"token\": \"{}\"\n}}\n", key(2));
        self.keep("package-lock.json", 2, &lock, 3);
        let words = "the quick brown fox jumps over the lazy dog\n";
        let many = 13_000_000 / words.len();
        let big = words.repeat(many) + &settings(3);
        self.keep("big.txt", 3, &big, many as u64 + 2);
        let code = "function(a,b){return a+b}".repeat(14_000);
        self.keep("min.js", 4, &format!("{code};k=\"{}\";{code}", key(4)), 1);
    }

    fn odd_files(&mut self) {
        let utf16: Vec<u8> =
            format!("\u{feff}{}", settings(5)).encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.repo.project.write("utf16.ini", &utf16);
        let commit = self.repo.commit("UTF-16");
        self.add(Known::new("utf16.ini", 5, 2, "commit").introduced(&commit).alive());

        self.repo.project.write(OsStr::from_bytes(b"caf\xe9.env"), settings(6).as_bytes());
        let commit = self.repo.commit("a name in Latin-1");
        self.add(Known::new("caf\u{fffd}.env", 6, 2, "commit").introduced(&commit).alive());

        symlink(key(7), self.repo.path("link")).unwrap();
        let commit = self.repo.commit("a link to nowhere");
        let link = Known::new("link", 7, 1, "commit").introduced(&commit).at_head();
        self.add(link.any(&["in_worktree"]));
    }

    fn files_that_go(&mut self) {
        let came = self.repo.commit_file("old/deleted.env", &settings(8));
        self.repo.remove("old/deleted.env");
        let went = self.repo.commit("delete");
        let deleted = Known::new("old/deleted.env", 8, 2, "commit");
        self.add(deleted.introduced(&came).removed(&went));

        let came = self.repo.commit_file("before.env", &settings(9));
        self.repo.git(&["mv", "before.env", "after.env"]);
        let moved = self.repo.commit("rename");
        self.add(Known::new("before.env", 9, 2, "commit").introduced(&came).removed(&moved));
        self.add(Known::new("after.env", 9, 2, "commit").introduced(&moved).alive());

        let came = self.repo.commit_file("thing", &settings(10));
        self.repo.remove("thing");
        let inside = self.keep("thing/inner.env", 11, &settings(11), 2);
        self.add(Known::new("thing", 10, 2, "commit").introduced(&came).removed(&inside));
    }

    fn refs(&mut self) {
        for (branch, path, key) in
            [("other", "branch.env", 12), ("temporary", "tagged.env", 13), ("gone", "far.env", 14)]
        {
            let commit = self.repo.commit_on_branch(branch, path, &settings(key));
            self.add(Known::new(path, key, 2, "commit").introduced(&commit));
        }
        self.repo.git(&["tag", "only-tag", "temporary"]);
        self.repo.git(&["update-ref", "refs/remotes/origin/gone", "gone"]);
        self.repo.git(&["branch", "-q", "-D", "temporary", "gone"]);
        let id = self.repo.store(&settings(15));
        self.repo.git(&["update-ref", "refs/blobs/one", &id]);
        let blob = Known::new(&format!(".git/blob/{id}"), 15, 2, "commit");
        self.add(blob.any(&["refs", "refs_total"]));
    }

    fn merges(&mut self) {
        self.repo.commit_on_branch("evil", "theirs.txt", "theirs\n");
        self.repo.commit_file("ours.txt", "ours\n");
        self.repo.git(&["merge", "-q", "--no-ff", "--no-commit", "evil"]);
        self.keep("evil.env", 16, &settings(16), 2);
        assert_eq!(self.repo.git(&["show", "-s", "--format=%P", "HEAD"]).split(' ').count(), 2);

        let side = self.repo.commit_on_branch("side", "side.env", &settings(17));
        self.repo.commit_file("ours.txt", "more of ours\n");
        self.repo.merge(&["side"]);
        self.repo.git(&["branch", "-q", "-D", "evil", "side"]);
        self.add(Known::new("side.env", 17, 2, "commit").introduced(&side).alive());
    }

    fn messages(&mut self) {
        let message = format!("rotate keys\n\nThe old one was {} and is gone.\n", key(18));
        self.repo.git(&["commit", "-q", "--allow-empty", "-m", &message]);
        let counted = ["at_head", "commits", "refs", "refs_total"];
        let commit = self.repo.commit_of("HEAD");
        let known = Known::new(".git/commit-message", 18, 3, "commit").introduced(&commit);
        self.add(known.any(&counted));

        self.repo.git(&["tag", "-a", "v1", "-m", &format!("release\n\ndeploy with {}\n", key(19))]);
        let tag = self.repo.tag_of("v1");
        let known = Known::new(".git/tag-message", 19, 3, "commit").introduced(&tag);
        self.add(known.any(&counted));

        self.repo.git(&["notes", "add", "-m", &format!("seen: {}", key(20)), "only-tag"]);
        let path = self.repo.id("only-tag^{commit}");
        let note = self.repo.commit_of("refs/notes/commits");
        self.add(Known::new(&path, 20, 1, "note").introduced(&note));
    }

    fn submodule(&mut self, format: &str) {
        let library = Repository::with_format(format);
        let commit = library.commit_file("sub.env", &settings(21));
        self.repo.git(&["submodule", "add", "-q", "--name", "x", &library.shown(), "lib/x"]);
        self.repo.commit("a submodule");
        self.repo.git(&["submodule", "deinit", "-q", "-f", "lib/x"]);
        let known = Known::new("x/sub.env", 21, 2, "commit").introduced(&commit).commits(1);
        self.add(known.any(&["at_head", "refs", "refs_total"]));
        self.keep("loose.env", 22, &settings(22), 2);
    }

    fn reflog(&mut self) {
        let reset = self.repo.commit_file("reset.env", &settings(23));
        self.repo.git(&["reset", "-q", "--hard", "HEAD^"]);
        self.add(Known::new("reset.env", 23, 2, "reflog").introduced(&reset));

        let before = self.repo.commit_file("amended.env", &settings(24));
        self.repo.write("amended.env", "# settings\n");
        self.repo.git(&["commit", "-q", "-a", "--amend", "-m", "settings without a key"]);
        self.add(Known::new("amended.env", 24, 2, "reflog").introduced(&before));
    }

    fn objects_that_no_ref_reaches(&mut self) {
        let id = self.repo.store(&settings(25));
        self.add(Known::new(&format!(".git/blob/{id}"), 25, 2, "unreachable"));

        let blob = self.repo.store(&settings(26));
        let tree = format!("100644 blob {blob}\tin-tree.env\n");
        self.repo.git_reading(&["mktree"], tree.as_bytes());
        self.add(Known::new("in-tree.env", 26, 2, "unreachable"));

        let blob = self.repo.store(&settings(27));
        let tree = format!("100644 blob {blob}\torphan.env\n");
        let tree = self.repo.git_reading(&["mktree"], tree.as_bytes());
        let id = self.repo.git(&["commit-tree", "-m", "nobody's", &tree]);
        let orphan = self.repo.commit_of(&id);
        self.add(Known::new("orphan.env", 27, 2, "unreachable").introduced(&orphan));
    }

    fn stash(&mut self) {
        self.repo.write("ours.txt", &settings(28));
        self.repo.write("new.env", &settings(29));
        self.repo.git(&["stash", "push", "-q", "--include-untracked"]);
        for (path, key, commit) in [("ours.txt", 28, "stash"), ("new.env", 29, "stash^3")] {
            let commit = self.repo.commit_of(commit);
            self.add(Known::new(path, key, 2, "stash").introduced(&commit));
        }
    }

    /// What is not committed. Returns what the staged key is without its index.
    fn working_tree(&mut self) -> Known {
        self.repo.commit_file(".gitignore", "*.local\n");
        for (path, key) in [("untracked.env", 31), ("ignored.local", 32)] {
            self.repo.write(path, &settings(key));
            self.add(Known::new(path, key, 2, "worktree").in_worktree(true));
        }
        self.repo.write("staged.env", &settings(30));
        self.repo.git(&["add", "staged.env"]);
        self.repo.write("staged.env", "# settings\n");
        self.add(Known::new("staged.env", 30, 2, "index"));
        let id = self.repo.id(":staged.env");
        Known::new(&format!(".git/blob/{id}"), 30, 2, "unreachable")
    }
}

/// All commits of a repository and what their trees hold.
struct Trees {
    /// From a commit to its files: path to blob.
    commits: BTreeMap<String, BTreeMap<String, String>>,
    /// From a ref to its commits.
    refs: BTreeMap<String, BTreeSet<String>>,
    /// Commits in the history of a branch, a tag or `HEAD`, but not of the stash alone.
    kept: BTreeSet<String>,
    head: String,
}

impl Trees {
    fn of(repo: &Repository) -> Self {
        let all = repo.git(&["cat-file", "--batch-all-objects", "--batch-check"]);
        let commits = all.lines().filter_map(|line| {
            let id = line.split_once(" commit ")?.0;
            Some((id.to_owned(), files(&repo.git(&["ls-tree", "-r", "-z", id]))))
        });
        let refs = repo.git(&["for-each-ref", "--format=%(refname)"]);
        let refs = refs.lines().filter(|name| !name.starts_with("refs/blobs/"));
        let history = |names: &[&str]| -> BTreeSet<String> {
            repo.git(&[&["rev-list"], names].concat()).lines().map(Into::into).collect()
        };
        let kept = ["--exclude=refs/stash", "--exclude=refs/notes/*", "--all", "HEAD"];
        Self {
            commits: commits.collect(),
            refs: refs.map(|name| (name.to_owned(), history(&[name]))).collect(),
            kept: history(&kept),
            head: repo.id("HEAD"),
        }
    }

    /// Fills in which commits and refs contain a key that stands in a tree.
    fn count(&self, known: Known) -> Known {
        let blob = known
            .introduced_by()
            .and_then(|commit| self.commits.get(commit))
            .and_then(|files| files.get(&known.path));
        let Some(blob) = blob else { return known };
        let having: BTreeSet<&String> = self
            .commits
            .iter()
            .filter(|(_, files)| files.get(&known.path) == Some(blob))
            .map(|(id, _)| id)
            .collect();
        let reaches = |ids: &BTreeSet<String>| having.iter().any(|id| ids.contains(*id));
        let refs: Vec<&str> = self
            .refs
            .iter()
            .filter(|(_, ids)| reaches(ids))
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(known.is_at_head(), having.contains(&self.head), "{}", known.path);
        // What a branch has is not counted again in the stash and the reflog.
        let counted = |id: &&&String| known.reach() != "commit" || self.kept.contains(**id);
        let commits = having.iter().filter(counted).count();
        known.commits(commits).refs(&refs)
    }
}

fn files(listed: &str) -> BTreeMap<String, String> {
    let entries = listed.split('\0').filter(|entry| !entry.is_empty());
    let file = |entry: &str| {
        let (about, path) = entry.split_once('\t').unwrap();
        (path.to_owned(), about.rsplit(' ').next().unwrap().to_owned())
    };
    entries.map(file).collect()
}
