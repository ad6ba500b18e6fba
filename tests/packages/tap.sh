# What the tests of the packages say, as prove reads it. Sourced, never run.
# shellcheck shell=bash

tests=0
failed=0

# ok NAME COMMAND…: the command succeeds; what it says is shown when it does not.
ok() {
    local name=$1 said
    shift
    tests=$((tests + 1))
    if said=$("$@" 2>&1); then
        printf 'ok %d - %s\n' "$tests" "$name"
    else
        failed=1
        printf 'not ok %d - %s\n' "$tests" "$name"
        head -n 40 <<<"$said" | sed 's/^/# /'
    fi
}

not() { ! "$@"; }

same() { diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"); }

done_testing() {
    printf '1..%d\n' "$tests"
    exit "$failed"
}
