#!/usr/bin/env bash
# Builds the module against an nginx that is installed: module.sh /usr/sbin/nginx [FILE] makes FILE, by default
# build/nginx-<version>/ngx_http_postern_module.so.
#
# A module fits only the version and, where nginx was not configured --with-compat, the options it was compiled for. So the
# sources are those of that version, configured as that nginx says it was (`nginx -V`). They come from NGINX_SOURCE, an
# unpacked nginx-<version>, or from Debian's and Ubuntu's package nginx-dev.

. "$(dirname "$0")/lib.sh"

nginx=${1:?module.sh NGINX [FILE]}
[ -x "$nginx" ] || die "$nginx is not an nginx that can be run"

version=$("$nginx" -v 2>&1 | sed -n 's|^nginx version: .*/\([0-9.]*\).*|\1|p')
[ -n "$version" ] || die "$nginx does not say its version"

dir=$BUILD_DIR/nginx-$version
[ "$version" != "$(vendored_nginx_version)" ] || dir=$dir-installed
stamp=$dir/.configured

version_of_source() { sed -n 's/^#define NGINX_VERSION *"\(.*\)"$/\1/p' "$1/src/core/nginx.h" 2>/dev/null || true; }

source_folder() {
    local candidate
    for candidate in "${NGINX_SOURCE:-}" /usr/share/nginx/src; do
        if [ -n "$candidate" ] && [ "$(version_of_source "$candidate")" = "$version" ]; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    die "the sources of nginx $version are missing: install nginx-dev (Debian, Ubuntu) or set NGINX_SOURCE to an unpacked nginx-$version"
}

# The options of `nginx -V`, one a line, less what changes nothing that the module sees but needs libraries or folders
# which are not here: dynamic and third-party modules, bundled libraries, the packager's paths in debug information.
# shellcheck disable=SC2120
configure_options() {
    local arguments option
    arguments=$("$nginx" -V 2>&1 | sed -n 's/^configure arguments: //p')
    eval "set -- $arguments"
    for option in "$@"; do
        case $option in
            *=dynamic | --add-module=* | --add-dynamic-module=*) ;;
            --with-http_xslt_module | --with-http_image_filter_module | --with-http_geoip_module) ;;
            --with-http_perl_module | --with-stream_geoip_module) ;;
            --with-stream_* | --with-mail_*) ;;
            --with-openssl=* | --with-pcre=* | --with-zlib=* | --with-libatomic=*) ;;
            --with-cc-opt=*) sed -E 's/-f(file|debug|macro)-prefix-map=[^ ]+ ?//g' <<<"$option" ;;
            *) printf '%s\n' "$option" ;;
        esac
    done
}

configure() {
    local source=$1
    say "Configuring nginx $version"
    rm -rf "$dir"
    mkdir -p "$dir"
    cp -r "$source/." "$dir/"
    cd "$dir"
    if [ -f configure ]; then set -- ./configure; else set -- auto/configure; fi
    # With CFLAGS of its own in the environment nginx would leave out what it knows of the compiler.
    env -u CFLAGS "$@" "${options[@]}" >configure.log 2>&1 || {
        tail -n 20 configure.log >&2
        die "the sources of nginx $version could not be configured; see $dir/configure.log"
    }
}

need_cargo
mapfile -t options < <(configure_options)
fingerprint=$(printf '%s\n' "$version" "${options[@]}")
lock_folder "$BUILD_DIR"
if [ "$(cat "$stamp" 2>/dev/null)" != "$fingerprint" ]; then
    source=$(source_folder)
    configure "$source"
    printf '%s\n' "$fingerprint" >"$stamp"
fi

use_nginx "$dir"
cd "$ROOT"
target=$TARGET_DIR/${dir##*/}
lock_folder "$TARGET_DIR"
# Most dependencies know nothing of nginx: those that `make build` has compiled need not be compiled again.
if [ ! -d "$target" ] && [ -d "$TARGET_DIR/release" ]; then
    rm -rf "$target.new" && mkdir -p "$target.new"
    cp -a "$TARGET_DIR/release" "$target.new/"
    mv "$target.new" "$target"
fi
exec 9>&-
use_profile
cargo build --release --locked -p postern --target-dir "$target"
file=${2:-$dir/$MODULE}
mkdir -p "$(dirname "$file")"
replace_file "$target/release/lib$MODULE" "$file"
say "Built ${file#"$ROOT"/} for $nginx ($version)"
