#!/usr/bin/env bash
# Prints a token (JWT, HS256) for the sample application: token.sh [SUBJECT [ROLE [SECONDS]]]
#
# The default is the demo user, in the role "user", for a day. Signed with POSTERN_JWT_SECRET_FILE, else with the secret that
# `make run` has made in RUN_DIR.

. "$(dirname "$0")/lib.sh"

subject=${1:-00000000-0000-4000-8000-000000000001}
role=${2:-user}
seconds=${3:-86400}
if [ -z "${POSTERN_JWT_SECRET_FILE:-}" ]; then
    use_run_dir
    POSTERN_JWT_SECRET_FILE=$RUN_DIR/secrets/jwt.key
fi
[ -r "$POSTERN_JWT_SECRET_FILE" ] || die "there is no secret in $POSTERN_JWT_SECRET_FILE that you may read; make run or make start makes one"
[[ $subject$role =~ ^[A-Za-z0-9._@-]+$ && $seconds =~ ^[0-9]{1,9}$ ]] || die "token.sh [SUBJECT [ROLE [SECONDS]]]"

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
hex_of() { od -An -v -tx1 | tr -d ' \n'; }

# One newline at the end of the file is no part of the secret, for nginx either.
secret_of() { if [ -z "$(tail -c 1 "$1")" ]; then head -c -1 "$1"; else cat "$1"; fi; }

# The key of a digest, each byte combined with $1, as escapes for printf: one of HMAC's two pads (RFC 2104).
pad() {
    local hex=$2 index byte
    for ((index = 0; index < 128; index += 2)); do
        byte=${hex:index:2}
        printf '\\x%02x' $((16#${byte:-0} ^ $1))
    done
}

# HMAC-SHA-256 of stdin, out of two digests: `openssl dgst -hmac` would show the key to everybody who can list processes.
hmac() {
    local key inner
    key=$(secret_of "$1" | hex_of)
    if [ "${#key}" -gt 128 ]; then key=$(secret_of "$1" | openssl dgst -sha256 -binary | hex_of); fi
    inner=$({ printf '%b' "$(pad 0x36 "$key")"; cat; } | openssl dgst -sha256 -binary | hex_of)
    { printf '%b' "$(pad 0x5c "$key")"; printf '%b' "$(sed 's/../\\x&/g' <<<"$inner")"; } | openssl dgst -sha256 -binary
}

now=$(date +%s)
claims=$(printf '{"iss":"postern","aud":"postern","sub":"%s","role":"%s","iat":%d,"exp":%d}' \
    "$subject" "$role" "$now" $((now + seconds)))
message=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url).$(printf %s "$claims" | base64url)
printf '%s.%s\n' "$message" "$(printf %s "$message" | hmac "$POSTERN_JWT_SECRET_FILE" | base64url)"
