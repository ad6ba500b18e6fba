#!/usr/bin/env bash
# The sample application while you work on it: dev.sh serves it as `server.sh run` does, in the same RUN_DIR, and takes over what changes:
#
#   src/ core/src/ Cargo.* build.rs   the module is built, and another nginx takes the place of the one that runs
#   migrations/                       new ones are applied; PostgreSQL tells Postern what that has changed
#   nginx-conf/                       the configuration is made anew, checked and loaded
#
# What cannot be built, applied or loaded is shown, and what was there goes on serving. No connection is refused meanwhile and no request
# is cut off. A file that was applied and has changed since is told of; with RESET=1 the database is made anew instead, without what is in it.

. "$(dirname "$0")/server.sh"

export POSTERN_PROFILE=dev
module_file=$BUILD_DIR/dev/$MODULE
given_database=${DATABASE_URL:-}
watched=("$ROOT/src" "$ROOT/core" "$ROOT/migrations" "$ROOT/nginx-conf")
report=
job=
watcher=
stopping=
unfinished=
must_finish=

main() {
    command -v inotifywait >/dev/null || die "inotifywait is not installed; run make setup-dev"
    trap clean_up EXIT
    trap stop INT TERM HUP
    report=$(mktemp)
    watch
    [ -f "$module_file" ] || say "The first build takes minutes, all others seconds."
    step "building the module" "$ROOT/scripts/build.sh"
    prepare "error_log stderr warn;"
    step "starting nginx" start_dev
    what_to_try
    say "What you change is taken over; Ctrl-C ends it."
    while :; do
        await_changes
        take_over
    done
}

# --- What has changed

# Each line that comes from here is the path of something that has changed. The files at the top are watched by their folder, as editors
# put new ones in their places.
watch() {
    local events=close_write,create,delete,moved_to,moved_from
    exec {changes}< <(
        trap '' INT
        trap : TERM
        inotifywait -q -m -r -e "$events" --format '%w%f' "${watched[@]}" &
        inotifywait -q -m -e "$events" --format '%w%f' "$ROOT" &
        wait -n || true
        # shellcheck disable=SC2046
        kill $(jobs -p) 2>/dev/null
        wait
    )
    watcher=$!
}

# Waits until something has changed and nothing more has for a moment: editors and git write many files at once.
await_changes() {
    local path status deadline
    changed=() has_module='' has_migrations='' has_configuration=''
    while [ "${#changed[@]}" -eq 0 ]; do
        status=0
        read_path 1 || status=$?
        if [ "$status" -eq 0 ]; then
            note "$path"
        elif [ "$status" -le 128 ]; then
            die "files are not watched any more"
        fi
        nginx_running || die "nginx has ended; see $log"
    done
    deadline=$((SECONDS + 5))
    while [ "$SECONDS" -lt "$deadline" ] && read_path 0.3; do note "$path"; done
}

# The next path, within so many seconds. What has been read of one when the time is over is kept.
read_path() {
    local piece='' status=0
    IFS= read -r -t "$1" -u "$changes" piece || status=$?
    unfinished+=$piece
    if [ "$status" -eq 0 ]; then path=$unfinished unfinished=''; fi
    return "$status"
}

note() {
    local path=${1#"$ROOT"/}
    # What editors put beside the files that they change.
    case ${path##*/} in .* | *~ | *.sw? | '#'* | 4913 | *.tmp | *.new | *.orig) return ;; esac
    case $path in
        src/* | core/src/* | Cargo.toml | Cargo.lock | core/Cargo.toml | build.rs) has_module=yes ;;
        migrations/*) has_migrations=yes ;;
        nginx-conf/*) has_configuration=yes ;;
        *) return ;;
    esac
    [[ " ${changed[*]} " == *" $path "* ]] || changed+=("$path")
}

# --- What is done then

take_over() {
    say ''
    name_changes
    if [ -n "$has_module" ]; then step "building the module" "$ROOT/scripts/build.sh" || true; fi
    if [ -n "$has_migrations" ]; then migrate || true; fi
    if [ "$(programs)" != "$serving" ]; then
        step "checking the configuration" check && step "changing to another nginx" upgrade || true
    elif [ -n "$has_configuration" ]; then
        step "checking the configuration" check && step "loading it" reload || true
    fi
}

# The first file and how many more there are; not those that were there for a moment only.
name_changes() {
    local path there=()
    for path in "${changed[@]}"; do
        if [ -e "$ROOT/$path" ]; then there+=("$path"); fi
    done
    [ "${#there[@]}" -gt 0 ] || there=("${changed[@]}")
    case ${#there[@]} in
        1) say "${there[0]}" ;;
        *) say "${there[0]} and $((${#there[@]} - 1)) more" ;;
    esac
}

# Says what is done, how long it took, and all that it had to say if it failed.
step() {
    local began=${EPOCHREALTIME//[!0-9]/} status=0 ms
    printf '%(%H:%M:%S)T  %-28s' -1 "$1"
    shift
    if [ "$(type -t "$1")" = function ]; then
        "$@" >"$report" 2>&1 || status=$?
    else
        apart "$@" >"$report" 2>&1 || status=$?
    fi
    ms=$(((${EPOCHREALTIME//[!0-9]/} - began) / 1000))
    if [ "$status" -eq 0 ]; then
        printf '%d.%d s\n' $((ms / 1000)) $((ms % 1000 / 100))
    else
        printf 'failed\n'
        cat "$report"
    fi
    return "$status"
}

# Runs a program in a session of its own: Ctrl-C reaches us, who end it, and is not taken for one that the program has seen to.
apart() {
    local status=0
    setsid "$@" </dev/null 8>&- &
    job=$!
    wait "$job" || status=$?
    job=
    return "$status"
}

# For `prepare` as well.
migrate() {
    local status=0
    step "applying migrations" "$ROOT/scripts/migrate.sh" || status=$?
    if [ "$status" -eq 3 ]; then
        if [ -n "${RESET:-}" ] && [ -z "$given_database" ]; then
            status=0
            step "making the database anew" renew_database || status=$?
        elif [ -z "$given_database" ]; then
            say "Or end this and let go of what is in the database: make dev RESET=1"
        fi
    fi
    return "$status"
}

# The database that is in use stays until all migrations were applied to another one.
renew_database() {
    local server="$DATABASE_URL dbname=postgres"
    apart psql -X -q -c 'drop database if exists app_next with (force)' -c 'create database app_next' "$server" || return
    apart env DATABASE_URL="$DATABASE_URL dbname=app_next" "$ROOT/scripts/migrate.sh" || return
    apart psql -X -q -c 'drop database if exists app with (force)' -c 'alter database app_next rename to app' "$server"
}

# The configuration that is in place is the one that was last found to be good, but for what it includes.
check() {
    render "error_log stderr warn;" >"$prefix/nginx.conf.new" || return
    apart "$BUILD_DIR/nginx" -p "$prefix" -c nginx.conf.new -e logs/error.log -t -q || return
    mv "$prefix/nginx.conf.new" "$prefix/nginx.conf"
}

# --- nginx

start_dev() {
    ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
    started_nginx=yes
    serving=$(programs)
    # What it has to say later on goes to the terminal.
    nginx 8>&- {changes}<&- 2>&"$terminal" {terminal}>&- || return
    wait_for 10 serves || { say "nginx does not answer on port $PORT: $(tail -n 1 "$log")"; return 1; }
}

# The files of nginx and of the module: others have other numbers.
programs() { stat -L -c %i "$BUILD_DIR/nginx" "$module_file" 2>/dev/null; }

# Whatever it answers: what you work on may have changed that.
serves() { nginx_running && [ -n "$(workers)" ] && curl --noproxy '*' -s -o /dev/null -m 5 "$(base_url)/"; }

workers() { grep -lsx "PPid:[[:space:]]*$(nginx_pid)" /proc/[0-9]*/status; }

reload() {
    before=$(workers)
    kill -s HUP "$(nginx_pid)" || return
    wait_for 10 has_new_worker || { say "nginx keeps the configuration that it has: $(tail -n 1 "$log")"; return 1; }
}

has_new_worker() { workers | grep -vqFx "$before"; }

# Another nginx inherits the open ports (nginx.org, "Upgrading Executable on the Fly"). A reload is not enough: the linker takes a module of
# the same name for the one that is loaded. Nor would one of another name do: memory that is shared may have been laid out by other code.
upgrade() {
    local old status=0
    if ! wait_for 20 none_is_leaving; then end_nginx "$(cat "$pid_file.oldbin")" || return; fi
    old=$(nginx_pid)
    # Two are there now: whoever ends this meanwhile has to end both.
    must_finish=yes
    replace_nginx "$old" || status=$?
    must_finish=
    [ -z "$stopping" ] || exit 0
    return "$status"
}

none_is_leaving() { [ ! -e "$pid_file.oldbin" ]; }

replace_nginx() {
    local new=
    new_programs=$(programs)
    kill -s USR2 "$1" || return
    wait_for 10 another_than "$1" || { say "another nginx does not start: $(tail -n 1 "$log")"; return 1; }
    # From here on only the new one answers.
    kill -s WINCH "$1"
    # When the new one ends, the file names the old one again.
    if wait_for 10 gone_or_serves "$new" && [ "$(nginx_pid)" = "$new" ] && is_nginx "$new"; then
        serving=$new_programs
        kill -s QUIT "$1"
    else
        say "the new nginx does not answer; the old one goes on: $(tail -n 1 "$log")"
        kill -s HUP "$1"
        gone "$new" || kill -s TERM "$new"
        wait_for 10 gone "$new" || true
        return 1
    fi
}

# Sets `new` to the number of the nginx that has come beside this one.
another_than() { new=$(nginx_pid) && [ "$new" != "$1" ] && is_nginx "$new"; }

gone_or_serves() { gone "$1" || serves; }

# --- The end

stop() {
    stopping=yes
    [ -n "$must_finish" ] || exit 0
}

clean_up() {
    local status=$?
    trap '' INT TERM HUP
    if [ -n "$job" ]; then kill -s TERM -- "-$job" 2>/dev/null || true; fi
    stop_started
    if [ -n "$watcher" ] && kill -s TERM "$watcher" 2>/dev/null; then wait "$watcher" || true; fi
    if [ -n "$report" ]; then rm -f "$report"; fi
    exit "$status"
}

exec {terminal}>&2
main "$@"
