//! Names in SQL, and operators and code of document databases.

use super::super::rule::Rule;
use super::{After, Before, Group, group};

#[rustfmt::skip]
pub(super) static GROUPS: &[Group] = &[
    group(Rule::SqlCatalogue, None, Before::Any, After::Any, &[
        "@@version", "@@servername", "@@datadir", "@@hostname", "@@basedir", "@@global.", "@@session.",
    ]),
    group(Rule::SqlFunction, Some(Rule::SqlWeakFunction), Before::Boundary, After::Any, &[
        "xp_cmdshell", "xp_regread", "xp_dirtree", "sp_executesql", "sp_oacreate", "utl_http.", "utl_inaddr.", "dbms_pipe.",
        "dbms_lock.", "dbms_xmlgen.", "ctxsys.drithsx", "master..", "pg_sleep(", "mysql.user", "into outfile", "into dumpfile",
        "load_file(", "procedure analyse", "]|//", "] | //", ")]|/", "count(/child::", "contains(../", "starts-with(../",
        "substring(//", "string-length(//", "codepoints-to-string(", "name(/*[", "openrowset(", "attach database '", "infile \"", "infile '",
        "kill query ", "'::json", "'::text", "'::int", "'::regclass", ")::int", ")::text", ")::bigint", ")::double precision", ")::numeric",
        "}' ? '", "]' ? '", "}' ?| ", "}' ?& ", "]' ?| ", "]' ?& ", "' -> '$", "'->'$", "' ->> '", "}' @> '", "]' @> '", "}' <@ '", "' @? '", "' @@ '", "#>> '{", "#- '{",
        "' < '$.", "' > '$.", "sqlite_compileoption", ".to_i) ", "json_extract('", "jsonb_path_",
    ]),
    group(Rule::NosqlOperator, Some(Rule::NosqlOperator), Before::Boundary, After::Key, &[
        "$where", "$ne", "$gt", "$gte", "$lt", "$lte", "$regex", "$nin", "$in", "$exists", "$or", "$and", "$nor", "$not", "$expr",
        "$function", "$accumulator", "$elemmatch", "$func", "$eq", "$type", "$mod", "$all", "$size", "$jsonschema", "$lookup",
        "$unionwith", "$merge", "$out", "$set", "$unset", "$push", "$options", "$text", "$search", "&exists", "&regex",
    ]),
    group(Rule::NosqlCode, None, Before::Any, After::Any, &[
        "'return true", "; return true", ";return true", "; return 1", ";return 1", "'return 1", ";return(true", ";return(1",
        "; return(1", "return this.", "return version(", "return sleep(", "return {", "return a==", "return 'a", "this.password",
        "this.username", "this.passwd", "db.getcollectionnames", "db.injection", "db.users.", "db.user.", "db.version(",
        "db.getname(", "new date();do{", "new date(); do{", "new date();}while", ": /.*/", ":/.*/", "tojson(this", "tojsononeline(", "mapreduce(", ".insert({", ".find({", ".match(/.*/)", "== 'a' || 'a",
        "do{curdate", "do{c = new date", "date=new date();do", "date = new date(); do", "var date=new date", "'||'1'=='1",
        "' || '1'=='1", "'1'=='1", "\"1\"==\"1", "'a'=='a", "|| 1==1", "db.dropdatabase", "emit(1,", "emit(this", "; emit(", "||1==1", "&& this.", "||this.", "|| this.",
    ]),
];
