//! In what syntax a case shows a secret, roughly: by what stands before it on its line.

/// Where people keep secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Syntax {
    /// `NAME=value`
    Environment,
    /// `name = value`, with or without quotes: code, INI, TOML.
    Assignment,
    /// `name: value`
    Yaml,
    /// `"name": "value"`
    Json,
    /// `call("value")`
    Call,
    /// `Header: value`, also as an argument of a command.
    Header,
    /// In an address with nothing before it; one in a variable or a call shows that syntax.
    Url,
    /// `<name>value`
    Markup,
    /// A word of a command line.
    Command,
    /// Nothing stands before it.
    Bare,
}

/// The syntax of a line that goes on with the secret after `before`.
pub(super) fn of(before: &str) -> Syntax {
    let line = before.rsplit('\n').next().unwrap_or_default();
    if let Some(at) = start_of_address(line) {
        return match of_value(&line[..at]) {
            Syntax::Bare => Syntax::Url,
            other => other,
        };
    }
    of_value(line)
}

/// Where the address begins that the line ends in, with or without a scheme.
fn start_of_address(line: &str) -> Option<usize> {
    let quotes = [' ', '"', '\'', '`', '(', '<', '>', '='];
    let at = match line.rfind("://") {
        Some(scheme) => line[..scheme].rfind(quotes).map_or(0, |at| at + 1),
        None => line.rfind(quotes).map_or(0, |at| at + 1),
    };
    let word = &line[at..];
    let is_address = word.contains("://") || (word.contains('/') && word.contains('.'));
    (is_address && !word.contains([' ', '"'])).then_some(at)
}

fn of_value(line: &str) -> Syntax {
    let lower = line.to_ascii_lowercase();
    let open = line.trim_end_matches(['"', '\'', '`', '\\']);
    let name = open.trim_end();
    let is_header = ["-h ", "header", "authorization", "bearer ", "x-", "cookie"];
    if is_header.iter().any(|h| lower.contains(h)) {
        Syntax::Header
    } else if name.is_empty() {
        Syntax::Bare
    } else if name.ends_with('>') && name.contains('<') {
        Syntax::Markup
    } else if name.ends_with(['"', '\'']) || name.ends_with("\":") || name.ends_with("':") {
        Syntax::Json
    } else if name.ends_with(':') {
        Syntax::Yaml
    } else if let Some(assigned) = name.strip_suffix('=') {
        let shell = name.len() == open.len() && !assigned.ends_with(' ');
        if shell { Syntax::Environment } else { Syntax::Assignment }
    } else if name.ends_with(['(', ',', '[', '{']) {
        Syntax::Call
    } else {
        Syntax::Command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_secret_tells_the_syntax() {
        for (before, syntax) in [
            ("export ACME_KEY=", Syntax::Environment),
            ("x\nACME_KEY=\"", Syntax::Environment),
            ("key = '", Syntax::Assignment),
            ("acme:\n  key: ", Syntax::Yaml),
            ("{\"key\": \"", Syntax::Json),
            ("new Acme(\"", Syntax::Call),
            ("connect(user, '", Syntax::Call),
            ("curl -H 'X-Key: ", Syntax::Header),
            ("req.Header.Set(\"X-Key\", \"", Syntax::Header),
            ("curl https://acme.example/?key=", Syntax::Command),
            ("https://acme.example/?key=", Syntax::Url),
            ("ACME_URL=https://acme.example/?key=", Syntax::Environment),
            ("acme: { url: 'https://acme.example/hook/", Syntax::Yaml),
            ("<key>", Syntax::Markup),
            ("acme login --key ", Syntax::Command),
            ("", Syntax::Bare),
        ] {
            assert_eq!(of(before), syntax, "{before}");
        }
    }
}
