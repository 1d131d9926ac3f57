//! Files in which a name with a value is no credential: translations say what a password is called, lock
//! files what a package's hash is.

use std::fmt;

/// Such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What the user interface says, in one language.
    Translation,
    /// What a package manager resolved.
    LockFile,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Translation => "a file of translations",
            Self::LockFile => "a lock file of a package manager",
        })
    }
}

/// Directories of translations.
const DIRECTORIES: [&str; 10] = [
    "i18n",
    "l10n",
    "locale",
    "locales",
    "lang",
    "langs",
    "languages",
    "translation",
    "translations",
    "lproj",
];

/// Formats that hold nothing else. XLIFF, gettext, Qt, Flutter, Apple, .NET.
const EXTENSIONS: [&str; 8] =
    ["po", "pot", "xlf", "xliff", "arb", "strings", "stringsdict", "resx"];

const LOCK_FILES: [&str; 13] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "deno.lock",
    "Cargo.lock",
    "composer.lock",
    "Gemfile.lock",
    "poetry.lock",
    "Pipfile.lock",
    "go.sum",
    "Podfile.lock",
];

/// Which of them the file at `path` is, if any.
pub(super) fn place(path: &str) -> Option<Place> {
    let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
    if LOCK_FILES.contains(&name) {
        return Some(Place::LockFile);
    }
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
    let is_directory = |d: &str| {
        let d = d.rsplit_once('.').map_or(d, |(_, kind)| kind);
        DIRECTORIES.iter().any(|known| d.eq_ignore_ascii_case(known))
    };
    (EXTENSIONS.contains(&extension) || directories.split('/').any(is_directory))
        .then_some(Place::Translation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_or_its_directory() {
        assert_eq!(place("web/src/locales/de.json"), Some(Place::Translation));
        assert_eq!(place("app/de.lproj/Main.strings"), Some(Place::Translation));
        assert_eq!(place("Resources.resx"), Some(Place::Translation));
        assert_eq!(place("web/package-lock.json"), Some(Place::LockFile));
        assert_eq!(place("src/locale.rs"), None);
        assert_eq!(place("language-server/config.json"), None);
    }
}
