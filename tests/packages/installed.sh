# What tests/packages/install.t does inside the root: the life of the package.
# shellcheck shell=bash disable=SC2317

set -uo pipefail
cd /opt || exit
. ./tap.sh

package=libnginx-mod-http-postern
link=/etc/nginx/modules-enabled/50-mod-http-postern.conf
examples=/usr/share/doc/$package/examples

# There is no network here: what the package depends on is there, or it depends on too much.
apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends "$@"; }

# All files but those that packaging itself writes.
files() {
    find / -xdev \( -path /proc -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/log -o -path /var/cache -o -path /opt \
        -o -path /tmp -o -path /run \) -prune -o -print | sort
}

loads() { nginx -T 2>/dev/null | grep -x 'load_module modules/ngx_http_postern_module.so;'; }

# The commands of the README, as root types them.
follow_readme() {
    local commands
    commands=$(sed -n 's/^  *# //p' "$examples/README")
    [ "$(wc -l <<<"$commands")" -ge 10 ] || return
    bash -euo pipefail -c "$commands"
}

answers_rows() { curl -fsS 'http://127.0.0.1:8080/api/resources?select=name&limit=1' | grep -E '^\{"data":\[\{"name":".+"\}\],"next_cursor":'; }

# within SECONDS COMMAND…: the command succeeds before the time is over.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { "$@"; return 1; }
        sleep 0.05
    done
}

# Without an init system packages leave services alone, unless this says that they may not.
printf '#!/bin/sh\nexit 0\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d

# It makes the folders that its configuration names.
nginx -t 2>/dev/null
before=$(files)
ok "it is installed, and needs nothing besides" apt install /opt/*.deb
ok "the module is enabled" test "$(readlink $link)" = /usr/share/nginx/modules-available/mod-http-postern.conf
ok "nginx loads it" loads
ok "nginx accepts its configuration" nginx -t
ok "the manual page is there, under both names" gzip -t /usr/share/man/man7/postern.7.gz /usr/share/man/man7/ngx_http_postern_module.7.gz
ok "it is purged" apt purge $package
ok "no file is left" same "$before" "$(files)"
ok "nginx does without" nginx -t

ok "it is installed again" apt install /opt/*.deb
ok "PostgreSQL starts" service postgresql start
ok "nginx starts" service nginx start
ok "the README is right" follow_readme
ok "a request is answered from PostgreSQL" answers_rows

rm -f /etc/nginx/sites-enabled/postern.conf
ok "it is removed" apt remove $package
ok "the link is set aside" not test -L $link
ok "nginx does without, and is reloaded" nginx -t
ok "nothing of it answers any more" within 10 not answers_rows
ok "nginx itself does" curl -fsS -o /dev/null http://127.0.0.1/
ok "it comes back" apt install /opt/*.deb
ok "enabled as it was" test -L $link
rm $link
ok "a new version comes" apt install --reinstall /opt/*.deb
ok "and leaves disabled what the administrator has disabled" not test -L $link
ok "it is purged after use" apt purge $package
ok "no link is left" not ls -d /etc/nginx/modules-enabled/*postern*
ok "nothing of it is left" same "" "$(find /usr -name '*postern*')"

service nginx stop >/dev/null
service postgresql stop >/dev/null
done_testing
