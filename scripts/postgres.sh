#!/usr/bin/env bash
# The embedded PostgreSQL of RUN_DIR: postgres.sh start | stop | status | url
#
# `url` prints how its superuser reaches the database "app", as psql takes it. Everybody logs in with a password
# (SCRAM-SHA-256) over a unix socket; with PGPORT set, over that port of 127.0.0.1 as well.

. "$(dirname "$0")/lib.sh"

use_run_dir
base=$RUN_DIR/postgres
data=$base/data
log=$base/postgres.log
pgpass=$RUN_DIR/secrets/pgpass
port=${PGPORT:-5432}
# PostgreSQL refuses to be run by root.
if is_root; then user=$(first_user postgres nobody); else user=$(id -un); fi

# The programs of the version that made the cluster, else of the newest that is installed.
programs() {
    local version found
    if [ -s "$data/PG_VERSION" ]; then version=$(cat "$data/PG_VERSION"); else version='*'; fi
    # shellcheck disable=SC2086
    found=$(ls -d /usr/lib/postgresql/$version/bin 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$found" ] && [ "$version" = '*' ] && command -v initdb >/dev/null; then found=$(dirname "$(command -v initdb)"); fi
    [ -n "$found" ] || die "PostgreSQL${version/\*/} is not installed"
    printf '%s\n' "$found"
}

# A socket's path may have 107 bytes; where RUN_DIR leaves too few the socket is in a folder of its own.
socket_folder() {
    local name=/.s.PGSQL.$port short
    if [ $((${#base} + ${#name})) -le 107 ]; then
        printf '%s\n' "$base"
    else
        short=${TMPDIR:-/tmp}/postern-$(checksum "$base")
        printf '%s\n' "${short//\/\///}"
    fi
}

make_socket_folder() {
    local folder
    folder=$(socket_folder)
    [ "$folder" != "$base" ] || return 0
    if ! mkdir -m 755 "$folder" 2>/dev/null; then
        # Nobody else may have put it there.
        [ -d "$folder" ] && [ ! -L "$folder" ] && [ "$(stat -c %U "$folder")" = "$user" ] || die "$folder is not of the user $user"
    fi
    own "$folder"
}

own() { if is_root; then chown "$user" "$@"; fi; }

# Made aside and put in place whole, so that an interrupted first start leaves nothing that looks like a cluster.
create() {
    local password
    say "Creating a PostgreSQL cluster in $base"
    rm -rf "$data.new"
    password=$(openssl rand -hex 24)
    mkdir -p "$RUN_DIR/secrets"
    printf '%s' "$password" | write_secret "$base/pwfile" "$user"
    logged "$bin/initdb" -D "$data.new" --username=postgres --pwfile="$base/pwfile" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-instructions
    rm -f "$base/pwfile"
    as_user "$user" sh -c 'echo "include '\''postern.conf'\''" >>"$1/postgresql.conf" && touch "$1/postern.conf"' sh "$data.new"
    echo 'create database app' | logged "$bin/postgres" --single -D "$data.new" postgres
    printf '*:*:*:postgres:%s\n' "$password" | write_secret "$pgpass"
    mv "$data.new" "$data"
}

logged() { as_user "$user" "$@" >>"$log" 2>&1 || die "PostgreSQL failed: $(reason)"; }

reason() {
    sed -nE 's/^.*(FATAL|initdb: error|ERROR): +/\1: /p' "$log" | tail -n 1 | grep . || printf '%s\n' "see $log"
}

# Written at each start: RUN_DIR may have been moved and PGPORT may have changed.
configure() {
    local listen='' folder
    folder=$(socket_folder)
    [ -z "${PGPORT:-}" ] || listen=127.0.0.1
    cat >"$data/postern.conf" <<END
listen_addresses = '$listen'
port = $port
unix_socket_directories = '${folder//\'/\'\'}'
max_connections = $((100 + 8 * $(nproc)))
password_encryption = 'scram-sha-256'
cluster_name = 'postern'
log_line_prefix = '%m [%p] %q%u@%d '
END
    own "$data/postern.conf"
}

running() { [ -s "$data/postmaster.pid" ] && pg_ctl status >/dev/null 2>&1; }

# pg_ctl hands its arguments to a shell, which must not see what somebody calls his folders.
pg_ctl() { (cd "$base" && as_user "$user" "$bin/pg_ctl" -D data "$@"); }

start() {
    if running; then return; fi
    if [ -n "${PGPORT:-}" ] && port_taken "$PGPORT"; then die "port $PGPORT is taken; choose another PGPORT"; fi
    mkdir -p "$base"
    own "$base"
    (umask 077 && touch "$log")
    own "$log"
    [ -s "$data/PG_VERSION" ] || create
    make_socket_folder
    configure
    pg_ctl -l postgres.log -w -t 60 -s start >/dev/null 2>&1 || die "PostgreSQL failed: $(reason)"
}

stop() {
    if running; then
        pg_ctl -m fast -w -t 60 -s stop || die "PostgreSQL does not stop; see $log"
    fi
}

url() {
    printf 'host=%s port=%s dbname=app user=postgres passfile=%s\n' "$(conninfo "$(socket_folder)")" "$port" "$(conninfo "$pgpass")"
}

bin=$(programs)
cd /
case ${1:-} in
    start | stop | url) "$1" ;;
    status) if running; then say "running"; else say "not running"; exit 3; fi ;;
    *) die "start, stop, status or url?" ;;
esac
