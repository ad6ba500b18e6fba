#!/usr/bin/env bash
# Formatting, lints, and that every script can at least be parsed.

. "$(dirname "$0")/lib.sh"

cargo=$ROOT/scripts/cargo.sh
"$cargo" fmt --all --check
"$cargo" fmt --manifest-path bench/peers/axum/Cargo.toml --check
"$cargo" clippy --workspace --all-targets --locked -- -D warnings
for script in "$ROOT"/scripts/*.sh "$ROOT"/.ci/run "$ROOT"/tests/docs/bin/* "$ROOT"/tests/packages/*.{sh,t}; do
    bash -n "$script"
done
if command -v shellcheck >/dev/null; then
    (cd "$ROOT" && shellcheck -S warning scripts/*.sh .ci/run tests/docs/bin/* tests/packages/*.{sh,t})
fi
