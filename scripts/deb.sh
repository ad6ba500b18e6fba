#!/usr/bin/env bash
# Makes the package of the module for the distribution's nginx: deb.sh [MODULE] makes
# dist/libnginx-mod-http-postern_<version>_<architecture>.deb, and writes dist/SHA256SUMS anew.
#
# packaging/debian is a folder debian/ of debhelper, which does with the module what it does with all of Debian's modules of
# nginx: the link in modules-enabled, the dependency on nginx's binary interface. With MODULE what was built for the installed
# nginx is packed; without, it is built first. DEBFULLNAME and DEBEMAIL are who makes the package.

. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/packages.sh"

need_cargo
command -v dh_nginx >/dev/null || die "nginx-dev is not installed; it knows how Debian packs modules of nginx"
use_release
package=libnginx-mod-http-postern
module=${1:-}
if [ -z "$module" ]; then
    module=$BUILD_DIR/deb/$MODULE
    release_build "$ROOT/scripts/module.sh" /usr/sbin/nginx "$module"
fi

# shellcheck disable=SC2034
MAINTAINER="${DEBFULLNAME:-Postern maintainers} <${DEBEMAIL:-maintainers@postern.invalid}>"
version=$(project_version)-1
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# The changelog that people read is CHANGELOG.md; Debian's tells what was packed when.
changelog() {
    cat <<END
$package ($version) unstable; urgency=medium

  * Packed from commit $POSTERN_COMMIT; changelog.gz has what is new.

 -- $MAINTAINER  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END
}

stage_files "$stage"
stage_module "$module" "$stage/$MODULE"
[ -n "${1:-}" ] || check_module "$stage/$MODULE"
mkdir "$stage/examples"
mv "$stage/nginx-conf" "$stage/migrations" "$stage/scripts" "$stage/examples/"
cp -r "$ROOT"/packaging/examples/. "$stage/examples/"
cp -r "$ROOT/packaging/debian" "$stage/debian"
fill_in "$ROOT/packaging/debian/control" MAINTAINER >"$stage/debian/control"
changelog >"$stage/debian/changelog"

mkdir -p "$DIST_DIR" "$BUILD_DIR/deb"
log=$BUILD_DIR/deb/build.log
(cd "$stage" && DEB_RULES_REQUIRES_ROOT=no DESTDIR=$stage/out LC_ALL=C debian/rules binary) >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "the package could not be made; see $log"
}
file=$(echo "$stage"/out/*.deb)
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error,warning "$file" || die "the package is not as Debian's policy wants it"
fi
mv "$file" "$DIST_DIR/"
write_sums
say "Packed $DIST_DIR/${file##*/}"
