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

/// Where a case shows its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) syntax: Syntax,
    /// The match itself begins with what makes the syntax: a name with its sign, an element, a command.
    pub(super) is_spelled: bool,
}

/// Where in `text` the secret stands that begins at `secret`, in a match that begins at `whole`.
pub(super) fn place(text: &str, whole: usize, secret: usize) -> Place {
    let is_delimiter = |c: char| c.is_ascii_whitespace() || "\"'`\\=:,<>()[]{}".contains(c);
    let matched = text.get(whole..secret).unwrap_or_default();
    let public = matched.trim_start_matches(is_delimiter);
    let is_spelled = public.contains(|c| is_delimiter(c) && c != ':');
    let end = if is_spelled { secret } else { secret - public.len() };
    Place { syntax: of(text.get(..end).unwrap_or_default()), is_spelled }
}

/// The syntax of a line that goes on with the secret after `before`.
fn of(before: &str) -> Syntax {
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
    let is_header = ["-h ", "header", "authorization", "bearer ", "x-", "cookie:"];
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
    fn the_public_part_of_a_match_belongs_to_the_secret_unless_it_spells_the_syntax() {
        let place = |before: &str, matched: &str| {
            let text = format!("{before}{matched}");
            let Place { syntax, is_spelled } = place(&text, before.len(), text.len());
            (syntax, is_spelled)
        };
        assert_eq!(place("password: ", "acp_"), (Syntax::Yaml, false));
        assert_eq!(place("hash = ", "\"$6$"), (Syntax::Assignment, false));
        assert_eq!(place("KEY=", ""), (Syntax::Environment, false));
        assert_eq!(place("COOKIE=", "_|NOTE:-KEEP|_"), (Syntax::Environment, false));
        assert_eq!(place("<a>", "<pass>"), (Syntax::Markup, true));
        assert_eq!(place("", "machine a login b password "), (Syntax::Command, true));
    }

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
            ("SESSION_COOKIE=", Syntax::Environment),
            ("Cookie: d=", Syntax::Header),
            ("<key>", Syntax::Markup),
            ("acme login --key ", Syntax::Command),
            ("", Syntax::Bare),
        ] {
            assert_eq!(of(before), syntax, "{before}");
        }
    }
}
