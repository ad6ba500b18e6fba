#!/usr/bin/env bash
# Builds nginx and the module: build/nginx and build/ngx_http_postern_module.so.
#
# With POSTERN_PROFILE=dev the module is build/dev/ngx_http_postern_module.so: built in seconds, to be tried and not to be measured.

. "$(dirname "$0")/lib.sh"

case ${POSTERN_PROFILE:=release} in
    release) folder=$BUILD_DIR built=$TARGET_DIR/release ;;
    dev) folder=$BUILD_DIR/dev built=$TARGET_DIR/debug ;;
    *) die "POSTERN_PROFILE is release or dev, not \"$POSTERN_PROFILE\"" ;;
esac

"$ROOT/scripts/build-nginx.sh"
[ "$POSTERN_PROFILE" = dev ] || use_profile
"$ROOT/scripts/cargo.sh" build --profile "$POSTERN_PROFILE" --locked -p postern "$@"
mkdir -p "$folder"
replace_file "$built/lib$MODULE" "$folder/$MODULE"
"$ROOT/scripts/viewer.sh" "$BUILD_DIR/viewer"
