//! Commands of shells.

use super::super::word_map::WordMap;

/// How sure a word is a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// No language has this word.
    Plain,
    /// It runs a script, or is a tool of developers, whose commands are in texts everywhere.
    Tool,
    /// It is also a word of English, or of a query.
    Common,
}

pub(super) static COMMANDS: WordMap<Command, 1024> = WordMap::new(&[
    (
        "iwr irm iwmi iex gwmi whoami uname ifconfig ipconfig netstat nslookup wget curl nc ncat netcat telnet ssh scp sftp tftp chmod chown chgrp \
         chroot ls ps pwd rm cp mv mkdir rmdir ln tac nl tee awk gawk sed grep egrep fgrep xargs \
         busybox printenv env getent lsof dmesg crontab useradd usermod adduser userdel passwd sudo su journalctl \
         iptables arp traceroute tracert hostname mknod mkfifo base64 xxd od strings tar bunzip2 zcat zless lspci lsb_release \
         powershell pwsh cmd taskkill tasklist systeminfo schtasks regsvr32 certutil bitsadmin wmic mshta rundll32 nltest net1 gpresult icacls attrib \
         nmap tcpdump socat screen tmux nproc df du lwp-download lynx links2 aria2c \
         axel ed ex bzcat lesspipe pkill killall pgrep pstree renice nohup setsid strace gdb objdump readlink realpath dirname basename mktemp \
         rbash luajit gawk mawk busctl loginctl hostnamectl timedatectl \
         shellcheck sleep usleep ping ping6 dig whois fetch ftp lftp md5sum sha1sum sha256sum cksum rev2 shuf xz dd fdisk mkfs mount umount getfacl lsattr stat printf insmod modprobe \
         zstdcat xzcat htop aptitude c89 c99 regedit visudo cscli ansible ansible-playbook bridge flock perf rmt run-parts capsh choom dmidecode \
         ionice sysinfo msfconsole tshark hping3 arping mtr ss ipset nft ufw pkexec chage chpasswd chsh chfn gdbserver tcl tclsh expect jjs jrunscript rpmquery \
         wish xdotool yelp zypper zsoelim sysctl lastlog uptime id ipcs ifdown ifup route rlogin rsh rexec xterm xdg-open getconf groupadd vigr visudo logrotate ntpdate hexdump",
        Command::Plain,
    ),
    (
        "python python2 python3 perl php ruby bash dash sh ksh zsh csh tcsh lua node nodejs deno java javac gcc cc make git svn npm gem pip docker podman kubectl apt yum dnf dpkg rpm snap apk pacman gzip gunzip unzip mysql psql sqlite3 mysqldump pg_dump vim vi nano emacs diff rsync systemctl openssl fish",
        Command::Tool,
    ),
    (
        "cat echo find more less head tail sort uniq cut paste kill killer date who w last finger type dir del copy move ren echo set \
         net time test history man host top tree file touch split join wait exec eval source export alias unset read cd jobs fg bg trap umask \
         exit reg start call at ver vol more sc net route dir path title attrib command expr yes look column comm patch expand fold fmt pr rev \
         seq tr wc write wall mail logger groups users locate which whereis whatis apropos info help go service reboot shutdown halt poweroff \
         sync true false local let bc dc factor logname tty stty reset clear nice timeout watch crontab batch zip install print declare ip sum mesg bind compgen complete hash pushd popd dirs",
        Command::Common,
    ),
]);

/// Commands that are given another to run.
pub(super) static RUNNERS: WordMap<(), 32> = WordMap::new(&[(
    "eval builtin which sudo nohup xargs strace command exec env busybox nice time watch timeout whereis flock setsid doas",
    (),
)]);

/// Commands that show a file.
pub(super) static READERS: WordMap<(), 32> =
    WordMap::new(&[("cat type more less head tail find dir tac", ())]);

/// Commands that nobody types for another reason, even without anything around them.
pub(super) static TELLING: WordMap<(), 32> = WordMap::new(&[(
    "whoami uname ifconfig ipconfig netstat systeminfo tasklist printenv lsof",
    (),
)]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known() {
        assert_eq!(COMMANDS.find(b"whoami"), Some(Command::Plain));
        assert_eq!(COMMANDS.find(b"find"), Some(Command::Common));
        assert_eq!(COMMANDS.find(b"hello"), None);
    }
}
