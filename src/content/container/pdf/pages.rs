//! The pages of a file, in their order (ISO 32000-1, section 7.7.3).

use std::collections::HashSet;

use super::{
    file::File,
    value::{Dict, Value, references},
};
use crate::{content::container::Members, coverage::Limit};

/// A page.
#[derive(Clone, Copy)]
pub(super) struct Page<'f> {
    pub(super) number: u32,
    pub(super) dict: Dict<'f>,
    /// What states its resources: itself, or what is around it.
    pub(super) resources: Option<Value<'f>>,
}

/// All pages that the root leads to. Each object is one page at most, so a tree without end has one; what is `seen` is
/// none any more.
pub(super) fn pages<'f>(
    file: &'f File<'_>,
    seen: &mut HashSet<u32>,
    members: &mut dyn Members,
) -> Result<Vec<Page<'f>>, Limit> {
    let mut pages = Vec::new();
    let mut left: Vec<_> = file.first_pages().map(|number| (number, None)).into_iter().collect();
    seen.extend(left.iter().map(|(number, _)| number));
    while let Some((number, around)) = left.pop() {
        let Value::Dict(dict) = file.resolve(Value::Reference(number)) else { continue };
        let resources = dict.get(b"Resources").or(around);
        match file.get(dict, b"Kids") {
            Some(Value::Array(kids)) => {
                let first = left.len();
                let kids = references(kids).filter(|&kid| seen.insert(kid));
                left.extend(kids.map(|kid| (kid, resources)));
                left[first..].reverse();
            }
            Some(_) | None => pages.push(Page { number, dict, resources }),
        }
        members.spend(file.take_work())?;
    }
    Ok(pages)
}
