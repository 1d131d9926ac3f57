//! Globs as an ignore file has them, matched against the paths of reports.

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};

/// Globs, of which the last one that matches decides; `!` takes back what an earlier one matches.
#[derive(Debug, Clone)]
pub struct Paths(Gitignore);

/// A text is no glob.
#[derive(Debug, thiserror::Error)]
#[error("`{glob}` is not a glob: {why}")]
pub struct GlobError {
    glob: String,
    why: String,
}

impl Paths {
    /// The patterns of `globs`, in this order.
    ///
    /// # Errors
    ///
    /// If one of them can't be parsed, or is empty.
    pub fn new<G: AsRef<str>>(globs: &[G]) -> Result<Self, GlobError> {
        let mut builder = GitignoreBuilder::new("");
        for glob in globs.iter().map(AsRef::as_ref) {
            let error = |why| GlobError { glob: glob.to_owned(), why };
            // As git reads an ignore file, it would match nothing, and nobody would know.
            if glob.trim().is_empty() {
                return Err(error("it is empty".into()));
            }
            builder.add_line(None, glob).map_err(|e| error(reason(&e)))?;
        }
        let all = builder.build().map_err(|e| GlobError {
            glob: globs.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" "),
            why: reason(&e),
        })?;
        Ok(Self(all))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The glob that decides for `path` or a directory above it, if it says yes.
    pub fn matching(&self, path: &str) -> Option<&str> {
        // A path that begins with a slash would be a panic; paths of reports are relative.
        let path = path.trim_start_matches('/');
        if path.is_empty() {
            return None;
        }
        match self.0.matched_path_or_any_parents(path, false) {
            Match::Ignore(glob) => Some(glob.original()),
            Match::None | Match::Whitelist(_) => None,
        }
    }
}

fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_as_in_an_ignore_file() {
        let paths = Paths::new(&["*.snap", "/top", "docs/**/a.md", "!keep.snap"]).expect("globs");
        let matched = ["x/y.snap", "top/b", "x/top", "docs/v/a.md", "keep.snap", "", "/etc/x.snap"]
            .map(|p| paths.matching(p).is_some());
        assert_eq!(matched, [true, true, false, true, false, false, true]);
        assert_eq!(paths.matching("x/y.snap"), Some("*.snap"));
    }

    #[test]
    fn what_is_no_glob_is_named() {
        let says = |glob: &str| Paths::new(&[glob]).expect_err("it is none").to_string();
        assert_eq!(says(" "), "` ` is not a glob: it is empty");
        assert!(says("a{").starts_with("`a{` is not a glob: "));
    }
}
