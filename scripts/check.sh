#!/usr/bin/env bash
# Formatting, lints, and that every script can at least be parsed.

. "$(dirname "$0")/lib.sh"

cargo=$ROOT/scripts/cargo.sh
"$cargo" fmt --all --check
"$cargo" fmt --manifest-path bench/peers/axum/Cargo.toml --check
"$cargo" clippy --workspace --all-targets --locked -- -D warnings
cd "$ROOT"
scripts=(scripts/*.sh .ci/run tests/docs/bin/* tests/packages/*.{sh,t} tests/containers/*.t)
for script in "${scripts[@]}"; do
    bash -n "$script"
done
if command -v shellcheck >/dev/null; then
    shellcheck -S warning "${scripts[@]}"
fi
