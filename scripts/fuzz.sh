#!/usr/bin/env bash
# Fuzzes: fuzz.sh [TARGET [SECONDS]]; without a target each of them in turn, for a minute each.

. "$(dirname "$0")/lib.sh"

need_cargo
command -v cargo-fuzz >/dev/null || die "cargo-fuzz is not installed; cargo install cargo-fuzz"
[ -d "$ROOT/fuzz" ] || die "there is no folder fuzz/"
cd "$ROOT/fuzz"
if [ -n "${1:-}" ]; then targets=("$1"); else mapfile -t targets < <(cargo fuzz list); fi
for target in "${targets[@]}"; do
    # The sanitizers are unstable options of the compiler, which the stable one takes when it is told to.
    RUSTC_BOOTSTRAP=1 cargo fuzz run "$target" -- -max_total_time="${2:-60}" -timeout=10
done
