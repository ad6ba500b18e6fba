#!/usr/bin/env bash
# The page that shows the description of an API: viewer.sh DIRECTORY
#
# scripts/build.sh puts it into build/viewer, from where the sample serves a copy.
# Swagger UI as the crate utoipa-swagger-ui-vendored carries it, whose version and checksum are in Cargo.lock, and the page
# in nginx-conf/docs/.

. "$(dirname "$0")/lib.sh"

directory=${1:?the directory to write to}
need_cargo

# The folder of the crate in cargo's registry.
crate() {
    local manifest
    manifest=$(cd "$ROOT" && cargo metadata --locked --format-version 1 |
        grep -o '"manifest_path":"[^"]*/utoipa-swagger-ui-vendored-[^"/]*/Cargo.toml"') || die "cargo does not know the viewer"
    manifest=${manifest#*:\"}
    printf '%s' "${manifest%/Cargo.toml\"}"
}

version=$(sed -n '/^name = "utoipa-swagger-ui-vendored"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$ROOT/Cargo.lock")
lock_folder "$BUILD_DIR"
mkdir -p "$directory"
if [ "$(cat "$directory/.version" 2>/dev/null)" != "$version" ]; then
    archives=("$(crate)"/res/*.zip)
    for file in swagger-ui.css swagger-ui-bundle.js favicon-32x32.png; do
        unzip -p "${archives[0]}" "*/dist/$file" >"$directory/$file.new"
        mv "$directory/$file.new" "$directory/$file"
    done
    printf '%s' "$version" >"$directory/.version"
fi
for file in "$ROOT"/nginx-conf/docs/*; do
    replace_file "$file" "$directory/${file##*/}"
done
