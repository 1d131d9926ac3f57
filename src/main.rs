//! Parses the command line, calls `run`, and turns an error into text and an exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser as _;
use straykey::{cli::Cli, run};

fn main() -> ExitCode {
    match run::run(&Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => {
            // Nobody can be told if standard error is closed as well.
            let _ = writeln!(io::stderr(), "straykey: {error:#}");
            ExitCode::from(2)
        }
    }
}
