#!/usr/bin/env bash
# Dependencies held against deny.toml. cargo-deny is built once, into build/tools, when it is not installed.

. "$(dirname "$0")/lib.sh"

need_cargo
PATH=$PATH:$BUILD_DIR/tools/bin
if ! command -v cargo-deny >/dev/null; then
    say "Building cargo-deny, once; this takes some minutes"
    cargo install --locked --quiet --root "$BUILD_DIR/tools" cargo-deny
fi
cd "$ROOT"
exec cargo deny --workspace --locked check --hide-inclusion-graph bans licenses sources
