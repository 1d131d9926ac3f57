//! Severity and confidence, moved by what is known, with the reason for every step.

use crate::{
    exposure::{Exposure, Shift},
    filter::{Evidence, Weakness},
    rule::{Confidence, Environment, Pair, Severity},
};

/// Severity and confidence on their way, with the reason for every step.
pub(super) struct Grade {
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) reasons: Vec<String>,
}

impl Grade {
    pub(super) fn new(severity: Severity, confidence: Confidence) -> Self {
        Self { severity, confidence, reasons: Vec::new() }
    }

    pub(super) fn environment(&mut self, environment: Option<Environment>) {
        match environment {
            Some(Environment::Test) => self.say("it belongs to a test environment"),
            Some(Environment::Restricted) => self.say("its permissions are restricted"),
            Some(Environment::Live) => self.say("it belongs to a live environment"),
            None => {}
        }
    }

    pub(super) fn pair(&mut self, pair: &Pair, present: bool) {
        if present {
            self.confidence = Confidence::High;
            self.say("its counterpart stands beside it");
        } else {
            self.severity = self.severity.min(pair.alone);
            self.say("its counterpart was not found nearby");
        }
    }

    pub(super) fn evidence(&mut self, evidence: &Evidence) {
        if evidence.verified {
            self.confidence = Confidence::High;
        }
        self.reasons.extend(evidence.facts.iter().cloned());
        if let Some(weakness) = &evidence.weakness {
            self.severity = self.severity.min(Severity::Low);
            if *weakness == Weakness::Encrypted {
                self.confidence = Confidence::Low;
            }
            self.reasons.push(weakness.to_string());
        }
    }

    pub(super) fn exposure(&mut self, exposure: Exposure) {
        self.severity = match exposure.shift() {
            Shift::Up if self.severity >= Severity::Medium => self.severity.higher(),
            Shift::Down => self.severity.lower(),
            Shift::Up | Shift::None => self.severity,
        };
        self.reasons.push(exposure.to_string());
    }

    fn say(&mut self, reason: &str) {
        self.reasons.push(reason.to_owned());
    }
}
