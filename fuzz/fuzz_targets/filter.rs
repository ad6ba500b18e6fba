//! Whatever a request is made of, its inspection ends, finds the same in any slices, and says what it found in bounded, printable words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::filter::{
    Body, CustomRules, Finding, FilterSettings, Input, Inspection, MAX_EXCERPT, MAX_NAME, Progress, Scratch,
};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, rest)) = data.split_first() else {
        return;
    };
    let (head, body) = rest.split_at(rest.len() / 2);
    let (path, args) = head.split_at(head.len() / 2);
    let headers: [(&[u8], &[u8]); 2] = [(b"cookie", args), (b"user-agent", path)];
    let input = Input {
        path,
        args,
        headers: &headers,
        body: match choice % 5 {
            0 => Body::Json(body),
            1 => Body::Form(body),
            2 => Body::Multipart { boundary: b"b", body },
            3 => Body::of(path, body),
            _ => Body::Text(body),
        },
    };
    let settings = FilterSettings {
        threshold: 1,
        max_findings: 64,
        ..FilterSettings::default()
    };
    let whole = inspect(&input, &settings, usize::MAX);
    assert_eq!(whole, inspect(&input, &settings, 1 + usize::from(choice)));
    for finding in &whole {
        check(finding);
    }
    if let Ok(rules) = std::str::from_utf8(body) {
        let _ = CustomRules::parse(rules).map_err(|error| error.to_string());
    }
});

fn inspect(input: &Input<'_>, settings: &FilterSettings, budget: usize) -> Vec<Finding> {
    let mut scratch = Scratch::default();
    let mut inspection = Inspection::new();
    let mut steps = 0;
    while inspection.step(settings, input, &mut scratch, budget) == Progress::Pending {
        steps += 1;
        assert!(steps < 10_000_000, "the inspection does not end");
    }
    inspection.findings().to_vec()
}

fn check(finding: &Finding) {
    let is_printable = |text: &str| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    assert!(finding.name.len() <= MAX_NAME && is_printable(&finding.name));
    assert!(finding.score >= 1 && !finding.rule.is_empty());
    if let Some(excerpt) = &finding.excerpt {
        assert!(excerpt.len() <= MAX_EXCERPT && is_printable(excerpt));
    }
}
