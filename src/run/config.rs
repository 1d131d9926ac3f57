//! `straykey config`.

use std::path::Path;

use super::{
    Exit, print,
    settings::{self, Asked},
};
use crate::{
    cli::{ConfigArgs, ConfigCommand},
    config::{
        Settings, schema,
        show::{self, Values},
    },
};

pub(super) fn config(command: &ConfigCommand) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Show { path, config, show_secrets } => {
            let values = if *show_secrets { Values::Shown } else { Values::Masked };
            show(path, config, values)
        }
        ConfigCommand::Schema { file } => print(schema::text(*file).as_bytes()),
    }
}

fn show(path: &Path, args: &ConfigArgs, values: Values) -> anyhow::Result<Exit> {
    let asked = Asked::new(args, Some(&settings::root(Some(path))), Settings::default())?;
    // Who asks what a scan would use wants to hear that it would refuse.
    asked.rules()?;
    print(show::toml(&asked.settings, values).as_bytes())
}
