//! `straykey config`.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    Exit, print,
    settings::{self, Asked},
    warn,
};
use crate::{
    cli::{ConfigArgs, ConfigCommand},
    config::{
        Settings,
        import::{self, Imported},
        schema,
        show::{self, Values},
    },
};

pub(super) fn config(command: &ConfigCommand) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Show { path, config, show_secrets } => {
            let values = if *show_secrets { Values::Shown } else { Values::Masked };
            show(path, config, values)
        }
        ConfigCommand::Import { paths, output } => import(paths, output.as_deref()),
        ConfigCommand::Schema { file } => print(schema::text(*file).as_bytes()),
    }
}

fn show(path: &Path, args: &ConfigArgs, values: Values) -> anyhow::Result<Exit> {
    let asked = Asked::new(args, Some(&settings::root(Some(path))), Settings::default())?;
    // Who asks what a scan would use wants to hear that it would refuse.
    asked.rules()?;
    print(show::toml(&asked.settings, values).as_bytes())
}

/// What could not be carried is told, and is no failure: the rest is right.
fn import(paths: &[PathBuf], output: Option<&Path>) -> anyhow::Result<Exit> {
    let imported = import::import(paths)?;
    let text = import::toml(&imported);
    match output {
        None => {
            print(text.as_bytes())?;
        }
        Some(path) => write_new(path, &text)?,
    }
    for lost in &imported.lost {
        warn(&format!("not carried: {lost}"));
    }
    for changed in &imported.changed {
        warn(&format!("changed: {changed}"));
    }
    let Imported { disable, allow, rules, lost, .. } = &imported;
    let counts = [rules.len(), allow.len(), disable.len(), lost.len()];
    let [rules, allow, disable, lost] = counts;
    warn(&format!(
        "carried {rules} rules, {allow} allow entries, {disable} disabled rules; {lost} things were not carried"
    ));
    Ok(Exit::Clean)
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let context = || format!("cannot write `{}`; an existing file is left alone", path.display());
    let mut file = File::create_new(path).with_context(context)?;
    file.write_all(text.as_bytes()).with_context(context)
}
