//! Source maps, which quote what a script was made from: <https://tc39.es/ecma426/>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Document;
use crate::{content::container::shown, route::Step};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SourceMap<'t> {
    #[serde(default)]
    sources: Vec<Option<String>>,
    source_root: Option<String>,
    #[serde(borrow, default)]
    sources_content: Vec<&'t RawValue>,
    /// A map of maps has these instead.
    #[serde(borrow, default)]
    sections: Vec<Section<'t>>,
}

#[derive(Deserialize)]
struct Section<'t> {
    #[serde(borrow)]
    map: Option<&'t RawValue>,
}

pub(super) fn read<'t>(
    document: &mut Document<'t>,
    text: &'t str,
    places: &[usize],
) -> serde_json::Result<()> {
    let map: SourceMap<'t> = serde_json::from_str(text)?;
    let maps: Vec<_> = map.sections.iter().filter_map(|section| section.map).collect();
    document.read_map(&map, places);
    for (_, map, places) in document.holding(&maps, places) {
        document.read_map(&serde_json::from_str(map.get())?, places);
    }
    Ok(())
}

impl<'t> Document<'t> {
    fn read_map(&mut self, map: &SourceMap<'t>, places: &[usize]) {
        for (number, content, places) in self.holding(&map.sources_content, places) {
            let source = map.sources.get(number - 1).and_then(Option::as_deref);
            let step = match source {
                Some(source) => Step::Original(path(map.source_root.as_deref(), source)),
                None => Step::Part { kind: "source", number },
            };
            self.add_text(&[step], Some(content), places);
        }
    }
}

/// The path of `source` below the directory `root`, without what bundlers put around it: a scheme, a name
/// space and a query.
fn path(root: Option<&str>, source: &str) -> String {
    let inner =
        source.split_once("://").map(|(_, rest)| rest.split_once('/').map_or(rest, |r| r.1));
    let path = inner.unwrap_or(source).split('?').next().unwrap_or_default();
    let path = path.strip_prefix("./").unwrap_or(path);
    let root = root.filter(|root| !root.is_empty() && inner.is_none() && !path.starts_with('/'));
    match root {
        Some(root) => shown(format!("{}/{path}", root.trim_end_matches('/')).as_bytes()),
        None => shown(path.as_bytes()),
    }
}
