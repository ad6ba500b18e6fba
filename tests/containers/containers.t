#!/usr/bin/env bash
# The Dockerfile and compose.yaml, step by step, where there is no engine: run.py says what that does not test. Needs root;
# `make test-containers` runs it. What compilers have made stays in build/containers/caches for the next time.

cd "$(dirname "$0")/../.." || exit
. scripts/lib.sh

folder=$BUILD_DIR/containers
mkdir -p "$folder"
trap 'find "$folder" -mindepth 1 -maxdepth 1 ! -name caches -exec rm -rf {} +' EXIT
{
    need_cargo
    scripts/root.sh base
    scripts/root.sh deb nginx postgresql curl
} >&2
set -- "$BUILD_DIR/roots/base" "$BUILD_DIR/roots/deb" "$folder"
/usr/bin/python3 tests/containers/run.py build "$@"
# shellcheck disable=SC2016
unshare --net --mount --pid --fork --kill-child --mount-proc sh -euc \
    'ip link set lo up; exec /usr/bin/python3 tests/containers/run.py test "$@"' sh "$@"
