//! Whatever stands in a script, it is understood or refused; what is understood has as many parameters as it names, and a number
//! only where a name was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_core::sql_endpoint::Script;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Script::parse(text) {
        Ok(script) => {
            assert!((1..=Script::MAX_STATEMENTS).contains(&script.statements().len()));
            for statement in script.statements() {
                let sql = statement.sql();
                assert!(!sql.is_empty() && sql.trim_ascii() == sql);
                // What was written for names cannot be read as names again.
                assert!(script.parameters().count() <= text.matches(':').count());
            }
        }
        Err(error) => drop(error.to_string()),
    }
});
