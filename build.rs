//! Checks `rules/*.toml` and stores them in the binary: the rules as blobs that are read without parsing
//! TOML, with what a search needs first, and the files' texts for `straykey rules test`. A wrong rule file fails
//! the build.

use std::{env, fmt::Write as _, fs, path::PathBuf, process::ExitCode};

#[path = "src/letters.rs"]
#[allow(dead_code, unreachable_pub, reason = "of this module the build needs a part")]
mod letters;
#[path = "src/mark/own.rs"]
#[allow(unreachable_pub, reason = "the library publishes it")]
mod mark;

#[path = "src/prefilter"]
#[allow(dead_code, unreachable_pub, reason = "of these modules the build needs a part")]
mod prefilter {
    mod common;
    mod grams;
    mod rows;
    pub(crate) mod words;
}

#[path = "src/rule"]
#[allow(dead_code, unreachable_pub, reason = "of these modules the build needs a part")]
mod rule {
    pub(crate) mod bytes;
    pub(crate) mod check;
    pub(crate) mod file;
    pub(crate) mod group;
    mod known_by;
    pub(crate) mod lead;
    mod paths;
    pub(crate) mod shape;
    pub(crate) mod spec;
    mod streak;
    pub(crate) mod text;

    pub(crate) use group::{Group, List, Patterns};
    pub(crate) use spec::PatternSpec;

    /// Where the texts of the catalogue go, each of them once.
    pub(crate) mod pool {
        use std::{cell::RefCell, collections::HashMap};

        /// Where a text begins, and its length.
        type Place = (u32, u32);

        thread_local! {
            static ENTERED: RefCell<(String, HashMap<String, Place>)> = RefCell::default();
        }

        pub(crate) fn enter(text: &str) -> Option<Place> {
            ENTERED.with_borrow_mut(|(all, places)| {
                if let Some(place) = places.get(text) {
                    return Some(*place);
                }
                let place = (all.len().try_into().ok()?, text.len().try_into().ok()?);
                all.push_str(text);
                places.insert(text.to_owned(), place);
                Some(place)
            })
        }

        pub(crate) fn text() -> &'static str {
            ""
        }

        pub(crate) fn all() -> String {
            ENTERED.with_borrow(|(all, _)| all.clone())
        }
    }
}

use prefilter::words::Prefilter;
use rule::{Patterns, check, pool, spec};

#[expect(clippy::use_debug, reason = "a path's debug form is a literal of the language")]
fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=rules");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut paths: Vec<PathBuf> = fs::read_dir(root.join("rules"))
        .expect("`rules` is a directory of this package")
        .map(|e| e.expect("`rules` can be listed").path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    let mut texts = String::from("&[");
    let mut files = Vec::new();
    let mut errors = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).expect("a rule file is UTF-8 text");
        let name = path.file_name().expect("it was listed").to_string_lossy();
        write!(texts, "(\"rules/{name}\", include_str!({path:?})),").expect("a string takes all");
        match check::parse_file(&PathBuf::from(format!("rules/{name}")), &text) {
            Ok(file) => files.push((PathBuf::from(format!("rules/{name}")), file)),
            Err(e) => errors.push(e),
        }
    }
    texts.push(']');
    match check::check_files(spec::Catalogue::default(), &files, check::Cases::Required) {
        Ok(mut catalogue) if errors.is_empty() => {
            let patterns = Patterns::take(&mut catalogue.rules);
            let words = Prefilter::of(&patterns);
            let words = postcard::to_stdvec(&words).expect("plain data serialises");
            let patterns = postcard::to_stdvec(&patterns).expect("plain data serialises");
            let catalogue = postcard::to_stdvec(&catalogue).expect("plain data serialises");
            let write = |name: &str, bytes: &[u8]| {
                fs::write(out.join(name), bytes).expect("cargo made the directory");
            };
            write("words.bin", &words);
            write("patterns.bin", &patterns);
            write("catalogue.bin", &catalogue);
            // What the others name has been entered.
            write("pool.txt", pool::all().as_bytes());
            write("rule_texts.rs", texts.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(_) => fail(&errors),
        Err(more) => {
            errors.extend(more);
            fail(&errors)
        }
    }
}

fn fail(errors: &[check::CheckError]) -> ExitCode {
    for e in errors {
        for line in e.to_string().lines() {
            println!("cargo::error={line}");
        }
    }
    ExitCode::FAILURE
}
