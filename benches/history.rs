//! A repository's blobs, made in memory and nothing more: the floor of a history scan.
//!
//! `cargo bench --bench history -- REPOSITORY` prints how many there are and how long it took.
//! `benches/compare.py --history` runs it beside the scanners.

#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::{env, path::Path, process::ExitCode, time::Instant};

use straykey::source::git;

fn main() -> ExitCode {
    let Some(path) = env::args().skip(1).find(|a| !a.starts_with("--")) else {
        println!("no repository was named: `cargo bench --bench history -- REPOSITORY`");
        return ExitCode::SUCCESS;
    };
    match git::open(Path::new(&path)) {
        Ok(repository) => {
            let started = Instant::now();
            let (blobs, bytes) = git::history::materialise(&repository);
            let seconds = started.elapsed().as_secs_f64();
            println!("{blobs} blobs, {:.2} GB, {seconds:.2} s", bytes as f64 / 1e9);
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
