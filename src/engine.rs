//! Text -> findings: the only file that names all stages before it.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    blob::Blob,
    content::Text,
    exposure::{self, Shift},
    filter::{self, Dropped, Evidence},
    finding::Finding,
    matcher::{self, Candidate, NearCheck, Windows},
    prefilter::{Hit, Prefilter},
    rule::{Confidence, Environment, Kind, Pair, RuleSet, Severity},
    secret::{Fingerprint, Guessable, Secret},
    span::{self, Cursor},
};

/// Everything that a scan needs and never changes. Shared by all threads.
#[derive(Debug)]
pub struct Engine {
    rules: RuleSet,
    prefilter: Prefilter,
    now: i64,
}

/// A candidate and what became of it.
#[derive(Debug)]
pub struct Judged {
    /// What a regex matched. Its secret ends where its structure says.
    pub candidate: Candidate,
    /// What speaks for it, or the reason against it.
    pub verdict: Result<Evidence, Dropped>,
}

impl Engine {
    /// An engine for `rules`. `now` is in seconds since 1970, for expiry dates.
    pub fn new(rules: RuleSet, now: i64) -> Self {
        let prefilter = Prefilter::new(&rules);
        Self { rules, prefilter, now }
    }

    /// The rules it looks for.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The findings in `blob`, in no particular order.
    pub fn scan(&self, blob: &Blob<'_>) -> Vec<Finding> {
        let text = Text::of(blob);
        let candidates = self.candidates(&text, NearCheck::First);
        if candidates.is_empty() {
            return Vec::new();
        }
        let mut cursor = Cursor::new(&text.bytes, text.before);
        self.judge(&text, candidates)
            .into_iter()
            .filter(|j| text.owned.contains(&j.candidate.secret.start))
            .filter_map(|j| {
                Some(self.finding(&text, blob, &j.candidate, j.verdict.ok()?, &mut cursor))
            })
            .collect()
    }

    /// The keywords in `text`, in no particular order.
    pub fn hits(&self, text: &Text<'_>, found: impl FnMut(Hit)) {
        self.prefilter.hits(&text.bytes, found);
    }

    /// What the regexes match in `text`.
    pub fn candidates(&self, text: &Text<'_>, near_check: NearCheck) -> Vec<Candidate> {
        let mut windows = Windows::new(&self.rules, text.bytes.len(), text.binary);
        self.prefilter.hits(&text.bytes, |hit| windows.add(hit));
        matcher::find_candidates(&self.rules, &text.bytes, windows, near_check)
    }

    /// Passes `candidates` of `text` through all filters. Sorted by place and rule.
    pub fn judge(&self, text: &Text<'_>, candidates: Vec<Candidate>) -> Vec<Judged> {
        let mut judged: Vec<Judged> = candidates
            .into_iter()
            .map(|mut candidate| {
                let verdict = filter::judge(&self.rules, text, &candidate, self.now);
                if let Some(end) = verdict.as_ref().ok().and_then(|e| e.end) {
                    candidate.secret.end = end;
                }
                Judged { candidate, verdict }
            })
            .collect();
        judged.sort_by_key(|j| {
            (
                j.candidate.secret.start,
                j.candidate.secret.end,
                j.candidate.rule,
                j.verdict.is_err(),
                j.candidate.pattern,
            )
        });
        judged.dedup_by(|b, a| {
            a.candidate.rule == b.candidate.rule
                && a.candidate.secret == b.candidate.secret
                && a.verdict.is_ok() == b.verdict.is_ok()
        });
        self.drop_covered(&mut judged);
        judged
    }

    /// Of candidates that share bytes, the most precise one stays.
    fn drop_covered(&self, judged: &mut [Judged]) {
        let mut kept: Vec<usize> =
            (0..judged.len()).filter(|&i| judged[i].verdict.is_ok()).collect();
        kept.sort_by_key(|&i| std::cmp::Reverse(self.precision(&judged[i])));
        // Winners share no bytes, so only the last one that begins before a span's end can touch it.
        let mut winners: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for i in kept {
            let Range { start, end } = judged[i].candidate.secret;
            match winners.range(..end).next_back() {
                Some((_, &(winner_end, by))) if winner_end > start => {
                    let by = self.rules.rule(judged[by].candidate.rule).id.clone();
                    judged[i].verdict = Err(Dropped::Covered { by });
                }
                _ => {
                    winners.insert(start, (end, i));
                }
            }
        }
    }

    /// What decides between two rules for the same bytes: whether the format is somebody's own, then
    /// evidence, then a documented prefix, then what stands nearby, then the longer secret, then the rule that is first by name.
    fn precision(&self, judged: &Judged) -> impl Ord + use<> {
        let rule = self.rules.rule(judged.candidate.rule);
        let pattern = &self.rules.patterns()[judged.candidate.pattern].spec;
        let verified = judged.verdict.as_ref().is_ok_and(|e| e.verified);
        (
            !self.rules.provider(rule).general,
            rule.kind != Kind::Id,
            if verified { Confidence::High } else { rule.confidence },
            !pattern.prefixes.is_empty(),
            pattern.near.is_some(),
            judged.candidate.secret.len(),
            std::cmp::Reverse(judged.candidate.rule),
        )
    }

    fn finding(
        &self,
        text: &Text<'_>,
        blob: &Blob<'_>,
        candidate: &Candidate,
        evidence: Evidence,
        cursor: &mut Cursor<'_>,
    ) -> Finding {
        let rule = self.rules.rule(candidate.rule);
        let pattern = &self.rules.patterns()[candidate.pattern].spec;
        let bytes = &text.bytes[candidate.secret.clone()];
        let secret = Secret::new(bytes);
        let guessable = if rule.kind == Kind::Password { Guessable::Yes } else { Guessable::No };
        let exposure = exposure::exposure(text, &candidate.secret);
        let mut grade = Grade::new(rule.severity, rule.confidence);
        grade.environment(rule.environment);
        if let Some(pair) = &rule.pair {
            grade.pair(pair, self.has_counterpart(text, candidate, pair));
        }
        grade.evidence(evidence.verified, evidence.facts, evidence.weakness);
        if let Some(exposure) = exposure {
            grade.exposure(exposure);
        }
        Finding {
            origin: blob.origin.clone(),
            start: cursor.at(candidate.secret.start),
            end: cursor.ahead(candidate.secret.end),
            rule: candidate.rule,
            public_len: filter::public_len(&pattern.prefixes, bytes),
            fingerprint: Fingerprint::new(&rule.id, &blob.origin.path, &secret, guessable),
            secret,
            severity: grade.severity,
            confidence: grade.confidence,
            exposure,
            reasons: grade.reasons,
            signed_token: evidence.signed_token,
        }
    }

    /// Whether a match of the other rule of `pair` stands near `candidate`.
    fn has_counterpart(&self, text: &Text<'_>, candidate: &Candidate, pair: &Pair) -> bool {
        const MAX_SIDE_BYTES: usize = 4 << 10;
        let around = span::lines_around(
            &text.bytes,
            candidate.whole.clone(),
            usize::from(pair.lines),
            MAX_SIDE_BYTES,
        );
        let mut found = false;
        for pattern in self.rules.patterns() {
            if self.rules.rule(pattern.rule).id == pair.with {
                pattern.matches(&text.bytes, around.clone(), |_, secret| {
                    found |= secret.end <= candidate.secret.start
                        || secret.start >= candidate.secret.end;
                });
            }
        }
        found
    }
}

/// Severity and confidence on their way, with the reason for every step.
struct Grade {
    severity: Severity,
    confidence: Confidence,
    reasons: Vec<String>,
}

impl Grade {
    fn new(severity: Severity, confidence: Confidence) -> Self {
        Self { severity, confidence, reasons: Vec::new() }
    }

    fn environment(&mut self, environment: Option<Environment>) {
        match environment {
            Some(Environment::Test) => self.say("it belongs to a test environment"),
            Some(Environment::Restricted) => self.say("its permissions are restricted"),
            Some(Environment::Live) => self.say("it belongs to a live environment"),
            None => {}
        }
    }

    fn pair(&mut self, pair: &Pair, present: bool) {
        if present {
            self.confidence = Confidence::High;
            self.say("its counterpart stands beside it");
        } else {
            self.severity = self.severity.min(pair.alone);
            self.say("its counterpart was not found nearby");
        }
    }

    fn evidence(&mut self, verified: bool, facts: Vec<String>, weakness: Option<String>) {
        if verified {
            self.confidence = Confidence::High;
        }
        self.reasons.extend(facts);
        if let Some(weakness) = weakness {
            self.severity = self.severity.min(Severity::Low);
            self.reasons.push(weakness);
        }
    }

    fn exposure(&mut self, exposure: exposure::Exposure) {
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
