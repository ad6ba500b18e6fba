#!/usr/bin/env bash
# A root of the distribution with packages in it, for tests: root.sh NAME [PACKAGE…] makes build/roots/NAME, once.
#
# The packages come from where this machine has its own from, of the release that it runs.

. "$(dirname "$0")/lib.sh"

name=${1:?root.sh NAME [PACKAGE…]}
shift
root=$BUILD_DIR/roots/$name
# shellcheck disable=SC1091
. /etc/os-release

is_root || die "only root can make a root"
command -v mmdebstrap >/dev/null || die "mmdebstrap is not installed; make setup-packages does that"

# The release's own sources, and not what else the machine has packages from.
sources() {
    apt-get indextargets --format '$(ORIGIN)|deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sed -n "s/^$ID|//pI"
}

# When this machine gets another nginx, whose binary interface may be another one, so does the root.
fingerprint=$(printf '%s\n' "$VERSION_CODENAME" "$(dpkg-query -W -f '${Version}' nginx 2>/dev/null)" "$@")
lock_folder "$BUILD_DIR/roots"
if [ "$(cat "$root.made" 2>/dev/null)" != "$fingerprint" ]; then
    say "Making a root of $PRETTY_NAME with ${*:-nothing besides}"
    rm -rf "$root" "$root.made"
    include=$(IFS=, && printf %s "$*")
    sources | mmdebstrap --quiet --variant=apt ${include:+--include="$include"} "$VERSION_CODENAME" "$root" - ||
        die "the root could not be made"
    printf '%s\n' "$fingerprint" >"$root.made"
fi
