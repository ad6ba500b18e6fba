//! Programs and shells.

use super::super::rule::Rule;
use super::{After, Before, Group, group};

#[rustfmt::skip]
pub(super) static GROUPS: &[Group] = &[
    group(Rule::ShellProgram, Some(Rule::ShellWeakCommand), Before::Any, After::Any, &[
        "/dev/tcp/", "/dev/udp/", "bash -i", "sh -i", "nc -e", "nc -l", "ncat -e", "nc.traditional", "-e /bin/", "/bin/sh",
        "/bin/bash", "/bin/cat", "/bin/ls", "/bin/id", "/bin/ps", "/bin/uname", "/bin/nc", "/bin/ping", "/bin/chmod", "/bin/echo",
        "/bin/rm", "/bin/wget", "/bin/zsh", "/bin/ksh", "/bin/csh", "/bin/tcsh", "/bin/dash", "/usr/bin/id", "/usr/bin/curl",
        "/usr/bin/wget", "/usr/bin/nc", "/usr/bin/python", "/usr/bin/perl", "/usr/bin/ruby", "/usr/bin/php", "/usr/bin/whoami",
        "/usr/bin/who", "/usr/bin/passwd", "/sbin/ifconfig", "/sbin/ping", "/usr/bin/less", "/usr/bin/tail", "/usr/bin/head",
        "/usr/bin/find", "cmd.exe", "cmd /c", "cmd/c", "command.com", "powershell.exe", "powershell -", "certutil -",
        "certutil.exe", "bitsadmin", "mshta", "wmic process", "wmic os", "regsvr32", "rundll32", "cscript.exe", "wscript.exe",
        "invoke-expression", "iex(", "iex (", "new-object net.webclient", "downloadstring(", "downloadfile(", "-encodedcommand",
        "start-process", "%comspec%", "|sh -", "mkfifo ", "0<&", "2>&1", ">&2", ">/tmp/", "> /tmp/", ">/var/www", "> /var/www",
        "</etc/", "< /etc/", "=$'", "=$\"", "=$\\'", "${path:", "${home:", "${pwd:", "${shell:", "/etc/p", "base64 -d", "base64 --decode", "xxd -r",
        "$(printf", "$(echo", "`echo", "`printf", "{cat,", "{wget,", "{curl,", "{id,", "{ping,", "{nslookup,", "rm -rf",
        "chmod +x", "chmod 777", "chmod 755", "sh -c", "cat /etc", "cat$ifs", "curl http", "wget http", "lwp-download",
        "fetch http", "net user", "net localgroup", "net view", "net use ", "net share", "net start", "for /f ", "for /l ",
        "for /d ", "for %%", "%errorlevel%", "if /i ", "if not defined ", "%programfiles", "%comspec", "%appdata%", "{ls,", "{l,",
        "{,ifconfig", "{,id", "{,/", "$shell -c", "${shell}", "/dev/null", ">$d/tcp", "netsh firewall", "reg add", "reg query",
        "invoke-webrequest ", "invoke-restmethod ", "invoke-command ", "invoke-wmimethod", "get-wmiobject", "set-executionpolicy",
        "%commonprogram", "%program", "|$0", "<<<'", "<<<\"", "<<<$", "if not exist ", "if exist ", "if defined ",
    ]),
    group(Rule::ShellExpansion, Some(Rule::ShellExpansion), Before::Any, After::Any, &[
        "${ifs", "$ifs", "$(`", "${`", "{${", "${@", "/?in/", "/bi?/", "$[", "$'\\x", "$@at", "$@cat", "${!", "\\u{ifs",
    ]),
    group(Rule::Shellshock, Some(Rule::Shellshock), Before::Any, After::Any, &[
        "() { :;", "() { :", "() {:;", "(){:;", "(){ :;", "() { _;", "() {_;", "() { ignored;", "() { x;", "() { a;", "() { foo;",
        "() { test;", "() { gry;",
    ]),
];
