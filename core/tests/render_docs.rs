//! docs/errors.md against the source: no code without its line.
#![expect(clippy::expect_used, reason = "a test ends where it fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_code_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut codes = BTreeSet::new();
    collect(&root.join("src"), &mut codes);
    assert!(codes.len() > 20, "the source has codes");
    let docs = fs::read_to_string(root.join("../docs/errors.md")).expect("docs/errors.md is there");
    let missing: Vec<_> = codes
        .iter()
        .filter(|code| !docs.contains(&format!("`{code}`")))
        .collect();
    assert!(missing.is_empty(), "docs/errors.md lacks {missing:?}");
}

/// The codes that appear as string literals in the files of a folder.
fn collect(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a source file");
            codes.extend(
                source
                    .split('"')
                    .filter(|literal| is_code(literal))
                    .map(str::to_owned),
            );
        }
    }
}

fn is_code(literal: &str) -> bool {
    let digits = literal
        .strip_prefix("PGRST")
        .or_else(|| literal.strip_prefix("POSTERN"));
    digits.is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
