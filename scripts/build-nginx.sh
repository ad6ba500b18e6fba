#!/usr/bin/env bash
# Builds nginx from the source that the crate nginx-src carries, once: build/nginx-<version>/objs, build/nginx.

. "$(dirname "$0")/lib.sh"

version=$(vendored_nginx_version)
dir=$BUILD_DIR/nginx-$version
stamp=$dir/.built

# An empty prefix makes every path relative to `nginx -p`, so that the binary can be put anywhere.
options=(
    --prefix=
    --with-compat
    --with-threads
    --with-pcre-jit
    --with-http_ssl_module
    --with-http_v2_module
    --with-http_v3_module
    --with-http_stub_status_module
    --with-http_auth_request_module
    --with-http_gzip_static_module
    --with-http_realip_module
    "--with-cc-opt=-O2 -g -fPIE -fstack-protector-strong -Wformat -Werror=format-security -D_FORTIFY_SOURCE=2"
    "--with-ld-opt=-pie -Wl,-z,relro -Wl,-z,now"
)

crate_folder() {
    local host manifest
    host=$(rustc -vV | sed -n 's/^host: //p')
    manifest=$(cargo metadata --locked --format-version 1 --filter-platform "$host" --manifest-path "$ROOT/Cargo.toml" |
        grep -o '"manifest_path":"[^"]*/nginx-src-[^"]*/Cargo.toml"' | head -n 1 | cut -d '"' -f 4)
    [ -n "$manifest" ] || die "cargo does not know the crate nginx-src"
    dirname "$manifest"
}

logged() {
    "$@" >>"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "nginx $version could not be built; see $log"
    }
}

fingerprint=$(printf '%s\n' "$version" "$(cc --version | head -n 1)" "${options[@]}")
if [ "$(cat "$stamp" 2>/dev/null)" != "$fingerprint" ]; then
    need_cargo
    lock_folder "$BUILD_DIR"
fi
if [ "$(cat "$stamp" 2>/dev/null)" != "$fingerprint" ]; then
    say "Building nginx $version"
    source=$(crate_folder)/nginx
    rm -rf "$dir"
    cp -r "$source" "$dir"
    cd "$dir"
    log=$dir/build.log
    if [ -f configure ]; then configure=./configure; else configure=auto/configure; fi
    # With CFLAGS of its own in the environment nginx would leave out what it knows of the compiler.
    logged env -u CFLAGS "$configure" "${options[@]}"
    logged make -j "$(nproc)" -f objs/Makefile binary
    printf '%s\n' "$fingerprint" >"$stamp"
fi
if [ "$(readlink "$BUILD_DIR/nginx")" != "nginx-$version/objs/nginx" ]; then
    ln -sfn "nginx-$version/objs/nginx" "$BUILD_DIR/nginx"
fi
