#!/usr/bin/env bash
# Holds the description of the sample API against the specification of OpenAPI, and against what is served: schemathesis sends
# requests that fit the description and such that do not, and no answer may be a 5xx or contradict it.
#
# EXAMPLES (20) is how many requests are made up for each operation, SEED (1) with which random numbers.

. "$(dirname "$0")/lib.sh"

tools=$BUILD_DIR/tools/openapi
requirements=$ROOT/tests/openapi/requirements.txt
directory=$(mktemp -d "${TMPDIR:-/tmp}/postern-openapi-XXXXXX")
chmod 755 "$directory"
export RUN_DIR=$directory/run

main() {
    trap clean_up EXIT
    without_proxy
    install_tools
    start_sample
    curl --noproxy '*' -fsS "http://127.0.0.1:$PORT/openapi.json" -o "$directory/openapi.json"
    "$tools/bin/python" -m openapi_spec_validator "$directory/openapi.json" >/dev/null ||
        die "the description is not valid OpenAPI"
    explore
}

# An environment of Python cannot be moved: it is whole once the requirements are beside it, and others wait for that.
install_tools() {
    lock_folder "$BUILD_DIR/tools"
    if ! cmp -s "$requirements" "$tools/requirements.txt"; then
        say "Installing what the description is tested with"
        rm -rf "$tools"
        python3 -m venv "$tools" &&
            "$tools/bin/pip" --quiet --disable-pip-version-check install --requirement "$requirements" &&
            cp "$requirements" "$tools/requirements.txt" || {
            rm -rf "$tools"
            die "what the description is tested with cannot be installed"
        }
    fi
    exec 9>&-
}

# The sample without its limits, which would refuse most of what is sent.
start_sample() {
    local attempt
    for attempt in 1 2 3; do
        export PORT=$((20000 + RANDOM % 10000))
        if "$ROOT/scripts/server.sh" start >"$directory/start.log" 2>&1; then break; fi
        [ "$attempt" -lt 3 ] || die "the sample does not start: $(cat "$directory/start.log")"
    done
    sed -i -E 's/rate=([0-9]+)r/rate=\1000r/' "$RUN_DIR/nginx/nginx.conf"
    reload
}

# Until the last worker with the old configuration has ended.
reload() {
    local master old
    master=$(cat "$RUN_DIR/nginx/nginx.pid")
    old=$(workers "$master")
    kill -s HUP "$master"
    wait_for 30 none_left "$master" "$old" || die "nginx does not take the configuration: $(tail -n 1 "$RUN_DIR/nginx/logs/error.log")"
}

workers() { grep -lsx "PPid:[[:space:]]*$1" /proc/[0-9]*/status || true; }

none_left() { ! workers "$1" | grep -Fx "$2" >/dev/null; }

explore() {
    local token
    token=$("$ROOT/scripts/token.sh")
    (cd "$directory" && "$tools/bin/schemathesis" run "http://127.0.0.1:$PORT/openapi.json" \
        --header "Authorization: Bearer $token" --checks all --warnings off --no-color \
        --max-examples "${EXAMPLES:-20}" --seed "${SEED:-1}" >explored.log 2>&1) || {
        cat "$directory/explored.log"
        die "what is served contradicts its description"
    }
    say "openapi: $(sed -n 's/^ *\([0-9]* generated\).*/\1/p' "$directory/explored.log"), no contradiction"
}

clean_up() {
    local status=$?
    if [ -d "$RUN_DIR" ]; then "$ROOT/scripts/server.sh" stop >/dev/null 2>&1 || true; fi
    rm -rf "$directory"
    exit "$status"
}

main
