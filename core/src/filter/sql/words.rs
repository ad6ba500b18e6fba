//! What words mean in SQL, as far as an injection needs them.

use super::super::word_map::WordMap;

/// The meaning of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Word {
    /// Joins conditions: `and`, `or`.
    Logic,
    Not,
    /// Compares like an operator: `like`.
    Like,
    Between,
    In,
    Is,
    /// `null`, `true`.
    Constant,
    /// Joins queries: `union`.
    SetOperator,
    /// `all`, `distinct`, `top`.
    Quantifier,
    Select,
    From,
    Where,
    Having,
    /// `order` and `group`, before `by`.
    Order,
    By,
    Limit,
    Into,
    Outfile,
    Values,
    Set,
    As,
    Insert,
    Update,
    Delete,
    Drop,
    Create,
    Alter,
    Truncate,
    /// `exec`, `call`.
    Execute,
    Declare,
    Waitfor,
    Delay,
    Grant,
    To,
    Copy,
    /// Statements that an injection only stacks: `shutdown`, `vacuum`.
    Administer,
    /// What is created and dropped: `table`.
    Object,
    Case,
    When,
    Then,
    If,
    Exists,
    Procedure,
    Analyse,
    /// Operators that are words: `div`.
    Arithmetic,
    /// `binary`, before an operand.
    Prefix,
    /// A function whose name says that this is SQL.
    Function,
    /// A function whose name is also a word of English.
    CommonFunction,
    /// A table or schema of a system catalogue.
    Catalogue,
    /// Words that follow `from` in sentences, not in SQL.
    Article,
}

pub(super) static WORDS: WordMap<Word, 1024> = WordMap::new(&[
    ("and or xor", Word::Logic),
    ("not", Word::Not),
    ("like rlike ilike regexp glob similar sounds match", Word::Like),
    ("between", Word::Between),
    ("in", Word::In),
    ("is isnull notnull", Word::Is),
    ("null true false", Word::Constant),
    ("union intersect except minus", Word::SetOperator),
    ("all distinct distinctrow top", Word::Quantifier),
    ("select", Word::Select),
    ("from", Word::From),
    ("where", Word::Where),
    ("having", Word::Having),
    ("order group", Word::Order),
    ("by", Word::By),
    ("limit offset fetch", Word::Limit),
    ("into", Word::Into),
    ("outfile dumpfile", Word::Outfile),
    ("values", Word::Values),
    ("set", Word::Set),
    ("as", Word::As),
    ("insert replace", Word::Insert),
    ("update", Word::Update),
    ("delete", Word::Delete),
    ("drop", Word::Drop),
    ("create", Word::Create),
    ("alter", Word::Alter),
    ("truncate", Word::Truncate),
    ("exec execute call", Word::Execute),
    ("declare", Word::Declare),
    ("waitfor", Word::Waitfor),
    ("delay", Word::Delay),
    ("grant revoke", Word::Grant),
    ("to", Word::To),
    ("copy", Word::Copy),
    (
        "shutdown vacuum attach handler describe desc show explain backup restore kill use begin commit rollback merge load rename \
         print while return savepoint reconfigure dbcc openrowset",
        Word::Administer,
    ),
    (
        "table database schema view index trigger function user role sequence login column tables databases login tablespace \
         temporary temp",
        Word::Object,
    ),
    ("case", Word::Case),
    ("when", Word::When),
    ("then", Word::Then),
    ("if iif", Word::If),
    ("exists", Word::Exists),
    ("procedure", Word::Procedure),
    ("analyse analyze", Word::Analyse),
    ("div mod rem", Word::Arithmetic),
    ("binary collate unicode", Word::Prefix),
    (
        "sleep pg_sleep pg_sleep_for pg_sleep_until benchmark extractvalue updatexml load_file substr substring substring_index ascii \
         ord group_concat concat_ws char_length character_length octet_length bit_length ifnull nullif nvl nvl2 unhex hextoraw \
         rawtohex to_char to_number to_hex chr nchar nvarchar varchar varbinary string_agg array_agg array_to_string row_to_json \
         query_to_xml database_to_xml table_to_xml lo_import lo_export lo_get pg_read_file pg_ls_dir pg_file_write current_database \
         current_setting current_user session_user system_user user_name suser_name suser_sname db_name db_id object_id object_name col_name host_name \
         is_srvrolemember is_member serverproperty has_dbaccess fn_varbintohexstr xmltype xmlagg xmlelement xmlquery dbms_pipe dbms_lock \
         dbms_xmlgen dbms_utility utl_http utl_inaddr utl_file utl_raw ctxsys httpuritype sys_context listagg wm_concat randomblob sqlite_version \
         load_extension json_extract json_keys json_depth json_length json_array json_object json_type json_valid json_value st_latfromgeohash st_longfromgeohash \
         st_pointfromgeohash gtid_subset gtid_subtract name_const polygon multipoint linestring multipolygon multilinestring geometrycollection \
         make_set elt bin conv soundex strcmp instr locate rpad lpad ltrim rtrim quotename xp_cmdshell xp_dirtree xp_fileexist xp_regread xp_regwrite \
         sp_executesql sp_password sp_oacreate sp_oamethod sp_addlogin sp_addsrvrolemember sp_configure sp_makewebtask sp_help sp_tables \
         openquery opendatasource row_count found_rows last_insert_id uuid_short connection_id aes_encrypt aes_decrypt des_encrypt \
         regexp_like regexp_substring regexp_instr regexp_replace procedure_analyse generate_series cast convert try_convert crypt_gen get_host_address \
         generate_series getdate datediff dateadd datename sysdate is_null asciistr ascii_char utl_encode",
        Word::Function,
    ),
    (
        "count concat left right mid char version length len lower upper ucase lcase hex md5 sha sha1 sha2 rand random floor ceil exp \
         round sqrt pi power abs sign log sin cos tan atan acos asin cot min max sum avg now date year month day hour minute second coalesce reverse repeat \
         space position format trim password encode decode decrypt encrypt crypt compress uncompress greatest least field stuff \
         choose row iif bool any some eval uuid stddev variance std ceiling truncate degrees radians schemata",
        Word::CommonFunction,
    ),
    (
        "information_schema sysobjects syscolumns sysusers sysdatabases sysxlogins syslogins sysprocesses sysserverse pg_catalog pg_tables pg_class pg_user pg_shadow \
         pg_database pg_proc pg_stat_activity pg_roles pg_authid sqlite_master sqlite_schema all_tables all_tab_columns user_tables user_tab_columns dba_tables \
         dba_users all_users msysobjects msysaccessobjects sysibm syscat sysdummy1 dual innodb_table_stats performance_schema schema_name table_schema table_name \
         column_name master tabname syscatalog systables rdb$database domain_columns v$version v$database user_objects user_users all_objects",
        Word::Catalogue,
    ),
    (
        "the a an your our this that these those each my his her its their one every which what who us you me him them it here there some \
         any both other another such today now of with for and",
        Word::Article,
    ),
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_have_two_meanings_have_the_one_that_matters() {
        for (word, meaning) in [
            ("and", Word::Logic),
            ("any", Word::CommonFunction),
            ("iif", Word::If),
            ("truncate", Word::Truncate),
            ("select", Word::Select),
            ("the", Word::Article),
        ] {
            assert_eq!(WORDS.find(word.as_bytes()), Some(meaning), "{word}");
        }
        assert_eq!(WORDS.find(b"selection"), None);
    }
}
