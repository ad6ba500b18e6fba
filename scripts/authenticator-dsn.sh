#!/usr/bin/env bash
# How the role authenticator reaches the database of DATABASE_URL, without a password: for postern_database's dsn and psql.

. "$(dirname "$0")/lib.sh"

: "${DATABASE_URL:?is not set}"

# psql is asked where it got to, so that every form of address and every default of the environment means the same here.
where=$(PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-5} psql -X -w -q -At -v ON_ERROR_STOP=1 "$DATABASE_URL" 2>&1 \
    <<<'\echo :HOST|:PORT|:DBNAME') || die "the database cannot be reached: $(head -n 1 <<<"$where")"
IFS='|' read -r host port name <<<"$where"

dsn="host=$(conninfo "$host") port=$port dbname=$(conninfo "$name") user=authenticator"
for key in sslmode sslrootcert; do
    if [[ $DATABASE_URL =~ (^|[?&[:space:]])$key=([^&[:space:]]+) ]]; then
        value=${BASH_REMATCH[2]}
        dsn+=" $key=$(conninfo "$(printf '%b' "${value//%/\\x}")")"
    fi
done
printf '%s\n' "$dsn"
