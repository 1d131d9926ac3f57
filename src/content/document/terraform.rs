//! States of Terraform and OpenTofu. Their form is not documented; what is read here is what
//! `internal/states/statefile/version4.go` and `version3.go` of OpenTofu declare.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Document, entries};
use crate::{content::container::shown, route::Step};

#[derive(Deserialize)]
struct State<'t> {
    #[serde(borrow)]
    outputs: Option<&'t RawValue>,
    #[serde(borrow, default)]
    resources: Vec<&'t RawValue>,
    /// Before version 4.
    #[serde(borrow, default)]
    modules: Vec<Module<'t>>,
}

#[derive(Deserialize)]
struct Resource<'t> {
    module: Option<String>,
    mode: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(borrow, default)]
    instances: Vec<&'t RawValue>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(default)]
    index_key: Value,
}

#[derive(Deserialize)]
struct Module<'t> {
    #[serde(default)]
    path: Vec<String>,
    #[serde(borrow)]
    outputs: Option<&'t RawValue>,
    /// By their addresses.
    #[serde(borrow)]
    resources: Option<&'t RawValue>,
}

pub(super) fn read<'t>(
    document: &mut Document<'t>,
    text: &'t str,
    places: &[usize],
) -> serde_json::Result<()> {
    let State { outputs, resources, modules } = serde_json::from_str(text)?;
    document.add_named("output ", outputs, places)?;
    for (_, resource, places) in document.holding(&resources, places) {
        let resource: Resource<'t> = serde_json::from_str(resource.get())?;
        document.add(&[step(&resource.address())], places);
        for (_, instance, places) in document.holding(&resource.instances, places) {
            let Instance { index_key } = serde_json::from_str(instance.get())?;
            if !index_key.is_null() {
                document.add(&[step(&format!("{}[{index_key}]", resource.address()))], places);
            }
        }
    }
    for Module { path, outputs, resources } in modules {
        let inner = path.iter().skip(1).map(|name| format!("module.{name}."));
        let module = inner.collect::<String>();
        document.add_named(&format!("output {module}"), outputs, places)?;
        document.add_named(&format!("resource {module}"), resources, places)?;
    }
    Ok(())
}

impl<'t> Document<'t> {
    /// Places in the values of `object` belong to their names, with `before` in front.
    fn add_named(
        &mut self,
        before: &str,
        object: Option<&'t RawValue>,
        places: &[usize],
    ) -> serde_json::Result<()> {
        let (names, values): (Vec<_>, Vec<_>) = entries(object)?.into_iter().unzip();
        for (number, _, places) in self.holding(&values, places) {
            let name = format!("{before}{}", names[number - 1]);
            self.add(&[Step::Named(shown(name.as_bytes()))], places);
        }
        Ok(())
    }
}

impl Resource<'_> {
    fn address(&self) -> String {
        let module = self.module.as_ref().map(|path| format!("{path}.")).unwrap_or_default();
        let mode = if self.mode.as_deref() == Some("data") { "data." } else { "" };
        format!("{module}{mode}{}.{}", self.kind, self.name)
    }
}

fn step(address: &str) -> Step {
    Step::Named(shown(format!("resource {address}").as_bytes()))
}
