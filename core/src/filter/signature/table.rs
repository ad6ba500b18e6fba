//! The literals, in lower case.

use super::super::rule::Rule;
use super::{After, Before, Group};

const fn group(rule: Rule, in_prose: Option<Rule>, before: Before, after: After, literals: &'static [&'static str]) -> Group {
    Group {
        rule,
        in_prose,
        before,
        after,
        literals,
    }
}

pub(super) static GROUPS: &[Group] = &[
    // Script in a page.
    group(Rule::XssCall, Some(Rule::XssCall), Before::Free, After::Call, &["alert", "confirm", "prompt", "window.alert", "self.alert", "top.alert", "this.alert", "parent.alert", "frames.alert", "globalthis.alert", "window.confirm", "window.prompt", "self.confirm", "self.prompt", "top.confirm", "top.prompt"]),
    group(
        Rule::XssCall,
        Some(Rule::XssWeakObject),
        Before::Boundary,
        After::Call,
        &["eval", "execscript", "string.fromcharcode", "string.fromcodepoint", "document.write", "document.writeln", "constructor.constructor", "execcommand"],
    ),
    group(
        Rule::XssCall,
        None,
        Before::Any,
        After::Any,
        &["..tostring(", "[].some(", "[1].some(", "[].map(alert", "[1].map(", "[1].find(", "[1].findindex(", "[1].every(", "[1].foreach(", "=alert", "=confirm", "=prompt", "{alert}", "top[\"al", "top['al", "self['al", "self[\"al", "window['al", "window[\"al", "this['al", "this[\"al", "['alert']", "[\"alert\"]", "throw onerror", "onerror=alert", "onerror=eval", "=eval", "alert;throw", "{onerror=", "import('//", "import(\"//", "import(/", "domparser()", "&&alert", "||alert", "window.onerror="],
    ),
    group(
        Rule::XssObject,
        Some(Rule::XssWeakObject),
        Before::Boundary,
        After::Any,
        &["document.cookie", "document['cookie", "document[\"cookie", "document?.cookie", "document)[\"cookie", "document)['cookie", ".sort.call`", "reflect.apply.call`", "new function(", "document.domain", "document['domain", "document[\"domain", "document.location=", "document.location.href=", "window.location=", "window.location.href=", "window.location.replace(", "location=name", "location='javascript", "location.hash.slice", "window.name)", "document.body.innerhtml", "document.documentelement.innerhtml", "createelement('script", "createelement(\"script", "createelement(/script", "getelementsbytagname('head", "xmlhttprequest()", "document.body.appendchild", "document.head.appendchild", "with(document)", "document.implementation", "svgelement", "trustedhtml", "onerror=", ".src='//", ".src=\"//", "atob('", "atob(\"", "atob(`"],
    ),
    group(
        Rule::XssWeakCall,
        None,
        Before::Boundary,
        After::Call,
        &["settimeout", "setinterval", "setimmediate", "fetch", "atob", "unescape", "decodeuri", "decodeuricomponent", "function", "importscripts", "insertadjacenthtml", "window.open", "navigator.sendbeacon", "reflect.construct", "new function", "document.getelementbyid", "$.get", "$.getscript", "location.assign", "location.replace", "queuemicrotask", "requestanimationframe", "createcontextualfragment"],
    ),
    group(
        Rule::XssWeakObject,
        None,
        Before::Boundary,
        After::Use,
        &["innerhtml", "outerhtml", "window.location", "document.location", "self.location", "top.location", "parent.location", "location.href", "location.hash", "location.search", "document.referrer", "document.url", "document.documenturi", "localstorage", "sessionstorage", "srcdoc", "document.forms", "document.images", "window.name", "document.body", "document.head", "document.title"],
    ),
    group(
        Rule::XssStyle,
        Some(Rule::XssStyle),
        Before::Any,
        After::Any,
        &["-moz-binding", ":expression(", "expression(alert", "expression(java", "behavior:url(", "behaviour:url(", "expression(this", "expression(open", "expression(write", "expression(eval", "expression/*", "@import'", "@import\"", "@import url", "@\\import", "expression(document", "expression(window", "-o-link:"],
    ),
    group(
        Rule::XssTag,
        Some(Rule::XssTag),
        Before::Any,
        After::Any,
        &["+adw-", "+ad4-script", "</script", "<script", "<![cdata[<", "<x onxxx", "fscommand", "getappletcontext", "allowscriptaccess", "application/x-shockwave-flash", "geturl(", "dataformatas=", "<?xml-stylesheet", "<?xml:", "seeksegmenttime", "ng-app", "ng-csp", "data-ng-", "v-on:", "@click=", "v-html=", "x-init=", "onx="],
    ),
    // Files.
    group(
        Rule::TraversalFile,
        Some(Rule::TraversalWeakFile),
        Before::Any,
        After::Any,
        &["etc/passwd", "etc\\passwd", "etc/shadow", "etc\\shadow", "etc//passwd", "etc/./passwd", "etc/master.passwd", "etc/gshadow", "etc/security/", "etc/sudoers", "etc/ssh/", "proc/self/", "proc/version", "proc/cpuinfo", "proc/mounts", "proc/net/", "proc/sched_debug", "proc/cmdline", "proc/environ", "proc/1/", "proc/meminfo", "boot.ini", "win.ini", "system.ini", "windows/repair", "windows\\repair", "system32\\config", "system32/config", "system32/drivers/etc", "system32\\drivers\\etc", "system32\\inetsrv", "system32/inetsrv", "windows/system32/cmd", "winnt/system32", "winnt\\system32", "system32\\cmd.exe", "system32/cmd.exe", "web-inf/", "web-inf\\", "meta-inf/", ".htpasswd", ".git/config", ".git/head", ".git/index", ".svn/entries", ".svn/wc.db", ".hg/store", ".ssh/id_", ".ssh/authorized_keys", ".ssh/known_hosts", ".bash_history", ".mysql_history", ".psql_history", ".aws/credentials", ".docker/config.json", ".kube/config", "ntuser.dat", "inetpub\\wwwroot", "inetpub/wwwroot", "global.asa", "/c$/", "\\c$\\", "repair\\sam", "repair/sam", "sysprep.inf", "unattend.xml", "unattended.xml", "php/sessions/", "lib/php5/sess", "access_log%00", "autoexec.bat", "/etc/issue", "/../etc"],
    ),
    group(
        Rule::TraversalFile,
        None,
        Before::Start,
        After::Any,
        &["etc/", "proc/", "var/log/", "var/lib/mlocate", "var/lib/mysql", "var/lib/php", "var/run/", "var/mail/", "var/spool/", "var/apache", "var/www/", "var/adm/", "var/webmin", "var/lp/", "var/saf/", "var/db/", "var/log", "var/adm", "usr/local/apps", "usr/local/lib/php", "usr/pkgsrc", "usr/sbin/", "var/local/www", "var/cpanel", "root/.", "usr/local/apache", "usr/local/etc/", "usr/local/php", "usr/local/nginx", "usr/local/pgsql", "usr/local/cpanel", "usr/local/zend", "usr/pkg/etc", "usr/lib/security", "usr/lib/php", "usr/lib/cron", "usr/etc/", "usr/apache", "usr/ports/", "usr/home/", "usr/spool", "usr/share/adduser", "private/etc/", "private/var/", "opt/lampp/", "opt/xampp", "opt/apache", "opt/httpd", "opt/[jboss", "library/webserver", "system/library/", "dev/fd/", "dev/shm", "web/conf/", "www/logs", "www/conf", "www/apache", "apache/logs", "apache/conf", "apache2/", "apache\\", "apache2\\", "bin/php", "etc%2f", "php4\\", "php5\\", "xampp/", "xampp\\", "program files", "minint/", "winnt/", "winnt\\"],
    ),
    group(
        Rule::TraversalFile,
        None,
        Before::Start,
        After::End,
        &[".htaccess", ".htpasswd", ".passwd", ".netrc", ".bash_history", ".sh_history", ".mysql_history", ".git", ".git/", ".svn", ".svn/", ".hg", ".env", ".ssh", ".ssh/", ".ds_store", ".pgpass", ".npmrc", ".dockercfg", ".bashrc", ".profile", ".forward", ".rhosts", ".shosts", ".logout", ".aws", "web.config", "wp-config.php", "id_rsa", "id_dsa", "passwd.dat"],
    ),
    group(
        Rule::TraversalWeakFile,
        None,
        Before::Boundary,
        After::End,
        &["web.config", ".htaccess", "httpd.conf", "apache2.conf", "nginx.conf", "php.ini", "my.cnf", "wp-config.php", "id_rsa", "id_dsa", "authorized_keys", ".bashrc", ".profile", ".env", "access.log", "error.log", "access_log", "error_log", "localsettings.php", "configuration.php", "settings.php", "proftpd.conf", "vsftpd.conf", "config.sys", "pagefile.sys", "php.log", "web.xml", ".zshrc", ".netrc", ".pgpass", "/etc/hosts", "/etc/group", "/etc/motd", "/etc/fstab", "/etc/crontab", "/etc/resolv.conf", "/etc/hostname", "/etc/profile"],
    ),
    group(
        Rule::TraversalFile,
        None,
        Before::Start,
        After::Any,
        &["file:/", "c:\\windows", "c:/windows", "c:\\winnt", "c:/winnt", "c:\\boot", "c:/boot", "c:\\inetpub", "c:/inetpub", "c:\\program files", "c:/program files", "c:\\xampp", "c:/xampp", "c:\\apache", "c:/apache", "c:\\wamp", "c:/wamp", "c:\\php", "c:/php", "c:\\mysql", "c:/mysql", "c:\\users\\administrator", "c:\\system32", "c:\\config", "c:\\pagefile", "c:\\nginx", "c:/nginx", "c:boot", "\\\\::1\\", "\\\\localhost\\", "\\\\127.0.0.1\\", "%systemroot%", "%windir%", "%systemdrive%"],
    ),
    group(
        Rule::TraversalWrapper,
        Some(Rule::TraversalWeakFile),
        Before::Boundary,
        After::Any,
        &["php://filter", "php://input", "php://stdin", "php://memory", "php://temp", "php://fd", "php://output", "phar://", "zip://", "zlib://", "compress.zlib://", "compress.bzip2://", "expect://", "glob://", "ogg://", "rar://", "ssh2.", "data://text", "data:text/plain;base64", "data:;base64", "data://,", "netdoc:", "jar:file", "jar:http", "convert.iconv.", "convert.base64-encode"],
    ),
    // Commands and code.
    group(
        Rule::ShellProgram,
        Some(Rule::ShellWeakCommand),
        Before::Any,
        After::Any,
        &["/dev/tcp/", "/dev/udp/", "bash -i", "sh -i", "nc -e", "nc -l", "ncat -e", "nc.traditional", "-e /bin/", "/bin/sh", "/bin/bash", "/bin/cat", "/bin/ls", "/bin/id", "/bin/ps", "/bin/uname", "/bin/nc", "/bin/ping", "/bin/chmod", "/bin/echo", "/bin/rm", "/bin/wget", "/bin/zsh", "/bin/ksh", "/bin/csh", "/bin/tcsh", "/bin/dash", "/usr/bin/id", "/usr/bin/curl", "/usr/bin/wget", "/usr/bin/nc", "/usr/bin/python", "/usr/bin/perl", "/usr/bin/ruby", "/usr/bin/php", "/usr/bin/whoami", "/usr/bin/who", "/usr/bin/passwd", "/sbin/ifconfig", "/sbin/ping", "/usr/bin/less", "/usr/bin/tail", "/usr/bin/head", "/usr/bin/find", "cmd.exe", "cmd /c", "cmd/c", "command.com", "powershell.exe", "powershell -", "certutil -", "certutil.exe", "bitsadmin", "mshta", "wmic process", "wmic os", "regsvr32", "rundll32", "cscript.exe", "wscript.exe", "invoke-expression", "iex(", "iex (", "new-object net.webclient", "downloadstring(", "downloadfile(", "-encodedcommand", "start-process", "%comspec%", "|sh -", "mkfifo ", "0<&", "2>&1", ">&2", ">/tmp/", "> /tmp/", ">/var/www", "> /var/www", "</etc/", "< /etc/", "${path:", "${home:", "${pwd:", "${shell:", "/etc/p", "base64 -d", "base64 --decode", "xxd -r", "$(printf", "$(echo", "`echo", "`printf", "{cat,", "{wget,", "{curl,", "{id,", "{ping,", "{nslookup,", "rm -rf", "chmod +x", "chmod 777", "chmod 755", "sh -c", "cat /etc", "cat$ifs", "curl http", "wget http", "lwp-download", "fetch http", "net user", "net localgroup", "net view", "net use ", "net share", "net start", "for /f ", "for /l ", "for /d ", "for %%", "%errorlevel%", "if /i ", "if not defined ", "%programfiles", "%comspec", "%appdata%", "{ls,", "{l,", "{,ifconfig", "{,id", "{,/", "$shell -c", "${shell}", "/dev/null", ">$d/tcp", "netsh firewall", "reg add", "reg query"],
    ),
    group(
        Rule::ShellExpansion,
        Some(Rule::ShellExpansion),
        Before::Any,
        After::Any,
        &["${ifs", "$ifs", "$(`", "${`", "{${", "${@", "/?in/", "/bi?/", "$[", "$'\\x", "$@at", "$@cat", "\\u{ifs"],
    ),
    group(Rule::Shellshock, Some(Rule::Shellshock), Before::Any, After::Any, &["() { :;", "() { :", "() {:;", "(){:;", "(){ :;", "() { _;", "() {_;", "() { ignored;", "() { x;", "() { a;", "() { foo;", "() { test;", "() { gry;"]),
    group(
        Rule::CodeCall,
        Some(Rule::CodeWeakCall),
        Before::Boundary,
        After::Call,
        &["phpinfo", "passthru", "shell_exec", "proc_open", "pcntl_exec", "pcntl_fork", "call_user_func", "call_user_func_array", "create_function", "move_uploaded_file", "fsockopen", "file_get_contents", "file_put_contents", "highlight_file", "show_source", "readfile", "fpassthru", "php_uname", "getcwd", "get_defined_vars", "base64_decode", "gzinflate", "gzuncompress", "str_rot13", "posix_getpwuid", "posix_kill", "ini_set", "dl_open", "register_shutdown_function", "preg_replace_callback", "system", "popen", "execsync", "execfilesync", "spawnsync", "execfile", "fs.readfilesync", "fs.writefilesync", "fs.readdirsync", "readfilesync", "readdirsync", "os.system", "os.popen", "os.execute", "io.popen", "subprocess.popen", "subprocess.call", "subprocess.check_output", "subprocess.run", "__import__", "__import", "commands.getoutput", "pty.spawn", "runtime.exec", "getruntime", "processbuilder", "class.forname", "getenginebyname", "instance_eval", "class_eval", "kernel.exec", "kernel.system", "open3.capture2", "popen3", "erb.new", "getparameter", "response.write", "server.createobject", "createobject", "wscript.shell", "process.start", "assembly.load", "print_r", "var_dump", "php_eval", "gethostbyname", "socket.socket", "settimelimit", "set_time_limit", "error_reporting", "ob_start", "parse_str", "mb_ereg_replace", "imap_open", "unserialize", "pickle.loads", "yaml.load", "cpickle.loads", "child_process.exec", "vm.runinnewcontext", "vm.runinthiscontext", "runinnewcontext", "runinthiscontext"],
    ),
    group(
        Rule::CodeCall,
        None,
        Before::Free,
        After::CallText,
        &["exec", "assert", "system", "include", "include_once", "require_once", "spawn", "popen", "opendir", "scandir", "fopen", "glob", "unlink", "echo", "print", "die", "eval", "curl_exec", "curl_init", "dl", "highlight_string"],
    ),
    group(Rule::CodeWeakCall, None, Before::Boundary, After::Call, &["printf", "uasort", "usort", "array_map", "array_filter", "putenv", "symlink", "process.kill", "process.exit", "getattr", "chr", "exec", "eval", "assert", "require", "include", "spawn", "opendir", "readdir", "scandir", "chmod", "chown", "unlink", "fopen", "fread", "fwrite", "glob", "is_dir", "mkdir", "rmdir", "tempnam", "tmpfile", "copy", "phpversion", "phpcredits", "uniqid", "md5", "sha1", "ord", "hex2bin", "bin2hex", "urldecode", "rawurldecode", "stripslashes", "strrev", "implode", "explode", "die", "exit", "dir", "echo", "curl_exec", "curl_init", "mail", "header", "define", "extract", "forward_static_call", "filter_var", "array_walk", "reflectionfunction", "splfileobject"]),
    group(
        Rule::CodeScript,
        Some(Rule::CodeWeakName),
        Before::Any,
        After::Any,
        &["<?php", "<?=", "<? ", "<%@", "<%=", "<% ", "<%eval", "<%out", "[php]", "[/php]", "<script language=\"php", "<script language='php", "{php}", "<jsp:", "<cfexecute", "<cfset", "<%!"],
    ),
    group(
        Rule::CodeName,
        Some(Rule::CodeName),
        Before::Any,
        After::Any,
        &["$_get[", "$_get{", "$_get ", "$_post[", "$_post{", "$_request[", "$_request{", "$_cookie[", "$_server[", "$_files[", "$_session[", "$_env[", "$globals[", "$http_raw_post_data", "http_raw_post_data", "java.lang.runtime", "java.lang.processbuilder", "java.lang.system", "java.lang.class", "java.lang.string", "java.lang.process", "java.lang.thread", "java.util.scanner", "java.io.file", "java.io.inputstream", "java.io.bufferedreader", "java.net.url", "javax.naming", "javax.script", "javax.el.", "com.sun.rowset", "com.opensymphony", "org.apache.commons.collections", "org.apache.commons.io.", "org.apache.struts", "org.springframework.context", "org.springframework.expression", "freemarker.template.utility", "#_memberaccess", "#context[", "#context.", "#application[", "#session[", "#parameters.", "#parameters[", "#request.", "@java.lang", "@ognl", "ognl.ognlcontext", "ognlutil", "xwork.methodaccessor", "denymethodexecution", "allowstaticmethodaccess", "t(java.", "t(org.", "t(runtime)", "getclassloader", "getdeclaredmethod", "getmethod('", "getmethod(\"", "class.classloader", "class.module.classloader", "class.protectiondomain", "_$$nd_func$$_", "require('child_process", "require(\"child_process", "require(`child_process", "process.mainmodule", "process.binding", "process[", "global.process", "globalthis.process", "globalthis[", "__js_function", "process.env", "java.io.buffered", "java.io.bytearray", "java.io.object", "org.omg.corba", "java.lang.reflect", "java.lang.integer",  "this.constructor.constructor", "__class__", "__mro__", "__subclasses__", "__globals__", "__builtins__", "__getattribute__", "__bases__", "__base__", "__reduce__", "__dict__", "bsh.interpreter", "xalan.", "com.thoughtworks", "groovy.lang", "scriptenginemanager", "<java", "<methodcall", "java.beans.xmldecoder", "weblogic.", "marshalledobject", "unicastref", "newtransformer", "invokertransformer", "ysoserial", "clojure.", "cos\nsystem", "csystem\n", "cposix\n"],
    ),
    group(
        Rule::CodeName,
        Some(Rule::CodeWeakName),
        Before::Boundary,
        After::Any,
        &["__init__", "require('fs')", "require(\"fs\")", "require('os')", "require('http", "require('net", "__proto__", "constructor.prototype", "constructor[prototype", "constructor][prototype", "prototype]["],
    ),
    group(
        Rule::CodeObject,
        Some(Rule::CodeObject),
        Before::Any,
        After::Any,
        &["!!python/", "!!java", "!!javax", "!ruby/object", "!ruby/hash", "!ruby/struct", "--- !ruby", "tag:yaml.org,2002:python", "tag:yaml.org,2002:js", "!!js/function", "objectdataprovider", "system.diagnostics.process", "system.windows.data", "typeconfusedelegate", "\"$type\":\"system.", "\"@type\":\"com.", "\"@type\":\"org.", "\"@type\":\"java", "{\"@type\"", "ldap://", "rmi://", "jndi:", "aaeaaad/////", "o:8:\"stdclass\"", "java.util.priorityqueue"],
    ),
    // Databases.
    group(Rule::SqlCatalogue, None, Before::Any, After::Any, &["@@version", "@@servername", "@@datadir", "@@hostname", "@@basedir", "@@global.", "@@session."]),
    group(Rule::SqlFunction, Some(Rule::SqlWeakFunction), Before::Boundary, After::Any, &["xp_cmdshell", "xp_regread", "xp_dirtree", "sp_executesql", "sp_oacreate", "utl_http.", "utl_inaddr.", "dbms_pipe.", "dbms_lock.", "dbms_xmlgen.", "ctxsys.drithsx", "master..", "pg_sleep(", "mysql.user", "into outfile", "into dumpfile", "load_file(", "procedure analyse"]),
    group(
        Rule::NosqlOperator,
        Some(Rule::NosqlOperator),
        Before::Boundary,
        After::Key,
        &["$where", "$ne", "$gt", "$gte", "$lt", "$lte", "$regex", "$nin", "$in", "$exists", "$or", "$and", "$nor", "$not", "$expr", "$function", "$accumulator", "$elemmatch", "$func", "$eq", "$type", "$mod", "$all", "$size", "$jsonschema", "$lookup", "$unionwith", "$merge", "$out", "$set", "$unset", "$push", "$options", "$text", "$search", "&exists", "&regex"],
    ),
    group(
        Rule::NosqlCode,
        None,
        Before::Boundary,
        After::Any,
        &["'return true", "; return true", ";return true", "; return 1", ";return 1", "'return 1", ";return(true", ";return(1", "; return(1", "return this.", "return version(", "return sleep(", "return {", "return a==", "return 'a", "this.password", "this.username", "this.passwd", "db.getcollectionnames", "db.injection", "db.users.", "db.user.", "db.version(", "db.getname(", "tojson(this", "tojsononeline(", "mapreduce(", ".insert({", ".find({", ".match(/.*/)", "== 'a' || 'a", "do{curdate", "do{c = new date", "date=new date();do", "date = new date(); do", "var date=new date", "'||'1'=='1", "' || '1'=='1", "'1'=='1", "\"1\"==\"1", "'a'=='a", "|| 1==1", "||1==1", "&& this.", "||this.", "|| this."],
    ),
    // Documents and directives.
    group(Rule::XmlEntity, Some(Rule::XmlEntity), Before::Any, After::Any, &["<!entity", "<!doctype foo", "<!element", "<!attlist", "xi:include", "w3.org/2001/xinclude", "<xsl:", "xsi:schemalocation", "<xs:include", "<xs:import", "xsl/transform", "php:function(", "<?xml version", "<!notation"]),
    group(Rule::XmlDirective, Some(Rule::XmlDirective), Before::Any, After::Any, &["<!--#exec", "<!--#include", "<!--#echo", "<!--#printenv", "<!--#config", "<!--#set", "<!--#fsize", "<!--#flastmod", "<!--#if", "<!--#email", "<!--# ", "<!--#\"", "<!--#'", "#exec cmd", "<esi:", "<!--esi", "<pre><!--#"]),
    // Addresses.
    group(Rule::SsrfAddress, Some(Rule::SsrfAddress), Before::Any, After::Any, &["169.254.169.254", "169.254.170.2", "metadata.google.internal", "100.100.100.200", "/latest/meta-data", "/computemetadata/", "/metadata/instance", "gopher://", "dict://", "tftp://", "::ffff:169.254", "[fd00:ec2::254]", "instance-data.ec2", "metadata.nicob.net", "burpcollaborator.net", ".oastify.com", "interact.sh", ".oast.", "webhook.site", "requestbin.net", "pipedream.net", "nip.io", "xip.io", "sslip.io", "localtest.me", "lvh.me", "rbndr.us"]),
    group(Rule::SsrfAddress, None, Before::Start, After::Any, &["http:127.", "gateway.docker.internal", "host.docker.internal", "http://localhost/admin", "sftp://", "file:", "http://127.", "https://127.", "http://[::", "https://[::", "http://0.0.0.0", "https://0.0.0.0", "http://0/", "http://0x7f", "http://0177.", "http://2130706433", "http://017700000001", "http://3232235", "http://2852039166", "http://localhost/", "http://localhost:22", "http://localhost:25", "http://10.", "http://192.168.", "http://172.16.", "ftp://127.", "ftp://localhost"]),
    group(Rule::ScannerAgent, None, Before::Any, After::Any, &["sqlmap", "nikto", "masscan", "nessus", "openvas", "acunetix", "netsparker", "w3af", "dirbuster", "gobuster", "wpscan", "nuclei - ", "nuclei/", "fuzz faster", "feroxbuster", "havij", "arachni", "zmeu", "morfeus", "jorgee", "whatweb", "commix", "webinspect", "n-stealth", "paros", "joomscan", "dirsearch", "wfuzz", "sqlninja", "bsqlbf", "absinthe", "grabber", "pangolin", "brutus", "metis", "nmap scripting", "nmap nse", "appscan", "qualys was", "hydra", "openvas-vt", ".nasl", "zaproxy", "owasp zap", "vega/", "skipfish", "webshag", "sqlsus", "whcc/", "cgichk", "blackwidow", "libwhisker"]),
];
