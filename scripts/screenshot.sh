#!/usr/bin/env bash
# Takes the pictures of the status page in docs/: starts the sample application in a folder and on a port of its own, has
# screenshot.py send traffic and look on, and stops it again.

. "$(dirname "$0")/lib.sh"

for program in chromium chromedriver python3; do
    command -v "$program" >/dev/null || die "$program is not installed (Debian: make setup-test)"
done
unset DATABASE_URL AUTHENTICATOR_PASSWORD_FILE ADDRESS POSTERN_JWT_SECRET_FILE "${!PG@}"

RUN_DIR=$(mktemp -d /tmp/postern-screenshot.XXXXXX)
chmod 755 "$RUN_DIR"
PORT=$((20000 + $$ % 10000))
while port_taken "$PORT"; do PORT=$((PORT + 1)); done
export RUN_DIR PORT

clean_up() {
    "$ROOT/scripts/server.sh" stop || true
    rm -rf "$RUN_DIR"
}
trap clean_up EXIT

"$ROOT/scripts/server.sh" start >/dev/null
say "Sending traffic for a minute and a half"
python3 "$ROOT/scripts/screenshot.py" "http://127.0.0.1:$PORT" "$("$ROOT/scripts/token.sh")" "$ROOT/docs"
ls -l "$ROOT"/docs/status*.png
