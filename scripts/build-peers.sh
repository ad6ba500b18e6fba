#!/usr/bin/env bash
# Builds what `make bench-peers` compares with into build/peers: axum by cargo, fastify and PostgREST by npm.

. "$(dirname "$0")/lib.sh"

sources=$ROOT/bench/peers
target=$BUILD_DIR/peers

need_cargo
command -v npm >/dev/null || die "npm is not installed; scripts/setup.sh peers installs it"
lock_folder "$target"

CARGO_TARGET_DIR=$target/axum-target cargo build --quiet --release --locked --manifest-path "$sources/axum/Cargo.toml"
replace_file "$target/axum-target/release/postern-bench-axum" "$target/axum"

# Copies, so that nothing is installed into the work tree; installed anew when a lock file has changed.
for peer in fastify postgrest; do
    mkdir -p "$target/$peer"
    for file in "$sources/$peer"/* "$sources/$peer/.npmrc"; do
        [ "${file##*/}" = package-lock.json ] || replace_file "$file" "$target/$peer/${file##*/}"
    done
    if ! cmp -s "$sources/$peer/package-lock.json" "$target/$peer/package-lock.json"; then
        cp "$sources/$peer/package-lock.json" "$target/$peer/package-lock.json.new"
        (cd "$target/$peer" && mv package-lock.json.new package-lock.json && npm ci --ignore-scripts --loglevel=error) \
            || { rm -f "$target/$peer/package-lock.json"; die "npm could not install what $peer needs"; }
    fi
done
