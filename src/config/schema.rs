//! The forms of `straykey.toml` and of a policy as JSON schemas, for editors.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use super::file::{ConfigFile, PolicyFile};

/// A file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `straykey.toml`.
    Config,
    /// What `--policy` takes.
    Policy,
}

impl File {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Config, Self::Policy];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Policy => "policy",
        }
    }
}

/// The schema of `file`, pretty, with a line break at its end.
pub fn text(file: File) -> String {
    let schema = match file {
        File::Config => with_changes(of::<ConfigFile>()),
        File::Policy => of::<PolicyFile>(),
    };
    format!("{schema:#}\n")
}

fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07();
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// A rule that exists is changed by naming it and what is different: no other key must be there.
fn with_changes(mut schema: Value) -> Value {
    if let Some(rule) = schema.pointer_mut("/definitions/RuleForm") {
        rule["required"] = json!(["id"]);
    }
    schema
}
