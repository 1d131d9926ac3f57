//! The real binary on real directories: one test binary, so that the crate is linked once.
//!
//! No key stands in any file of these tests. A fixture holds marks, and the fakes that replace them
//! are joined from the cases of the rules themselves.
//!
//! They set permissions, make links and write hooks, so they run on Unix only.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is its purpose")]

mod action;
mod aliases;
mod bad_input;
mod ci;
mod commands;
mod config;
mod containers;
mod documents;
mod encoded;
mod everything_inside;
mod fakes;
mod fixtures;
mod formats;
mod hidden;
mod history;
mod history_bad;
mod history_edits;
mod history_random;
mod history_truth;
mod hook;
mod hook_install;
mod hostile_containers;
mod hostile_pdf;
mod import;
mod inputs;
mod install;
mod jwt;
mod output;
mod pack;
mod packs;
mod pdf;
mod pdf_writer;
mod pieces;
mod project;
mod report;
mod repository;
mod runner;
mod sarif;
mod small_scans;
mod triage;
mod whole_files;
