#!/usr/bin/env bash
# Installs what is missing on Debian and Ubuntu: setup.sh [dev|test|bench|peers|profile|packages]
#
# Without an argument what `make run` needs, with `dev` what `make dev` needs on top, with `test` what `make test` needs on top, with
# `bench` what `make bench` compares with besides, with `peers` what `make bench-peers` does, with `profile` what `make profile` needs,
# with `packages` what making packages and testing them needs. When nothing is missing this costs a few milliseconds and no network. Packages that bring a service do not get
# to start or enable it.

. "$(dirname "$0")/lib.sh"

packages=(gcc libc6-dev make pkg-config libssl-dev zlib1g-dev libpcre2-dev postgresql ca-certificates curl openssl unzip)
dev_packages=(inotify-tools)
test_packages=(
    "${dev_packages[@]}"
    perl libtest-base-perl liblist-moreutils-perl libtext-diff-perl libtest-longstring-perl
    wrk nghttp2-client python3 python3-venv python3-yaml jq pgbouncer strace nginx nginx-dev
)
# Ubuntu has its browser elsewhere (snap): what wants one says there that it is missing.
if grep -qsx 'ID=debian' /etc/os-release; then test_packages+=(chromium chromium-driver); fi
# nginx-dev brings debhelper.
package_packages=(nginx nginx-dev python3 python3-venv python3-yaml lintian mmdebstrap iproute2)
bench_packages=(libnginx-mod-http-modsecurity modsecurity-crs)
# Any npm will do: the Node.js that is measured comes as a package.
peers_packages=(wrk python3)
command -v npm >/dev/null || peers_packages+=(nodejs npm)

profile_packages=(wrk python3)

mark="# of Postern's scripts/setup.sh, while it installs packages"

installed() { [[ $known == *"
$1 "* ]]; }

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        installed "$package" || printf '%s\n' "$package"
    done
    # bindgen works with any version of libclang; the package without a number takes the distribution's.
    [[ $known =~ libclang-[0-9]+-dev" " ]] || printf '%s\n' libclang-dev
}

# A policy of 101 tells packages not to start services, and this piece of configuration tells PostgreSQL's not to make a
# cluster. Both are taken back at the end; what was there before stays, but for what a run of ours that was killed has left.
hold_services() {
    policy=/usr/sbin/policy-rc.d
    clusters=/etc/postgresql-common/createcluster.d/postern-setup.conf
    if [ -e "$policy" ] && ! grep -qsxF "$mark" "$policy"; then policy=; fi
    trap release_services EXIT
    if [ -n "$policy" ]; then
        printf '#!/bin/sh\n%s\nexit 101\n' "$mark" | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    as_root mkdir -p "${clusters%/*}"
    echo "create_main_cluster = false" | as_root tee "$clusters" >/dev/null
}

release_services() {
    as_root rm -f "$clusters"
    if [ -n "$policy" ]; then as_root rm -f "$policy"; fi
}

as_root() { if is_root; then "$@" 9<&-; else sudo "$@" 9<&-; fi; }

# The lists of packages have a lock that apt does not wait for.
update() {
    local attempt
    for attempt in 1 2 3 4 5; do
        ! as_root "${apt[@]}" update || return 0
        [ "$attempt" -eq 5 ] || sleep $((5 * attempt))
    done
    return 1
}

install_packages() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
    # One run at a time holds services, and takes back what it has put there.
    exec 9</usr/sbin
    flock 9
    hold_services
    update
    as_root "${apt[@]}" install --no-install-recommends "$@"
    # Installed just now, for the sake of their binaries; they would be started with the next boot.
    local service
    for service in nginx pgbouncer; do
        if [[ " $* " == *" $service "* ]] && command -v systemctl >/dev/null; then
            as_root systemctl disable "$service.service" >/dev/null 2>&1 || say "$service.service could not be disabled"
        fi
    done
}

case ${1:-} in
    dev) packages+=("${dev_packages[@]}") ;;
    test) packages+=("${test_packages[@]}") ;;
    packages) packages+=("${package_packages[@]}") ;;
    bench) packages+=("${test_packages[@]}" "${bench_packages[@]}") ;;
    profile) packages+=("${profile_packages[@]}") ;;
    peers) packages+=("${peers_packages[@]}") ;;
esac
need_cargo
# Unless rustup has brought the compiler's own.
if [ "${1:-}" = profile ] && [ ! -x "$(own_profdata)" ]; then packages+=("llvm-$(llvm_version)"); fi
if ! command -v dpkg-query >/dev/null; then
    command -v initdb >/dev/null || say "This is not Debian or Ubuntu: see to the likes of ${packages[*]} libclang-dev yourself."
    exit 0
fi

# shellcheck disable=SC2016
known=$'\n'$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' | sed -n 's/ installed$/ /p')
mapfile -t missing < <(missing_packages)
[ "${#missing[@]}" -gt 0 ] || exit 0
is_root || command -v sudo >/dev/null || die "packages are missing; as root: apt-get install ${missing[*]}"
say "Installing ${missing[*]}"
install_packages "${missing[@]}"
