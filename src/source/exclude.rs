//! Globs of paths that the user does not want to see.

use ignore::overrides::{Override, OverrideBuilder};

use super::SourceError;

/// Paths that are left out.
#[derive(Debug)]
pub struct Excluded(Override);

impl Excluded {
    /// What any of `globs` matches; as in an ignore file, a name without a slash matches anywhere.
    ///
    /// # Errors
    ///
    /// If one of them can't be parsed or is empty.
    pub fn new(globs: &[String]) -> Result<Self, SourceError> {
        let mut builder = OverrideBuilder::new(".");
        for glob in globs {
            // As git reads ignore files it would match everything: `--exclude "$UNSET"` found nothing.
            if glob.trim().is_empty() {
                let source = ignore::Error::Glob { glob: None, err: "it is empty".into() };
                return Err(SourceError::Glob { glob: glob.clone(), source });
            }
            // In an override, `!` leaves out.
            builder
                .add(&format!("!{glob}"))
                .map_err(|source| SourceError::Glob { glob: glob.clone(), source })?;
        }
        let all = builder
            .build()
            .map_err(|source| SourceError::Glob { glob: globs.join(" "), source })?;
        Ok(Self(all))
    }

    /// Whether the file at `path`, or a directory above it, is left out.
    pub fn covers(&self, path: &str) -> bool {
        let directory = path.rfind('/').map_or("", |at| &path[..at]);
        self.0.matched(path, false).is_ignore() || self.covers_directory(directory)
    }

    /// Whether the directory at `path`, or one above it, is left out.
    pub fn covers_directory(&self, path: &str) -> bool {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        above.chain([path]).any(|d| !d.is_empty() && self.0.matched(d, true).is_ignore())
    }

    /// For the walk, which asks for itself.
    pub(super) fn into_override(self) -> Override {
        self.0
    }
}
