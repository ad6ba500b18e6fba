#!/usr/bin/env bash
# Packs the module for build/nginx with all that goes with it: dist.sh [MODULE] makes
# dist/postern-<version>-nginx-<version>-linux-<architecture>.tar.gz and dist/SHA256SUMS.
#
# The same sources give the same bytes, wherever and whenever they are built, if the compilers are the same. With MODULE what
# was built is packed as it is, with the folders of this machine in it or not; that is for tests.

. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/packages.sh"

need_cargo
use_release
module=${1:-}
if [ -z "$module" ]; then
    release_build "$ROOT/scripts/cargo.sh" build --release --locked -p postern
    module=$TARGET_DIR/release/lib$MODULE
fi

# shellcheck disable=SC2034
{
    VERSION=$(project_version)
    NGINX=$(vendored_nginx_version)
    ARCHITECTURE=$(uname -m)
    COMMIT=$POSTERN_COMMIT
}
name=postern-$VERSION-nginx-$NGINX-linux-$ARCHITECTURE
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

stage_files "$stage/$name"
stage_module "$module" "$stage/$name/$MODULE"
[ -n "${1:-}" ] || check_module "$stage/$name/$MODULE"
# shellcheck disable=SC2034
GLIBC=$(objdump -T "$stage/$name/$MODULE" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1 | cut -d _ -f 2)
fill_in "$ROOT/packaging/INSTALL.in" VERSION NGINX ARCHITECTURE COMMIT GLIBC >"$stage/$name/INSTALL"

# Whatever the umask of who has cloned this.
chmod -R u=rwX,go=rX "$stage/$name"
mkdir -p "$DIST_DIR"
archive=$DIST_DIR/$name.tar.gz
tar -C "$stage" --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$name" |
    gzip -9n >"$archive.new"
mv "$archive.new" "$archive"
write_sums
say "Packed $archive"
