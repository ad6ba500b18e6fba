#!/usr/bin/env bash
# The Debian package in a Debian: installed, used as its README says, removed and purged. Needs root, and builds that Debian
# once (build/roots/deb). `make test-deb` runs it.
#
# All happens in namespaces of its own: nothing is installed here, no port of the machine is used, and what was started ends
# with the test.

cd "$(dirname "$0")/../.." || exit
. scripts/lib.sh

skip() {
    echo "1..0 # SKIP $*"
    exit 0
}

is_root || skip "only root can do this"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch"/{upper,work,root}
unshare --mount --net --pid --fork mount -t overlay overlay \
    -o "lowerdir=/usr,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root" 2>/dev/null ||
    skip "namespaces and mounts are not allowed here"
{
    scripts/root.sh deb nginx postgresql curl
    scripts/module.sh /usr/sbin/nginx
    DIST_DIR=$scratch scripts/deb.sh "$(find build -maxdepth 2 -path "build/nginx-$(/usr/sbin/nginx -v 2>&1 | sed 's|.*/||; s| .*||')/$MODULE")"
} >&2

# What happens on the other side of the walls.
# shellcheck disable=SC2016
unshare --mount --net --pid --fork --kill-child bash -euc '
    scratch=$1 lower=$2
    ip link set lo up
    mount -t overlay overlay -o "lowerdir=$lower,upperdir=$scratch/upper,workdir=$scratch/work" "$scratch/root"
    mount -t proc proc "$scratch/root/proc"
    mkdir -p "$scratch/root/dev/shm" "$scratch/root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$scratch/root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=666 devpts "$scratch/root/dev/pts"
    cp "$scratch"/*.deb tests/packages/tap.sh tests/packages/installed.sh "$scratch/root/opt/"
    exec chroot "$scratch/root" env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /opt/installed.sh
' bash "$scratch" "$BUILD_DIR/roots/deb"
