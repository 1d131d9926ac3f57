//! Writes git hooks and takes them away again. A hook that is there already is kept, runs first, and comes
//! back when ours goes.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A hook of git (githooks(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Before a commit is made.
    PreCommit,
    /// Before anything is pushed.
    PrePush,
    /// On a server, before a push is accepted.
    PreReceive,
}

impl Hook {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PreCommit, Self::PrePush, Self::PreReceive];

    /// The name of its file, and the word in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
        }
    }

    /// What `SKIP` calls it, as the pre-commit framework does. Whoever pushes can't skip what a server runs.
    pub fn id(self) -> Option<&'static str> {
        match self {
            Self::PreCommit => Some("straykey"),
            Self::PrePush => Some("straykey-push"),
            Self::PreReceive => None,
        }
    }

    /// How to go on without it.
    fn way_around(self) -> &'static str {
        match self {
            Self::PreCommit => "git commit --no-verify",
            Self::PrePush => "git push --no-verify",
            Self::PreReceive => "straykey hook uninstall, on the server",
        }
    }
}

/// What else runs hooks where ours is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// <https://pre-commit.com>
    PreCommit,
    /// <https://lefthook.dev>
    Lefthook,
}

/// What became of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The hook.
    pub path: PathBuf,
    /// The hook that was there before: it runs first.
    pub kept: Option<PathBuf>,
    /// Who wrote that one.
    pub manager: Option<Manager>,
}

/// What became of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// There is no hook any more.
    Gone(PathBuf),
    /// The hook that was there before is back.
    Restored(PathBuf),
    /// There was no hook of ours; nothing was touched.
    NotOurs(PathBuf),
}

/// Why a hook could not be written or taken away.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the documentation of its variant")]
pub enum HookError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write `{}`", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` and `{}` are both hooks of somebody else: remove one of them, then install again", path.display(), kept.display())]
    Both { path: PathBuf, kept: PathBuf },
    #[error("`{}` belongs to husky, which writes it anew: put the line `straykey hook run {name}` into `.husky/{name}` instead", path.display())]
    Husky { path: PathBuf, name: &'static str },
}

/// What our hooks have in their second line.
const MARK: &str = "# Written by `straykey hook install`";
const KEPT: &str = "before-straykey";

/// Writes `hook` into `directory`. Twice is as good as once.
///
/// `program` is where the script looks for straykey if it is not on `PATH`.
///
/// # Errors
///
/// If the directory can't be written, or another hook manager would not run what is written there.
pub fn install(
    directory: &Path,
    hook: Hook,
    program: Option<&Path>,
) -> Result<Installed, HookError> {
    let path = directory.join(hook.name());
    if is_huskys(directory) {
        return Err(HookError::Husky { path, name: hook.name() });
    }
    let write = |source| HookError::Write { path: path.clone(), source };
    fs::create_dir_all(directory).map_err(write)?;
    let kept = kept(&path);
    let new = directory.join(format!("{}.new-straykey", hook.name()));
    fs::write(&new, script(hook, program)).and_then(|()| make_executable(&new)).map_err(write)?;
    if exists(&path) && !is_ours(&path)? {
        if exists(&kept) {
            fs::remove_file(&new).map_err(write)?;
            return Err(HookError::Both { path, kept });
        }
        fs::rename(&path, &kept).map_err(write)?;
    }
    if let Err(source) = fs::rename(&new, &path) {
        // Better the old hook than none; if it can't come back, the first error says why.
        let _ = fs::rename(&kept, &path);
        return Err(HookError::Write { path, source });
    }
    let kept = Some(kept).filter(|kept| exists(kept));
    let manager = kept.as_deref().and_then(manager);
    Ok(Installed { path, kept, manager })
}

/// Takes `hook` out of `directory` and brings back what was there before.
///
/// # Errors
///
/// If the directory can't be read or written.
pub fn uninstall(directory: &Path, hook: Hook) -> Result<Removed, HookError> {
    let path = directory.join(hook.name());
    if !exists(&path) || !is_ours(&path)? {
        return Ok(Removed::NotOurs(path));
    }
    let kept = kept(&path);
    let write = |source| HookError::Write { path: path.clone(), source };
    if exists(&kept) {
        fs::rename(&kept, &path).map_err(write)?;
        return Ok(Removed::Restored(path));
    }
    fs::remove_file(&path).map_err(write)?;
    Ok(Removed::Gone(path))
}

/// Where the hook that was at `path` before is kept.
fn kept(path: &Path) -> PathBuf {
    path.with_extension(KEPT)
}

/// Whether something stands at `path`, if only a link that leads nowhere.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn is_ours(path: &Path) -> Result<bool, HookError> {
    match fs::read(path) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).contains(MARK)),
        // A link that leads nowhere is somebody's.
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(HookError::Read { path: path.into(), source }),
    }
}

/// Husky points `core.hooksPath` to `.husky/_`, whose files it writes anew at each `npm install`.
fn is_huskys(directory: &Path) -> bool {
    directory.ends_with(".husky/_")
}

fn manager(path: &Path) -> Option<Manager> {
    let text = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&text);
    if text.contains("File generated by pre-commit") {
        return Some(Manager::PreCommit);
    }
    text.contains("call_lefthook").then_some(Manager::Lefthook)
}

fn make_executable(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    // Elsewhere git runs whatever begins with `#!`.
    #[cfg(not(unix))]
    fs::metadata(path)?;
    Ok(())
}

/// The text of a hook, in POSIX sh.
fn script(hook: Hook, program: Option<&Path>) -> String {
    let name = hook.name();
    let around = hook.way_around();
    let fallback = program.map_or_else(|| "''".into(), quoted);
    let before = match hook {
        Hook::PreCommit => "    \"$before\" \"$@\" || exit $?\n",
        // Both read what git says of the references. The `x` keeps the last line end.
        Hook::PrePush | Hook::PreReceive => {
            "    printf '%s' \"${refs%x}\" | \"$before\" \"$@\" || exit $?\n"
        }
    };
    let (read, run) = match hook {
        Hook::PreCommit => ("", format!("exec \"$straykey\" hook run {name}\n")),
        Hook::PrePush | Hook::PreReceive => (
            "refs=$(cat; printf x)\n",
            format!("printf '%s' \"${{refs%x}}\" | \"$straykey\" hook run {name} -- \"$@\"\n"),
        ),
    };
    format!(
        "#!/bin/sh\n\
         {MARK}; `straykey hook uninstall` takes it away.\n\
         # The hook that was here before, if any, has `.{KEPT}` behind its name and runs first.\n\
         {read}\
         before=\"$0.{KEPT}\"\n\
         if [ -x \"$before\" ]; then\n\
         {before}\
         fi\n\
         straykey=$(command -v straykey) || straykey={fallback}\n\
         if [ ! -x \"$straykey\" ]; then\n\
         {INDENT}echo \"straykey is not on PATH${{straykey:+ and not at $straykey}}, so nothing was scanned.\" >&2\n\
         {INDENT}echo 'Install it, or go on without it: {around}' >&2\n\
         {INDENT}exit 1\n\
         fi\n\
         {run}"
    )
}

/// A line break in a literal eats the spaces behind it.
const INDENT: &str = "    ";

/// `path` as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_whatever_it_holds() {
        assert_eq!(quoted(Path::new("/a b/$(c)/d'e")), r"'/a b/$(c)/d'\''e'");
    }

    #[test]
    fn a_hook_is_a_short_script() {
        insta::assert_snapshot!(script(Hook::PrePush, Some(Path::new("/opt/straykey"))), @r##"
        #!/bin/sh
        # Written by `straykey hook install`; `straykey hook uninstall` takes it away.
        # The hook that was here before, if any, has `.before-straykey` behind its name and runs first.
        refs=$(cat; printf x)
        before="$0.before-straykey"
        if [ -x "$before" ]; then
            printf '%s' "${refs%x}" | "$before" "$@" || exit $?
        fi
        straykey=$(command -v straykey) || straykey='/opt/straykey'
        if [ ! -x "$straykey" ]; then
            echo "straykey is not on PATH${straykey:+ and not at $straykey}, so nothing was scanned." >&2
            echo 'Install it, or go on without it: git push --no-verify' >&2
            exit 1
        fi
        printf '%s' "${refs%x}" | "$straykey" hook run pre-push -- "$@"
        "##);
    }
}
