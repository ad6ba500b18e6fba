use super::super::class::Class;
use super::super::place::Place;
use super::super::test_hits::hits_in;
use super::*;

fn hits(text: &str) -> Hits {
    let text = text.to_ascii_lowercase();
    hits_in(&text, Place::Argument, detect)
}

#[test]
fn literals_are_distinct_and_in_lower_case() {
    let literals: Vec<_> = groups()
        .flat_map(|group| group.literals.iter().map(move |literal| (*literal, group.rule)))
        .collect();
    for (index, (literal, rule)) in literals.iter().enumerate() {
        assert_eq!(*literal, literal.to_ascii_lowercase());
        assert!(!literal.is_empty());
        let again = literals
            .iter()
            .skip(index + 1)
            .find(|other| *other == &(*literal, *rule));
        assert_eq!(again, None, "{literal} is there twice");
    }
    assert!(prepare());
}

#[test]
fn literals_count_where_they_mean_harm() {
    for (text, class) in [
        ("alert(1)", Class::Xss),
        ("(alert)(1)", Class::Xss),
        ("confirm`1`", Class::Xss),
        ("document.cookie", Class::Xss),
        ("/etc/passwd", Class::Traversal),
        ("C:\\Windows\\win.ini", Class::Traversal),
        ("php://filter/read=x", Class::Traversal),
        (".htaccess", Class::Traversal),
        ("/bin/sh -c x", Class::Rce),
        ("() { :; }; x", Class::Rce),
        ("phpinfo()", Class::Code),
        ("<?php x", Class::Code),
        ("java.lang.Runtime", Class::Code),
        ("__proto__", Class::Code),
        ("require('child_process')", Class::Code),
        ("{\"$gt\":\"\"}", Class::Nosql),
        ("'; return true; var a='", Class::Nosql),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM \"c\">]>", Class::Xml),
        ("<!--#exec cmd=\"x\"-->", Class::Xml),
        ("http://169.254.169.254/latest/meta-data/", Class::Ssrf),
        ("sqlmap/1.8", Class::Scanner),
    ] {
        assert!(hits(text).score(class) >= 5, "{text}");
    }
}

#[test]
fn literals_do_not_count_where_they_are_words() {
    for (text, class) in [
        ("alert fatigue (again)", Class::Xss),
        (
            "the alert (see below) was sent to all of the people in the team",
            Class::Xss,
        ),
        ("my.alert(1)", Class::Xss),
        (
            "please confirm (by mail) that you have read the text that we sent",
            Class::Xss,
        ),
        ("system of a down", Class::Code),
        ("costs $in total", Class::Nosql),
        (
            "the file /etc/hosts is where you set the name of the machine by hand",
            Class::Traversal,
        ),
        ("see https://example.org/etc/x", Class::Traversal),
    ] {
        assert!(hits(text).score(class) < 5, "{text}");
    }
}
