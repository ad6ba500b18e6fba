#!/usr/bin/env bash
# Builds nginx and the module: build/nginx and build/ngx_http_postern_module.so.

. "$(dirname "$0")/lib.sh"

"$ROOT/scripts/build-nginx.sh"
"$ROOT/scripts/cargo.sh" build --release --locked -p postern "$@"
replace_file "$TARGET_DIR/release/lib$MODULE" "$BUILD_DIR/$MODULE"
