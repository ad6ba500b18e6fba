# What scripts/deb.sh and scripts/dist.sh share: the files that go with a module, and what it must not tell. Sourced, never
# run, after lib.sh.
# shellcheck shell=bash

DIST_DIR=${DIST_DIR:-$ROOT/dist}

# Puts what goes with the module into a folder.
stage_files() {
    local folder=$1
    mkdir -p "$folder/scripts"
    cp -r "$ROOT/LICENSE" "$ROOT/README.md" "$ROOT/SECURITY.md" "$ROOT/CHANGELOG.md" \
        "$ROOT/docs" "$ROOT/migrations" "$ROOT/nginx-conf" "$folder/"
    # It is for scripts/server.sh to fill in, which stays here.
    rm "$folder/nginx-conf/sample.conf.in"
    cp "$ROOT"/scripts/{lib,migrate,authenticator-dsn}.sh "$folder/scripts/"
    "$ROOT/scripts/man.py" "$(project_version)" "$SOURCE_DATE_EPOCH" >"$folder/postern.7"
    "$ROOT/scripts/sbom.py" sbom >"$folder/postern.cdx.json"
    "$ROOT/scripts/sbom.py" licences >"$folder/THIRD-PARTY.txt"
}

# Copies a module without what only debuggers want.
stage_module() {
    strip --strip-unneeded -o "$2" "$1"
    chmod 644 "$2"
}

# Sees that a module does not name folders of this machine.
check_module() {
    local folder
    for folder in "$ROOT" "${CARGO_HOME:-${HOME:-/root}/.cargo}" "$(rustc --print sysroot)"; do
        ! grep -aqF "$folder" "$1" || die "the module names $folder, which is a folder of this machine"
    done
}

# A text with the values of variables in place of their names between at signs: fill_in FILE NAME…
fill_in() {
    local text name
    text=$(cat "$1")
    shift
    for name in "$@"; do
        text=${text//"@$name@"/"${!name}"}
    done
    printf '%s\n' "$text"
}

# The sums of all that is to be passed on: `sha256sum --check SHA256SUMS`.
write_sums() {
    local names=(-name '*.deb' -o -name '*.tar.gz' -o -name '*.cdx.json')
    (cd "$DIST_DIR" && find . -maxdepth 1 -type f '(' "${names[@]}" ')' -printf '%f\0' | sort -z | xargs -0 sha256sum) >"$DIST_DIR/SHA256SUMS.new"
    mv "$DIST_DIR/SHA256SUMS.new" "$DIST_DIR/SHA256SUMS"
}
