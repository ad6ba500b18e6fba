//! The types and values that `render_server` compares.

use postern_core::query::Rendering;
use postern_core::query::Rendering::{Bool, Json, Number, Text, Timestamp, TimestampTz};

/// Each column's type, how it is rendered, and values in SQL. Up to the domains these are the types that the worker renders; it
/// would write the others the same way.
#[rustfmt::skip]
pub(crate) const COLUMNS: &[(&str, Rendering, &[&str])] = &[
    ("smallint", Number, &["-32768", "32767", "0"]),
    ("integer", Number, &["-2147483648", "2147483647"]),
    ("bigint", Number, &["-9223372036854775808", "9223372036854775807"]),
    ("real", Number, FLOATS),
    ("real", Number, &["'1e-45'", "'3.4028235e38'", "0.1", "16777217"]),
    ("double precision", Number, FLOATS),
    ("double precision", Number, &["'4.9e-324'", "'1.7976931348623157e308'", "0.1", "1e15", "1e16", "1e-5"]),
    ("numeric", Number, &["'NaN'", "'Infinity'", "'-Infinity'", "-0.0", "1.500", "1e-100", "repeat('9', 1000)::numeric"]),
    ("numeric(20,4)", Number, &["1", "-0.00005", "9999999999999999.9999"]),
    ("boolean", Bool, &["true", "false"]),
    ("text", Text, TEXTS),
    ("character varying(300)", Text, &["''", "'a\"b'"]),
    ("character(10)", Text, &["''", "'a'", "E'\\t'"]),
    ("name", Text, &["''", "'a\"b'"]),
    ("\"char\"", Text, &["''", "'x'", "'\"'", "'\\'", "E'\\x01'"]),
    ("uuid", Text, &["'00000000-0000-0000-0000-000000000000'", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"]),
    ("bytea", Text, &["''", "'\\x00ff22'", "decode(repeat('5c', 1000), 'hex')"]),
    ("date", Text, &["'2024-02-29'", "'infinity'", "'-infinity'", "'4713-01-01 BC'", "'0001-01-01'", "'5874897-12-31'"]),
    ("time", Text, &["'00:00'", "'24:00'", "'12:34:56.000001'"]),
    ("time with time zone", Text, &["'00:00+00'", "'24:00-15:59:59'", "'12:34:56.7+05:30:15'"]),
    ("interval", Text, &["'0'", "'178000000 years'", "'-1 mon +2 days -03:04:05.6'", "'1 year 2 mons -3 days'"]),
    ("timestamp", Timestamp, TIMES),
    ("timestamp(0)", Timestamp, &["'2024-01-01 01:17:00.5'"]),
    ("timestamp with time zone", TimestampTz, TIMES),
    ("timestamp with time zone", TimestampTz, &["'1800-06-01'", "'1936-06-01 12:00'", "'1945-08-14 23:00+00'"]),
    ("json", Json, &["' { \"a\" : 1 ,\n\t\"a\":[ ] } '", "'null'", "'\"\\u0000\\u00e9\"'", "'1e5'"]),
    ("jsonb", Json, &["' { \"b\" : 1.00 ,\n\"a\":[ ] } '", "'null'", "'\"é\\\"\"'", "'\"x\"'"]),
    ("mood", Text, &["'sad'", "'very \"happy\"'"]),
    ("int_domain", Number, &["1"]),
    ("text_domain", Text, &["'a\\b'"]),
    ("time_domain", Timestamp, &["'2024-01-01'"]),
    ("timetz_domain", TimestampTz, &["'2024-01-01'"]),
    ("oid", Text, &["0", "4294967295"]),
    ("inet", Text, &["'192.168.0.1/24'", "'::1'"]),
    ("cidr", Text, &["'10.0.0.0/8'"]),
    ("macaddr", Text, &["'08:00:2b:01:02:03'"]),
    ("money", Text, &["'-1234.56'"]),
    ("bit varying", Text, &["B''", "B'0101'"]),
    ("xml", Text, &["'<a b=\"c\">\n</a>'"]),
    ("tsvector", Text, &["'a:1 ''b\"c'''"]),
    ("tsquery", Text, &["'a & !b'"]),
    ("pg_lsn", Text, &["'16/B374D848'"]),
    ("point", Text, &["'(1,-0)'", "'(NaN,Infinity)'"]),
    ("path", Text, &["'[(0,0),(1,1)]'"]),
    ("int4range", Text, &["'[1,2)'", "'empty'"]),
    ("regclass", Text, &["'pg_class'"]),
];

const FLOATS: &[&str] = &["'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "1e20", "-1.5"];

const TIMES: &[&str] = &[
    "'2024-01-01 01:17:00.5'",
    "'2024-07-01 23:59:59.999999'",
    "'1999-12-31 00:00:00'",
    "'0044-03-15 12:00 BC'",
    "'4713-01-02 00:00 BC'",
    "'12345-06-07 08:09:10'",
    "'294276-12-30 23:59:59.999999'",
    "'infinity'",
    "'-infinity'",
];

const TEXTS: &[&str] = &[
    "''",
    "'plain'",
    "(SELECT string_agg(chr(i), '') FROM generate_series(1, 31) i)",
    "(SELECT string_agg(chr(i), '') FROM generate_series(32, 1000) i)",
    "(SELECT string_agg(chr(i) || 'x', '') FROM generate_series(1, 255) i)",
    "'\\\"/'",
    "'</script>'",
    "U&'\\2028\\2029\\FFFF\\FEFF\\+01F600\\+10FFFF'",
    "repeat('0123456789abcde\"', 65536)",
    "repeat('é', 524288)",
    "'{\"a\": 1}'",
    "'null'",
];

/// Names of the first columns: names are escaped too.
pub(crate) const NAMES: &[&str] = &["quo\"ted", "back\\slash", "tab\there", "é", "</x>"];

/// Offsets of whole hours, of halves and quarters, and, for times long ago, with seconds.
pub(crate) const ZONES: &[&str] = &[
    "UTC",
    "Asia/Kolkata",
    "America/St_Johns",
    "Europe/Amsterdam",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "Africa/Monrovia",
    "-15:59",
];

/// Settings that change how a value looks, in a row and in JSON alike.
pub(crate) const FORMATS: &[(&str, &str)] = &[
    ("IntervalStyle", "iso_8601"),
    ("IntervalStyle", "sql_standard"),
    ("IntervalStyle", "postgres_verbose"),
    ("bytea_output", "escape"),
    ("extra_float_digits", "0"),
    ("extra_float_digits", "-15"),
];
