//! A call as the whole value: `exec("id")`, `file_exists (x)`, `$f (1)`. In a text it would be an example; alone it asks to be run.

use super::hits::{Hits, Text};
use super::rule::Rule;
use super::shape::Shape;
use super::word_map::WordMap;

/// The longest name of a function.
const MAX_NAME: usize = 40;

/// How long a call is that is looked at.
const MAX_CALL: usize = 400;

/// Functions of PHP, and a few of scripts, that tell or change something and that no formula has.
static FUNCTIONS: WordMap<(), 512> = WordMap::new(&[(
    "array_diff array_filter array_flip array_intersect array_keys array_map array_merge array_pop array_push array_reduce array_reverse \
     array_shift array_slice array_splice array_values array_walk assert_options atob base64_decode base64_encode basename bin2hex btoa \
     bzcompress bzdecompress bzopen call_user_func call_user_func_array call_user_method chdir chgrp chmod chown chr class_exists clearstatcache \
     closedir convert_uudecode convert_uuencode create_function ctype_digit curl_close curl_exec curl_init curl_setopt dba_open dirname \
     disk_free_space dns_get_record ereg escapeshellarg escapeshellcmd eval exec exif_read_data extension_loaded fclose feof fflush fgetc fgetcsv \
     fgets fgetss file_exists file_get_contents file_put_contents fileatime filectime filegroup fileinode filemtime fileowner fileperms \
     filesize filetype filter_var fopen fpassthru fputcsv fputs fread fsockopen fstat ftell ftruncate ftp_connect func_get_args function_exists fwrite \
     get_cfg_var get_class get_current_user get_defined_constants get_defined_functions get_defined_vars get_include_path \
     get_loaded_extensions getallheaders getcwd getenv getlastmod getmygid getmyinode getmypid getmyuid getopt getrusage gettype glob gzcompress gzdecode \
     gzdeflate gzencode gzfile gzinflate gzopen gzpassthru gzread gzuncompress hash_file header_register_callback hex2bin highlight_file \
     highlight_string html_entity_decode htmlspecialchars_decode image2wbmp imagecreatefromgif imagecreatefromjpeg imagecreatefrompng imap_open \
     ini_alter ini_get ini_get_all ini_restore ini_set intval iptcembed is_array is_callable is_dir is_executable is_file is_int is_link is_null \
     is_object is_readable is_string is_uploaded_file is_writable json_decode json_encode lchgrp lchown link linkinfo lstat mb_ereg_replace md5 md5_file \
     mkdir move_uploaded_file mysql_query mysqli_query ob_clean ob_get_clean ob_get_contents ob_start odbc_connect opendir openlog parse_ini_file \
     parse_ini_string parse_str passthru pathinfo pclose pcntl_exec pcntl_fork pfsockopen pg_connect pg_query php_ini_loaded_file php_sapi_name php_strip_whitespace \
     php_uname phpcredits phpinfo phpversion popen posix_getlogin posix_getpwuid posix_getuid posix_kill posix_mkfifo posix_setuid posix_uname \
     preg_match preg_replace preg_replace_callback print_r printf proc_close proc_get_status proc_nice proc_open proc_terminate putenv rawurldecode \
     readdir readfile readgzfile readline readline_add_history readlink realpath register_shutdown_function register_tick_function \
     rename_function restore_error_handler rewinddir rmdir scandir session_start set_error_handler set_time_limit settype sha1 sha1_file shell_exec \
     show_source simplexml_load_file simplexml_load_string socket_connect socket_create spl_autoload_register sprintf sqlite_open sscanf str_replace str_rot13 str_split \
     strip_tags stripslashes strpos strrev strtolower strtoupper substr substr_replace symlink sys_getloadavg syslog system tempnam tmpfile touch trigger_error \
     uasort ucfirst ucwords umask uniqid unlink unpack unserialize urldecode usort utf8_decode utf8_encode var_dump var_export virtual vprintf \
     wordwrap xml_parse xmlrpc_decode zend_version zip_open zlib_decode unescape",
    (),
)]);

pub(super) fn detect(text: &Text<'_>, hits: &mut Hits) {
    let call = text.bytes.trim_ascii();
    let call = call.strip_suffix(b";").unwrap_or(call).trim_ascii_end();
    if !text.shape.has(Shape::PAREN)
        || text.is_prose
        || call.len() > MAX_CALL
        || !matches!(call.last(), Some(b')' | b']'))
    {
        return;
    }
    let is_variable = call.first() == Some(&b'$');
    let name = call.strip_prefix(b"$").unwrap_or(call);
    let length = name
        .iter()
        .take(MAX_NAME + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    let (name, rest) = name.split_at(length);
    let is_known = FUNCTIONS.find(name).is_some();
    if length == 0 || length > MAX_NAME || !(is_variable || is_known) {
        return;
    }
    let Some(arguments) = arguments(rest) else {
        return;
    };
    // `$a (1)`, but `$x (US dollars)`.
    let is_given_value = matches!(arguments.first(), Some(b'0'..=b'9' | b'\'' | b'"' | b'$' | b')'));
    if is_known && !is_variable {
        hits.add(Rule::CodeCall, 0);
    } else if is_given_value && rest.len() > arguments.len() + 1 {
        hits.add(Rule::CodeDynamic, 0);
    }
}

/// What stands behind the parenthesis of a call; white space, comments and subscripts may stand before it.
fn arguments(mut rest: &[u8]) -> Option<&[u8]> {
    for _ in 0..16 {
        rest = rest.trim_ascii_start();
        rest = match rest {
            [b'(', arguments @ ..] => return Some(arguments.trim_ascii_start()),
            [b'/', b'*', comment @ ..] => comment.get(memchr::memmem::find(comment, b"*/")? + 2..)?,
            [b'#', comment @ ..] | [b'/', b'/', comment @ ..] => {
                comment.get(memchr::memchr(b'\n', comment)? + 1..)?
            }
            [b'[', subscript @ ..] => subscript.get(memchr::memchr(b']', subscript)? + 1..)?,
            _ => return None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::class::Class;
    use super::super::place::Place;
    use super::super::test_hits::hits_in;
    use super::*;

    fn score(text: &str) -> u16 {
        hits_in(text, Place::Argument, detect).score(Class::Code)
    }

    #[test]
    fn calls_are_found_whatever_stands_before_the_parenthesis() {
        for text in [
            "phpinfo()",
            "file_exists (\n)",
            "exec /* x */ ('id');",
            "unlink#\n($a)",
            "$f[1] (2)",
            "$a /*x*/(3)",
            "get_defined_functions()[0]",
        ] {
            assert!(score(text) >= 5, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_call_is_left_alone() {
        for text in [
            "f(x)",
            "sum (a)",
            "exec",
            "exec (see above) first",
            "$100 (about)",
            "$usd (us dollars)",
            "system",
            "()",
            "(a)",
            "max(1,2)",
            "round(x)",
        ] {
            assert_eq!(score(text), 0, "{text:?}");
        }
    }
}
