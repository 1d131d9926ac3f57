//! The pages of a file, in their order (ISO 32000-1, section 7.7.3).

use std::collections::HashSet;

use super::{
    content::Resources,
    file::File,
    value::{Dict, Value, items},
};
use crate::{content::container::Members, coverage::Limit};

/// A page.
#[derive(Clone, Copy)]
pub(super) struct Page<'f> {
    pub(super) number: u32,
    pub(super) dict: Dict<'f>,
    /// Its own, or those of the pages around it.
    pub(super) resources: Resources<'f>,
}

/// All pages that the root leads to. Each object is one page at most, so a tree without end has one; what is `seen` is
/// none any more.
pub(super) fn pages<'f>(
    file: &'f File<'_>,
    seen: &mut HashSet<u32>,
    members: &mut dyn Members,
) -> Result<Vec<Page<'f>>, Limit> {
    let mut pages = Vec::new();
    let first = file.first_pages().map(|number| (Value::Reference(number), Resources::default()));
    let mut left: Vec<_> = first.into_iter().collect();
    while let Some((value, around)) = left.pop() {
        let Value::Reference(number) = value else { continue };
        let Value::Dict(dict) = file.resolve(value) else { continue };
        if !seen.insert(number) {
            continue;
        }
        let resources = file.dict_at(dict, b"Resources").map_or(around, |dict| Resources { dict });
        match file.get(dict, b"Kids") {
            Some(Value::Array(kids)) => {
                let first = left.len();
                left.extend(items(kids).map(|kid| (kid, resources)));
                left[first..].reverse();
            }
            Some(_) | None => pages.push(Page { number, dict, resources }),
        }
        members.spend(file.take_work())?;
    }
    Ok(pages)
}
