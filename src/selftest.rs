//! Runs the cases of rule files through the whole engine: a rule that matches but is outranked or
//! filtered does not count as found. And what could be better about rules that work.

mod remark;
mod syntax;

pub use remark::{Remark, missing_parts, remarks};

use crate::{
    blob::{Blob, Nature, Origin},
    engine::Engine,
    matcher::NearCheck,
    rule::cases::{Case, Expected},
};

/// A case that did not do what its rule file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The case.
    pub case: Case,
    /// What happened instead, without the text of the case.
    pub problem: String,
}

/// Runs `cases` and returns those that fail, in order.
pub fn run(engine: &Engine, cases: &[Case]) -> Vec<Failure> {
    cases
        .iter()
        .filter_map(|case| Some(Failure { problem: problem(engine, case)?, case: case.clone() }))
        .collect()
}

fn problem(engine: &Engine, case: &Case) -> Option<String> {
    let origin = Origin { path: case.path.as_str().into(), shown: case.path.as_str().into() };
    let findings = engine.scan(&Blob::whole(&origin, case.text.as_bytes(), Nature::Text));
    let own = findings.iter().filter(|f| engine.rules().rule(f.found_by).id == case.rule).count();
    match case.expected {
        Expected::Found if own == 1 => None,
        Expected::Found => {
            Some(format!("must be found once, was found {own} times{}", instead(engine, case)))
        }
        Expected::Ignored if own == 0 => None,
        Expected::Ignored => Some("must be ignored, was found".into()),
    }
}

/// What the engine thought of the case, for whoever writes the rule.
fn instead(engine: &Engine, case: &Case) -> String {
    let text = crate::content::Text::whole(case.text.as_bytes(), &case.path);
    let judged = engine.judge(&text, engine.candidates(&text, NearCheck::Later));
    let said: Vec<String> = judged
        .iter()
        .map(|j| {
            let id = &engine.rules().rule(j.candidate.rule).id;
            match &j.verdict {
                Ok(_) => format!("`{id}` found it"),
                Err(dropped) => format!("`{id}`: {dropped}"),
            }
        })
        .collect();
    if said.is_empty() { "; no regex matches".into() } else { format!("; {}", said.join("; ")) }
}
