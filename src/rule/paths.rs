//! The files that a rule is for, by globs on their paths.

use globset::{Error, GlobBuilder, GlobSet, GlobSetBuilder};

/// Which files a rule is for, compiled.
#[derive(Debug)]
pub(super) struct Files {
    only: Option<GlobSet>,
    not: GlobSet,
}

impl Files {
    /// Those that match one of `paths`, if there are any, and none of `not_paths`.
    ///
    /// # Errors
    ///
    /// If one of them is no glob.
    pub(super) fn new<G: AsRef<str>>(paths: &[G], not_paths: &[G]) -> Result<Self, Error> {
        let only = (!paths.is_empty()).then(|| compile(paths)).transpose()?;
        Ok(Self { only, not: compile(not_paths)? })
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.is_match(path)) && !self.not.is_match(path)
    }
}

/// One set of `globs`. A glob without a `/` is asked of the file's name, whatever directory that is in; one
/// with a `/` of the end of the path. Case is ignored, and `*` stops at a `/`.
///
/// # Errors
///
/// If one of them is no glob.
pub(crate) fn compile<G: AsRef<str>>(globs: &[G]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let anywhere = format!("**/{}", glob.as_ref());
        set.add(
            GlobBuilder::new(&anywhere).literal_separator(true).case_insensitive(true).build()?,
        );
    }
    set.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_is_asked_of_the_end_of_a_path() {
        let is = |glob: &str, path: &str| compile(&[glob]).unwrap().is_match(path);
        assert!(is(".netrc", ".netrc") && is(".netrc", "home/joe/.netrc"));
        assert!(is("config/*.key", "app/config/master.key"));
        assert!(!is("config/*.key", "app/config/keys/master.key"));
        assert!(!is(".netrc", "docs/x.netrc"));
        assert!(compile(&["[a"]).is_err());
    }

    #[test]
    fn a_file_that_is_ruled_out_is_out_although_it_is_asked_for() {
        let has = |paths: &[&str], path: &str| Files::new(paths, &["b.*"]).unwrap().has(path);
        assert!(has(&[], "a.json") && !has(&[], "sub/b.json"));
        assert!(has(&["*.json"], "a.json") && !has(&["*.json"], "a.toml"));
        assert!(!has(&["*.json"], "b.json"));
    }
}
