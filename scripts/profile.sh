#!/usr/bin/env bash
# Makes pgo/postern.profdata anew, what the compiler is told of the paths that requests take, and pgo/made-with: builds a module that
# counts, lets bench/train load it, and merges what it has counted. See docs/adr/0013-profile.md.

. "$(dirname "$0")/lib.sh"

need_cargo
profdata=$(own_profdata)
[ -x "$profdata" ] || profdata=$(command -v "llvm-profdata-$(llvm_version)") ||
    die "llvm-profdata is missing: rustup component add llvm-tools, or Debian's llvm-$(llvm_version)"

# Workers of nginx, and then their master, add to one file here when they end, as the users that they are.
counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT
chmod 1777 "$counts"
mkdir "$counts/of-compilers"

target=$TARGET_DIR/profile
# Build scripts are compiled to count as well.
LLVM_PROFILE_FILE=$counts/of-compilers/%p.profraw CARGO_TARGET_DIR=$target RUSTFLAGS=-Cprofile-generate \
    "$ROOT/scripts/cargo.sh" build --release --locked -p postern
LLVM_PROFILE_FILE=$counts/%m.profraw POSTERN_MODULE=$target/release/lib$MODULE "$ROOT/bench/train"

mkdir -p "$ROOT/pgo"
"$profdata" merge --sparse -o "$ROOT/pgo/postern.profdata" "$counts"/*.profraw
profile_key >"$ROOT/pgo/made-with"
say "Made pgo/postern.profdata. \"make build\" uses it."
