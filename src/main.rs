//! Parses the command line, calls `run`, and turns an error into text and an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use straykey::{cli::Cli, run};

fn main() -> ExitCode {
    match run::run(&Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => {
            run::warn(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}
