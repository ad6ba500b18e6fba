#!/usr/bin/env bash
# Brings a database to the state of migrations/: DATABASE_URL=… migrate.sh
#
# Each file runs in a transaction of its own, in the order of the numbers, once; postern.migrations tells what was applied.
# A file that has been applied must not change any more: what is to be different goes into a new one. The status is 3 where one has.
#
# DATABASE_URL is anything that psql takes, of a role that may create schemas and roles. With AUTHENTICATOR_PASSWORD_FILE the
# role authenticator gets the password of that file, unless it has it already.

. "$(dirname "$0")/lib.sh"

: "${DATABASE_URL:?is not set}"
folder=${MIGRATIONS:-$ROOT/migrations}
export PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-5} PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning"

run_psql() { psql -X -q -At -v ON_ERROR_STOP=1 "$DATABASE_URL"; }

# Whoever holds this lock migrates; a second run waits and then finds nothing left to do.
lock="select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('postern.migrations', 0)) as locked \\gset"

applied() {
    run_psql <<END
begin;
$lock
select to_regclass('postern.migrations') is null as fresh \\gset
\\if :fresh
create schema if not exists postern;
comment on schema postern is 'What Postern itself keeps in this database.';
create table postern.migrations (
    version integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
);
comment on table postern.migrations is 'The files of migrations/ that were applied, with the SHA-256 of each.';
\\endif
commit;
select version, checksum from postern.migrations;
END
}

# One file as a script for psql. The check is made again under the lock.
step() {
    local version=$1 name=$2 checksum=$3 file=$4
    cat <<END
begin;
$lock
select exists (select from postern.migrations where version = $version) as applied \\gset
\\if :applied
\\else
\\echo 'Applying $name'
\\i '${file//\'/\'\'}'
reset role;
insert into postern.migrations (version, name, checksum) values ($version, '$name', '$checksum');
\\endif
commit;
END
}

# The script of all files that are left to apply.
plan() {
    local file name version checksum twice
    twice=$(printf '%s\n' "$folder"/[0-9][0-9][0-9]_*.sql | sed -E 's|.*/(...)_[^/]*$|\1|' | uniq -d)
    [ -z "$twice" ] || die "there is more than one migration of the number ${twice//$'\n'/, }"
    declare -A known
    while IFS='|' read -r version checksum; do
        if [ -n "$version" ]; then known[$version]=$checksum; fi
    done <<<"$1"
    for file in "$folder"/[0-9][0-9][0-9]_*.sql; do
        name=$(basename "$file" .sql)
        [[ $name =~ ^([0-9]{3})_[a-z0-9_]+$ ]] || die "$name: migrations are named 001_like_this.sql"
        version=$((10#${BASH_REMATCH[1]}))
        checksum=$(sha256sum <"$file")
        checksum=${checksum%% *}
        if [ -z "${known[$version]:-}" ]; then
            step "$version" "$name" "$checksum" "$file"
        elif [ "${known[$version]}" != "$checksum" ]; then
            printf '%s\n' "migrate.sh: $name has changed since it was applied; put the change into a new migration" >&2
            exit 3
        fi
    done
}

# The password goes from file to server without being an argument of a process that others could see, nor does it get into the
# server's log, as far as the role may say so.
set_authenticator_password() {
    local url
    AUTHENTICATOR_PASSWORD=$(cat "$AUTHENTICATOR_PASSWORD_FILE")
    export AUTHENTICATOR_PASSWORD
    url=$("$ROOT/scripts/authenticator-dsn.sh")
    if PGPASSWORD=$AUTHENTICATOR_PASSWORD psql -X -w -c '' "$url" >/dev/null 2>&1; then return; fi
    run_psql <<'END'
\getenv password AUTHENTICATOR_PASSWORD
do $$ begin
    perform set_config('log_statement', 'none', false), set_config('log_min_duration_statement', '-1', false),
        set_config('log_min_error_statement', 'panic', false);
exception when insufficient_privilege then null;
end $$;
alter role authenticator password :'password';
END
}

# psql names where it stumbled; the first line says what it is.
fail() { die "$(grep -m 1 . "$1" || echo "psql failed")"; }

errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
list=$(applied 2>"$errors") || fail "$errors"
script=$(plan "$list")
if [ -n "$script" ]; then
    run_psql <<<"$script" 2>"$errors" || fail "$errors"
fi
if [ -n "${AUTHENTICATOR_PASSWORD_FILE:-}" ]; then
    set_authenticator_password 2>"$errors" || fail "$errors"
fi
