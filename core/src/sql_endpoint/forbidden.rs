//! Statements that cannot be part of a script: a request's role and settings hold until its transaction ends, and the session belongs to
//! the requests that come after it as well. What functions do inside is not seen here.

/// The words of a statement that forbid it, and why. Its tokens are words in lower case, names with their quotes, dots, and empty
/// for anything else.
pub(super) fn find<'a>(tokens: &[&'a str]) -> Option<(&'a str, &'static str)> {
    first_words(tokens)
        .or_else(|| temporary_relation(tokens))
        .or_else(|| temporary_schema(tokens))
        .or_else(|| holdable_cursor(tokens))
}

const SHARED: &str = "connections are shared by requests";

fn first_words<'a>(tokens: &[&'a str]) -> Option<(&'a str, &'static str)> {
    let (&first, rest) = tokens.split_first()?;
    let second = rest.first().copied().unwrap_or_default();
    let reason = match (first, second) {
        ("begin" | "start" | "commit" | "end" | "rollback" | "abort" | "savepoint" | "release", _)
        | ("prepare", "transaction") => "the statements are one transaction already",
        ("set", "local" | "constraints" | "transaction") => return None,
        ("set", _) => "it would outlive the request, use \"set local\"",
        (
            "reset" | "discard" | "listen" | "unlisten" | "load" | "prepare" | "execute" | "deallocate"
            | "close",
            _,
        ) => SHARED,
        // What commits in the middle goes on in the role that the connection has logged in with.
        ("call" | "do", _) => "it could end the transaction, use a function",
        ("copy", _) => "it has its own protocol",
        _ => return None,
    };
    Some((first, reason))
}

/// `create [or replace] [global | local] temporary …`, also behind `explain analyze`; `select … into [global | local] temporary …`. In
/// `insert into` and `merge into` the word is the name of a table.
fn temporary_relation<'a>(tokens: &[&'a str]) -> Option<(&'a str, &'static str)> {
    tokens.iter().enumerate().find_map(|(index, &word)| {
        let before = index
            .checked_sub(1)
            .and_then(|before| tokens.get(before).copied());
        let opens = match word {
            "create" => before != Some("."),
            "into" => !matches!(before, Some("insert" | "merge" | ".")),
            _ => false,
        };
        let mut following = tokens.iter().skip(index + 1).copied();
        let kind = following.find(|word| !matches!(*word, "or" | "replace" | "global" | "local"));
        kind.filter(|kind| opens && matches!(*kind, "temp" | "temporary"))
            .map(|kind| (kind, SHARED))
    })
}

/// `pg_temp.name`, whatever is done with it. As an element of a `search_path` it does no harm.
fn temporary_schema<'a>(tokens: &[&'a str]) -> Option<(&'a str, &'static str)> {
    tokens.windows(2).find_map(|pair| match pair {
        [schema @ ("pg_temp" | "\"pg_temp\""), "."] => Some((schema.trim_matches('"'), SHARED)),
        _ => None,
    })
}

/// `declare name … with hold for …`
fn holdable_cursor<'a>(tokens: &[&'a str]) -> Option<(&'a str, &'static str)> {
    let options = tokens.split(|word| *word == "for").next()?;
    let holds =
        options.first() == Some(&"declare") && options.windows(2).any(|pair| pair == ["with", "hold"]);
    holds.then_some(("with hold", SHARED))
}
