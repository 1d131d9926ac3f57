//! What a scan can have seen: only that can be called gone.

/// How much a scan looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Some files, or what some commits add: what is not found may be elsewhere.
    Part,
    /// All files that stand there today, but not the history that they have.
    Tree,
    /// All there is.
    Everything,
}

/// Which rules a scan used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// All that there are.
    All,
    /// Those that the user chose.
    Chosen,
}

/// What a scan can have seen.
pub struct Ground<'g> {
    /// How much it looked at.
    pub extent: Extent,
    /// With which rules.
    pub rules: Rules,
    /// Whether it would have found what stands in the file at this path today.
    pub searched: &'g dyn Fn(&str) -> bool,
    /// Whether there is a file at this path today.
    pub exists: &'g dyn Fn(&str) -> bool,
}
