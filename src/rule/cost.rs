//! What a regex costs once it is compiled: counted repetitions inside each other multiply.

use regex_automata::{nfa::thompson::NFA, util::syntax};

/// More than any rule needs: a window is searched with a cache of this order of size.
pub const MAX_BYTES: usize = 4 << 20;

/// How many bytes the automaton of `regex` takes; none if it does not compile within `MAX_BYTES`.
pub fn automaton_bytes(regex: &str) -> Option<usize> {
    NFA::compiler()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(NFA::config().utf8(false).nfa_size_limit(Some(MAX_BYTES)))
        .build(regex)
        .ok()
        .map(|nfa| nfa.memory_usage())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_inside_each_other_multiply() {
        let one = automaton_bytes("[ab]{30}").unwrap();
        let two = automaton_bytes("(?:[ab]{30}|c){30}").unwrap();
        assert!(two > 10 * one);
        assert_eq!(automaton_bytes("(?:(?:(?:[a-f0-9]{1,99}-){1,99}x){1,99}|y)z"), None);
    }
}
