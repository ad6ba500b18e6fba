//! Files, and wrappers of streams.

use super::super::rule::Rule;
use super::{After, Before, Group, group};

#[rustfmt::skip]
pub(super) static GROUPS: &[Group] = &[
    group(Rule::TraversalFile, Some(Rule::TraversalWeakFile), Before::Any, After::Any, &[
        "etc/passwd", "etc\\passwd", "etc/shadow", "etc\\shadow", "etc//passwd", "etc/./passwd", "etc/master.passwd",
        "etc/gshadow", "etc/security/", "etc/sudoers", "etc/ssh/", "proc/self/", "proc/version", "proc/cpuinfo", "proc/mounts",
        "proc/net/", "proc/sched_debug", "proc/cmdline", "proc/environ", "proc/1/", "proc/meminfo", "boot.ini", "win.ini",
        "system.ini", "windows/repair", "windows\\repair", "system32\\config", "system32/config", "system32/drivers/etc",
        "system32\\drivers\\etc", "system32\\inetsrv", "system32/inetsrv", "windows/system32/cmd", "winnt/system32",
        "winnt\\system32", "system32\\cmd.exe", "system32/cmd.exe", "web-inf/", "web-inf\\", "meta-inf/", ".htpasswd",
        ".git/config", ".git/head", ".git/index", ".svn/entries", ".svn/wc.db", ".hg/store", ".ssh/id_", ".ssh/authorized_keys",
        ".ssh/known_hosts", ".bash_history", ".mysql_history", ".psql_history", ".aws/credentials", ".docker/config.json",
        ".kube/config", "ntuser.dat", "inetpub\\wwwroot", "inetpub/wwwroot", "global.asa", "/c$/", "\\c$\\", "repair\\sam",
        "repair/sam", "sysprep.inf", "unattend.xml", "unattended.xml", "php/sessions/", "lib/php5/sess", "access_log%00",
        "autoexec.bat", "tomcat-users.xml", "conf/server.xml", "/proc/[0-9]", "kubernetes.io/serviceaccount", "tmp/sess_", "temp\\sess_", "/etc/issue", "/../etc",
    ]),
    group(Rule::TraversalFile, None, Before::Start, After::Any, &[
        "var/log/", "var/lib/mlocate", "var/lib/mysql", "var/lib/php", "var/run/", "var/mail/", "var/spool/",
        "var/apache", "var/www/", "var/adm/", "var/webmin", "var/lp/", "var/saf/", "var/db/", "var/log", "var/adm",
        "usr/local/apps", "usr/local/lib/php", "usr/pkgsrc", "usr/sbin/", "var/local/www", "var/cpanel", "root/.",
        "usr/local/apache", "usr/local/etc/", "usr/local/php", "usr/local/nginx", "usr/local/pgsql", "usr/local/cpanel",
        "usr/local/zend", "usr/pkg/etc", "usr/lib/security", "usr/lib/php", "usr/lib/cron", "usr/etc/", "usr/apache", "usr/ports/",
        "usr/home/", "usr/spool", "usr/share/adduser", "private/etc/", "private/var/", "opt/lampp/", "opt/xampp", "opt/apache",
        "opt/httpd", "opt/[jboss", "library/webserver", "system/library/", "dev/fd/", "dev/shm", "web/conf/", "www/logs",
        "www/conf", "www/apache", "apache/logs", "apache/conf", "apache2/", "apache\\", "apache2\\", "bin/php", "etc%2f", "php4\\",
        "php5\\", "xampp/", "xampp\\", "program files", "minint/", "winnt/", "winnt\\",
    ]),
    group(Rule::TraversalFile, None, Before::Start, After::Any, &["/etc/", "/proc/", "\\etc\\"]),
    group(Rule::TraversalFile, None, Before::Start, After::End, &[
        ".htaccess", ".passwd", ".netrc", ".sh_history", ".git", ".git/", ".svn", ".svn/", ".hg", ".env", ".ssh", ".ssh/",
        ".ds_store", ".pgpass", ".npmrc", ".dockercfg", ".bashrc", ".profile", ".forward", ".rhosts", ".shosts", ".logout", ".aws",
        "web.config", "wp-config.php", "id_rsa", "id_dsa", "passwd.dat",
    ]),
    group(Rule::TraversalWeakFile, None, Before::Boundary, After::End, &[
        "web.config", ".htaccess", "httpd.conf", "apache2.conf", "nginx.conf", "php.ini", "my.cnf", "wp-config.php", "id_rsa",
        "id_dsa", "authorized_keys", ".bashrc", ".profile", ".env", "access.log", "error.log", "access_log", "error_log",
        "localsettings.php", "configuration.php", "settings.php", "proftpd.conf", "vsftpd.conf", "config.sys", "pagefile.sys",
        "php.log", "web.xml", ".zshrc", ".netrc", ".pgpass", "/etc/hosts", "/etc/group", "/etc/motd", "/etc/fstab", "/etc/crontab",
        "/etc/resolv.conf", "/etc/hostname", "/etc/profile",
    ]),
    group(Rule::TraversalFile, None, Before::Start, After::Any, &[
        "file:/", "c:\\windows", "c:/windows", "c:\\winnt", "c:/winnt", "c:\\boot", "c:/boot", "c:\\inetpub", "c:/inetpub",
        "c:\\program files", "c:/program files", "c:\\xampp", "c:/xampp", "c:\\apache", "c:/apache", "c:\\wamp", "c:/wamp",
        "c:\\php", "c:/php", "c:\\mysql", "c:/mysql", "c:\\users\\administrator", "c:\\system32", "c:\\config", "c:\\pagefile",
        "c:\\nginx", "c:/nginx", "c:boot", "\\\\::1\\", "\\\\localhost\\", "\\\\127.0.0.1\\",
    ]),
    group(Rule::TraversalFile, None, Before::Any, After::Any, &[
        "%systemroot%", "%windir%", "%systemdrive%", "%systemroot:", "%windir:",
    ]),
    group(Rule::TraversalWrapper, Some(Rule::TraversalWeakFile), Before::Boundary, After::Any, &[
        "php://filter", "php://input", "php://stdin", "php://memory", "php://temp", "php://fd", "php://output", "phar://",
        "zip://", "zlib://", "compress.zlib://", "compress.bzip2://", "expect://", "glob://", "ogg://", "rar://", "ssh2.",
        "data://text", "data:text/plain;base64", "data:;base64", "data://,", "netdoc:", "jar:file", "jar:http", "convert.iconv.",
        "convert.base64-encode",
    ]),
];
