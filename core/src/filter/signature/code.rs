//! Functions, objects and names of the languages that applications are written in.

use super::super::rule::Rule;
use super::{After, Before, Group, group};

#[rustfmt::skip]
pub(super) static GROUPS: &[Group] = &[
    group(Rule::CodeCall, Some(Rule::CodeWeakCall), Before::Boundary, After::Call, &[
        "phpinfo", "passthru", "shell_exec", "proc_open", "pcntl_exec", "pcntl_fork", "call_user_func", "call_user_func_array",
        "create_function", "move_uploaded_file", "fsockopen", "file_get_contents", "file_put_contents", "highlight_file",
        "show_source", "readfile", "fpassthru", "php_uname", "get_defined_vars", "base64_decode", "gzinflate",
        "gzuncompress", "str_rot13", "posix_getpwuid", "posix_kill", "ini_set", "dl_open", "register_shutdown_function",
        "preg_replace_callback", "system", "popen", "execsync", "execfilesync", "spawnsync", "execfile", "fs.readfilesync",
        "fs.writefilesync", "fs.readdirsync", "readfilesync", "readdirsync", "os.system", "os.popen", "os.execute", "io.popen",
        "subprocess.popen", "subprocess.call", "subprocess.check_output", "subprocess.run", "__import__", "__import",
        "commands.getoutput", "pty.spawn", "runtime.exec", "getruntime", "processbuilder", "class.forname", "getenginebyname",
        "instance_eval", "class_eval", "kernel.exec", "kernel.system", "open3.capture2", "popen3", "erb.new", "getparameter",
        "response.write", "server.createobject", "createobject", "wscript.shell", "process.start", "assembly.load", "print_r",
        "var_dump", "php_eval", "gethostbyname", "socket.socket", "settimelimit", "set_time_limit", "error_reporting", "ob_start",
        "parse_str", "mb_ereg_replace", "imap_open", "unserialize", "pickle.loads", "yaml.load", "cpickle.loads",
        "child_process.exec", "vm.runinnewcontext", "vm.runinthiscontext", "runinnewcontext", "runinthiscontext",
    ]),
    group(Rule::CodeCall, None, Before::Free, After::CallText, &[
        "exec", "assert", "include", "include_once", "require_once", "spawn", "opendir", "scandir", "fopen", "glob", "unlink",
        "echo", "die", "eval", "curl_exec", "curl_init", "dl", "highlight_string",
    ]),
    group(Rule::CodeWeakCall, None, Before::Boundary, After::Call, &[
        "printf", "getcwd", "uasort", "usort", "array_map", "array_filter", "putenv", "symlink", "process.kill", "process.exit", "getattr",
        "chr", "exec", "eval", "assert", "require", "include", "spawn", "opendir", "readdir", "scandir", "chmod", "chown",
        "unlink", "fopen", "fread", "fwrite", "glob", "is_dir", "mkdir", "rmdir", "tempnam", "tmpfile", "copy", "phpversion",
        "phpcredits", "uniqid", "md5", "sha1", "ord", "hex2bin", "bin2hex", "urldecode", "rawurldecode", "stripslashes", "strrev",
        "implode", "explode", "die", "exit", "dir", "echo", "curl_exec", "curl_init", "mail", "header", "define", "extract",
        "forward_static_call", "filter_var", "array_walk", "reflectionfunction", "splfileobject",
    ]),
    group(Rule::CodeScript, Some(Rule::CodeWeakName), Before::Any, After::Any, &[
        "<?php", "<?=", "<?\t", "<?\n", "<%@", "<%=", "<% ", "<%eval", "<%out", "[php]", "[/php]", "<script language=\"php",
        "<script language='php", "{php}", "<jsp:", "<cfexecute", "<cfset", "<%!", "<?\tphp", "<?\nphp", "{/php}", "[\\php]",
    ]),
    group(Rule::CodeScript, Some(Rule::CodeWeakName), Before::Boundary, After::Any, &["<? "]),
    group(Rule::CodeName, Some(Rule::CodeName), Before::Any, After::Any, &[
        "$_get[", "$_get{", "$_get ", "$_post[", "$_post{", "$_request[", "$_request{", "$_cookie[", "$_server[", "$_files[",
        "$_session[", "$_env[", "$globals[", "$http_raw_post_data", "http_raw_post_data", "java.lang.runtime",
        "java.lang.processbuilder", "java.lang.system", "java.lang.class", "java.lang.string", "java.lang.process",
        "java.lang.thread", "java.util.scanner", "java.io.file", "java.io.inputstream", "java.io.bufferedreader", "java.net.url",
        "javax.naming", "javax.script", "javax.el.", "com.sun.rowset", "com.opensymphony", "org.apache.commons.collections",
        "org.apache.commons.io.", "org.apache.struts", "org.springframework.context", "org.springframework.expression",
        "freemarker.template.utility", "#_memberaccess", "#context[", "#context.", "#application[", "#session[", "#parameters.",
        "#parameters[", "#request.", "@java.lang", "@ognl", "ognl.ognlcontext", "ognlutil", "xwork.methodaccessor",
        "denymethodexecution", "allowstaticmethodaccess", "t(java.", "t(org.", "t(runtime)", "getclassloader", "getdeclaredmethod",
        "getmethod('", "getmethod(\"", "class.classloader", "class.module.classloader", "class.protectiondomain", "_$$nd_func$$_",
        "require('child_process", "require(\"child_process", "require(`child_process", "process.mainmodule", "process.binding",
        "process[", "global.process", "globalthis.process", "globalthis[", "__js_function", "process.env", "java.io.buffered",
        "java.io.bytearray", "java.io.object", "org.omg.corba", "java.lang.reflect", "java.lang.integer",
        "this.constructor.constructor", "__class__", "__mro__", "__subclasses__", "__globals__", "__builtins__",
        "__getattribute__", "__bases__", "__base__", "__reduce__", "__dict__", "bsh.interpreter", "xalan.", "com.thoughtworks",
        "groovy.lang", "scriptenginemanager", "<java", "<methodcall", "java.beans.xmldecoder", "weblogic.", "marshalledobject",
        "unicastref", "newtransformer", "invokertransformer", "ysoserial", "clojure.", "cos\nsystem", "csystem\n", "cposix\n",
    ]),
    group(Rule::CodeName, Some(Rule::CodeWeakName), Before::Boundary, After::Any, &[
        "require('fs')", "require(\"fs\")", "require('os')", "require('http", "require('net", "__proto__",
        "constructor.prototype", "constructor[prototype", "constructor][prototype", "prototype][",
    ]),
    // Python has methods with this name everywhere; what is taken from it is another matter.
    group(Rule::CodeName, Some(Rule::CodeWeakName), Before::Any, After::Any, &[
        "__init__.__", "__init__[", "__init__|", "__init__')|attr", "__init__\")|attr",
    ]),
    group(Rule::CodeName, None, Before::Start, After::Any, &[
        "console.log(", "console.info(", "console[", "console.info.", "console.log.", "while(true)", "while (true)", "while(1)",
        "while(!", "while(-", "while(+", "while(infinity)", "while(string)", "while(this)", "while(new date)", "while((true)", "for(;;)",
        "%x(", "function(){return ", "(function(){return ",
    ]),
    group(Rule::CodeName, None, Before::Any, After::Any, &[
        "'while(true)", "';while(true)", "'; while(true)", ";while(1)", "\";while(true)", "\".execute()", "'.execute()", "`.to_s", "%x('",
        "%x(\"", "#set($", "#set ($", "#foreach($", "#evaluate(", "<#assign", "<#include", "?lower_abc", "?new()", "?api.",
        ".newinstance(", ".signer.key", "{$smarty.", "{smarty", "{literal}", "self::clearconfig", "pagecontext.request",
        "applicationscope", ":constructor:constructor", ":module:prototype",
    ]),
    group(Rule::CodeObject, Some(Rule::CodeObject), Before::Any, After::Any, &[
        "!!python/", "!!java", "!!javax", "!ruby/object", "!ruby/hash", "!ruby/struct", "--- !ruby", "tag:yaml.org,2002:python",
        "tag:yaml.org,2002:js", "!!js/function", "objectdataprovider", "system.diagnostics.process", "system.windows.data",
        "typeconfusedelegate", "\"$type\":\"system.", "\"@type\":\"com.", "\"@type\":\"org.", "\"@type\":\"java", "{\"@type\"",
        "ldap://", "rmi://", "jndi:", "aaeaaad/////", "o:8:\"stdclass\"", "java.util.priorityqueue",
    ]),
    group(Rule::CodeName, Some(Rule::CodeWeakName), Before::Start, After::Any, &[
        "java.lang.", "java.io.", "java.net.", "java.util.", "java.nio.", "java.runtime", "javax.", "processbuilder.", "com.sun.org.", "org.apache.commons",
        "module.exports", "require[", "process.spawn(",
    ]),
    group(Rule::CodeCall, None, Before::Any, After::Any, &[
        "'sys'.'tem'", "\"sys\".\"t", "['system'])", "[system][0]", "[\"system\"])", "(system)(", "('system')(", "(\"system\")(", "'sys' . 'tem'",
    ]),
];
