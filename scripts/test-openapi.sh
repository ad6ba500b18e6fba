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
    install_tools
    trap clean_up EXIT
    start_sample
    curl -fsS "http://127.0.0.1:$PORT/openapi.json" -o "$directory/openapi.json"
    "$tools/bin/python" -m openapi_spec_validator "$directory/openapi.json" >/dev/null ||
        die "the description is not valid OpenAPI"
    explore
}

install_tools() {
    if cmp -s "$requirements" "$tools/requirements.txt"; then return; fi
    say "Installing what the description is tested with"
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" --quiet --disable-pip-version-check install --requirement "$requirements"
    cp "$requirements" "$tools/requirements.txt"
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
    "$BUILD_DIR/nginx" -p "$RUN_DIR/nginx" -c nginx.conf -e logs/error.log -s reload
}

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
    "$ROOT/scripts/server.sh" stop >/dev/null 2>&1 || true
    rm -rf "$directory"
    exit "$status"
}

main
