//! The files that a rule is for, by globs on their paths.

use globset::{Error, GlobBuilder, GlobSet, GlobSetBuilder};

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
}
