#!/usr/bin/env bash
# The sample application, all of it: server.sh run | start | stop
#
#   run    serves in the foreground until Ctrl-C
#   start  the same in the background
#   stop   ends what runs in RUN_DIR, whichever way it was started
#
# RUN_DIR (run/) is where everything keeps its files, PORT (8080) and ADDRESS (127.0.0.1) are where it listens. With
# DATABASE_URL an existing PostgreSQL is used in place of the embedded one; the password of its role authenticator becomes
# what AUTHENTICATOR_PASSWORD_FILE says, by default one of this RUN_DIR.

. "$(dirname "$0")/lib.sh"

PORT=${PORT:-8080}
ADDRESS=${ADDRESS:-127.0.0.1}
postgres=$ROOT/scripts/postgres.sh
started_postgres=
started_nginx=
nginx_job=
stopping=

use_run_dir
prefix=$RUN_DIR/nginx
secrets=$RUN_DIR/secrets
pid_file=$prefix/nginx.pid
module_file=$BUILD_DIR/$MODULE
log=$prefix/logs/error.log

main() {
    case ${1:-} in
        run)
            prepare "error_log stderr warn;"
            foreground
            ;;
        start)
            prepare ''
            background
            ;;
        stop) stop_all ;;
        *) die "run, start or stop?" ;;
    esac
}

# What is known to stand in the way is found out before anything starts; what goes wrong later takes the rest down with it.
prepare() {
    check_settings
    exec 8>"$RUN_DIR/.lock"
    if nginx_running || ! flock -n 8; then die "it runs already in $RUN_DIR; make stop ends it"; fi
    if port_taken "$PORT"; then die "port $PORT is taken; choose another PORT"; fi
    trap clean_up EXIT
    mkdir -p "$prefix/logs" "$secrets"
    make_secrets
    use_database
    export AUTHENTICATOR_PASSWORD_FILE=${AUTHENTICATOR_PASSWORD_FILE:-$secrets/authenticator.password}
    migrate
    dsn=$("$ROOT/scripts/authenticator-dsn.sh" 8>&-)
    ln -sfn "$ROOT/nginx-conf/schemas" "$prefix/schemas"
    # In a folder that nginx's workers may enter.
    mkdir -p "$prefix/docs"
    if [ -d "$BUILD_DIR/viewer" ]; then cp "$BUILD_DIR"/viewer/* "$prefix/docs"; fi
    render "$1" >"$prefix/nginx.conf"
    check_configuration
}

check_settings() {
    [[ $PORT =~ ^[1-9][0-9]{0,4}$ ]] && [ "$PORT" -le 65535 ] || die "PORT must be a number from 1 to 65535, not \"$PORT\""
    [[ $ADDRESS =~ ^[][A-Za-z0-9.:*-]+$ ]] || die "ADDRESS cannot be \"$ADDRESS\""
    [ -x "$BUILD_DIR/nginx" ] && [ -f "$module_file" ] || die "$BUILD_DIR/nginx or $module_file is missing; run make build"
}

# nginx reads them together with its configuration, before it becomes another user.
make_secrets() {
    local name
    for name in jwt.key authenticator.password; do
        [ -s "$secrets/$name" ] || random_text | write_secret "$secrets/$name"
    done
}

random_text() { openssl rand -hex 32 | tr -d '\n'; }

use_database() {
    [ -z "${DATABASE_URL:-}" ] || return 0
    if ! "$postgres" status >/dev/null 2>&1; then
        started_postgres=yes
        "$postgres" start 8>&-
    fi
    DATABASE_URL=$("$postgres" url)
    export DATABASE_URL
}

migrate() { "$ROOT/scripts/migrate.sh" 8>&-; }

render() {
    local text worker
    worker=$(first_user www-data nobody)
    text=$(cat "$ROOT/nginx-conf/sample.conf.in")
    fill USER_DIRECTIVE "$(if is_root; then printf 'user %s %s;' "$worker" "$(id -gn "$worker")"; fi)"
    fill FOREGROUND_LOG "$1"
    fill PREFIX "$(quoted "$prefix")"
    fill NGINX_CONF "$(quoted "$ROOT/nginx-conf")"
    fill MODULE "$(quoted "$module_file")"
    fill DSN "$(quoted "$dsn")"
    fill PASSWORD_FILE "$(quoted "$AUTHENTICATOR_PASSWORD_FILE")"
    fill JWT_SECRET_FILE "$(quoted "$secrets/jwt.key")"
    fill LISTEN "$ADDRESS:$PORT"
    printf '%s\n' "$text"
}

fill() { text=${text//"@$1@"/"$2"}; }

# For a place between double quotes in nginx.conf.
quoted() { sed 's/[\\"]/\\&/g' <<<"$1"; }

nginx() { "$BUILD_DIR/nginx" -p "$prefix" -c nginx.conf -e logs/error.log "$@"; }

check_configuration() {
    local answer
    answer=$(nginx -t 8>&- 2>&1) || die "$(grep -m 1 -E '\[(emerg|alert|crit)\]' <<<"$answer" || printf '%s' "$answer")"
}

nginx_pid() { cat "$pid_file" 2>/dev/null; }

# A file may be left from a process that was killed, and its number may belong to another one by now.
nginx_running() {
    local pid
    pid=$(nginx_pid) && is_nginx "$pid"
}

# Another nginx of this machine is not the one of this RUN_DIR.
is_nginx() {
    local program command
    program=$(readlink "/proc/$1/exe") && command=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") || return 1
    program=${program% (deleted)}
    [[ ${program##*/} == nginx && $command == *" -p $prefix -"* ]]
}

# An nginx that has its own session does not get the terminal's Ctrl-C: it would drop requests at once.
start_nginx() {
    ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
    started_nginx=yes
    if [ "$1" = foreground ]; then
        setsid "$BUILD_DIR/nginx" -p "$prefix" -c nginx.conf -e logs/error.log -g 'daemon off;' 8>&- &
        nginx_job=$!
    else
        nginx 8>&- 2>/dev/null || die "nginx did not start: $(tail -n 1 "$log")"
    fi
    wait_for 10 settled && answering || [ -n "$stopping" ] || die "nginx does not answer on port $PORT: $(tail -n 1 "$log")"
}

settled() { ! { [ -z "$nginx_job" ] || kill -0 "$nginx_job" 2>/dev/null; } || answering; }

answering() {
    local status
    nginx_running || return 1
    status=$(curl --noproxy '*' -s -o /dev/null -m 5 -w '%{http_code}' "$(base_url)/api/resources?limit=1") && [ "$status" = 200 ]
}

base_url() {
    local host=$ADDRESS
    case $host in
        0.0.0.0 | '*') host=127.0.0.1 ;;
        '[::]') host='[::1]' ;;
    esac
    printf 'http://%s:%s' "$host" "$PORT"
}

foreground() {
    trap 'stopping=yes; stop_nginx' INT TERM HUP
    start_nginx foreground
    if [ -z "$stopping" ]; then
        what_to_try
        say "Ctrl-C ends it."
    else
        # There may have been no nginx to end when the signal came.
        stop_nginx
    fi
    while kill -0 "$nginx_job" 2>/dev/null; do wait "$nginx_job" || true; done
    [ -n "$stopping" ] || say "nginx has ended; see $log"
}

background() {
    start_nginx background
    started_nginx=
    started_postgres=
    what_to_try
    say "make stop ends it."
}

what_to_try() {
    local url token
    url=$(base_url)
    token=$("$ROOT/scripts/token.sh")
    cat <<END

The sample application is at $url, its files are in $RUN_DIR.

Without a token you see what is public:
  curl -s '$url/api/resources?limit=3'

With one you are the demo user (scripts/token.sh makes more of them):
  TOKEN=$token
  curl -s -H "Authorization: Bearer \$TOKEN" '$url/api/resources?select=id,name,price&price=gte.50&order=price.desc&limit=5'
  curl -s -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' -i \\
      -d '{"name":"Tin whistle","price":12.5,"tags":["tin"]}' $url/api/resources
  curl -s -H "Authorization: Bearer \$TOKEN" '$url/api/audit_log?limit=3'

Or have an account of your own:
  curl -s -H 'Content-Type: application/json' -d '{"email":"ann@example.org","password":"correct horse","name":"Ann"}' $url/auth/register

END
}

stop_all() {
    local found=
    if nginx_running; then
        found=yes
        stop_nginx
    fi
    if "$postgres" status >/dev/null 2>&1; then
        found=yes
        "$postgres" stop
    fi
    [ -n "$found" ] || say "Nothing runs in $RUN_DIR"
}

# Also the one that another one is about to take the place of, and that one first: left alone it would go on.
stop_nginx() {
    local pid
    for pid in $(cat "$pid_file.oldbin" "$pid_file" 2>/dev/null) $nginx_job; do end_nginx "$pid"; done
}

# Requests that are being answered are answered; what takes too long is cut off.
end_nginx() {
    local signal
    for signal in QUIT TERM KILL; do
        is_nginx "$1" || return 0
        kill -s "$signal" "$1" 2>/dev/null || true
        wait_for 15 gone "$1" && return 0
    done
    die "nginx ($1) does not end"
}

gone() { ! is_nginx "$1"; }

clean_up() {
    local status=$?
    trap '' INT TERM HUP
    stop_started
    exit "$status"
}

stop_started() {
    if [ -n "$started_nginx" ]; then stop_nginx || true; fi
    if [ -n "$started_postgres" ]; then "$postgres" stop || true; fi
}

# dev.sh takes the functions from here.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
