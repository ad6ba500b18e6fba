# What the scripts share: paths, messages, the versions in use. Sourced, never run.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
BUILD_DIR=$ROOT/build
TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}
MODULE=ngx_http_postern_module.so

# rustup puts cargo here; a shell that was open before does not know it yet. A distribution's may be too old.
PATH=${CARGO_HOME:+$CARGO_HOME/bin:}${HOME:-/root}/.cargo/bin:$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

is_root() { [ "$(id -u)" -eq 0 ]; }

# The user that does the work of a server that must not be root: the first of the arguments that exists.
first_user() {
    local user
    for user in "$@"; do
        if id -u "$user" >/dev/null 2>&1; then
            printf '%s\n' "$user"
            return
        fi
    done
    die "none of the users $* exists"
}

need_cargo() {
    local wanted version
    command -v cargo >/dev/null || die "cargo is not installed; see https://rustup.rs"
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$ROOT/Cargo.toml")
    version=$(cargo --version | sed -n 's/^cargo \([0-9.]*\).*/\1/p')
    printf '%s\n' "$wanted" "$version" | sort -V -C ||
        die "$(command -v cargo) is of version ${version:-unknown}, $wanted or newer is needed; \"rustup update\" or see https://rustup.rs"
}

# The version of the nginx whose source the crate nginx-src carries: 1.28.3 of 1.28.5+1.28.3.
vendored_nginx_version() {
    sed -n '/^name = "nginx-src"$/{n;s/^version = ".*+\(.*\)"$/\1/p;}' "$ROOT/Cargo.lock"
}

# Cargo builds against the nginx that these two name. Without them the crate nginx-src would build nginx once more for
# every profile.
use_nginx() {
    export NGINX_SOURCE_DIR=$1 NGINX_BUILD_DIR=$1/objs
}

use_vendored_nginx() {
    use_nginx "$BUILD_DIR/nginx-$(vendored_nginx_version)"
}

# A module that is passed on tells nothing of the machine that built it, and is the same wherever it is built: paths are told
# from roots of their own, the commit and the time are those of the sources. It has a target folder of its own, since other
# options for the compiler mean to compile everything.
use_release() {
    local cargo_home=${CARGO_HOME:-${HOME:-/root}/.cargo} sysroot map flags=() c_flags=
    TARGET_DIR=$TARGET_DIR/dist
    mkdir -p "$TARGET_DIR"
    sysroot=$(rustc --print sysroot)/lib/rustlib/src/rust
    # Of two that fit, the later one counts.
    for map in "$ROOT=/postern" "$TARGET_DIR=/target" "$cargo_home=/cargo" "$sysroot=/rust"; do
        flags+=("--remap-path-prefix=$map")
        c_flags+=" -ffile-prefix-map=$map"
    done
    mapfile -t -O "${#flags[@]}" flags < <(profile_flags)
    export CARGO_TARGET_DIR=$TARGET_DIR CARGO_ENCODED_RUSTFLAGS CFLAGS="${CFLAGS:-}$c_flags"
    CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf %s "${flags[*]}")
    unset RUSTFLAGS
    SOURCE_DATE_EPOCH=$(source_date)
    POSTERN_COMMIT=$(source_commit)
    export SOURCE_DATE_EPOCH POSTERN_COMMIT
}

# Compiles what is passed on. The time is for packages: compilers that asked for it would have to work again after each commit.
release_build() { SOURCE_DATE_EPOCH=0 "$@"; }

# The compiler is told where requests spend their time (docs/adr/0013-profile.md). Whoever sets flags of their own does without.
use_profile() {
    local flags
    [ -z "${RUSTFLAGS+set}${CARGO_ENCODED_RUSTFLAGS+set}" ] || return 0
    mapfile -t flags < <(profile_flags)
    [ "${#flags[@]}" -gt 0 ] || return 0
    CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf %s "${flags[*]}")
    export CARGO_ENCODED_RUSTFLAGS
}

profile_flags() {
    local profile=$ROOT/pgo/postern.profdata copy
    if [ "$(cat "$ROOT/pgo/made-with" 2>/dev/null)" != "$(profile_key)" ]; then
        say "pgo/postern.profdata is of another compiler or other dependencies and is not used; \"make profile\" makes it anew" >&2
        return
    fi
    # Cargo looks at the path, and not at what is in the file.
    copy=$TARGET_DIR/$(sha256sum <"$profile" | cut -c 1-12).profdata
    mkdir -p "$TARGET_DIR"
    replace_file "$profile" "$copy"
    printf '%s\n' "-Cprofile-use=$copy" -Cllvm-args=-no-pgo-warn-mismatch
}

# What the names of functions depend on, by which a profile knows them: the compilers, the versions of all crates, the settings.
profile_key() {
    {
        rustc -vV && cargo --version
        sed -n '/^name = /p; /^version = /p' "$ROOT/Cargo.lock"
        sed -n '/^\[profile.release\]$/,/^$/p' "$ROOT/Cargo.toml"
    } | sha256sum | cut -d ' ' -f 1
}

# The tool that merges profiles has to be of the compiler's LLVM: `rustup component add llvm-tools` puts it here.
own_profdata() { printf '%s/bin/llvm-profdata\n' "$(dirname "$(rustc --print target-libdir)")"; }

llvm_version() { rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p'; }

# When the sources were made: the last commit's time. What is no clone of the repository has that of its changelog.
source_date() {
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        printf '%s\n' "$SOURCE_DATE_EPOCH"
    else
        git -C "$ROOT" log -1 --format=%ct 2>/dev/null || stat -c %Y "$ROOT/CHANGELOG.md"
    fi
}

# The commit that the sources are of; "+" where they have been changed since.
source_commit() {
    local commit
    commit=$(git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null) || { printf 'unknown\n'; return; }
    [ -z "$(git -C "$ROOT" status --porcelain --untracked-files=no)" ] || commit+=+
    printf '%s\n' "$commit"
}

# The version of the project, e.g. 0.1.0.
project_version() { sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' "$ROOT/Cargo.toml"; }

# RUN_DIR is where everything that runs keeps its files: sockets, logs, secrets, the embedded database. Servers that root
# starts work as other users, who must be able to enter it; below root's home they cannot, and /var/lib takes its place.
use_run_dir() {
    local given=${RUN_DIR:-}
    umask 022
    RUN_DIR=${given:-$ROOT/run}
    mkdir -p "$RUN_DIR" || die "RUN_DIR $RUN_DIR cannot be made"
    RUN_DIR=$(cd -- "$RUN_DIR" && pwd -P)
    if is_root && ! as_user nobody test -x "$RUN_DIR"; then
        [ -z "$given" ] || die "RUN_DIR $RUN_DIR is in a folder that only root may enter"
        rmdir "$RUN_DIR" 2>/dev/null || true
        RUN_DIR=/var/lib/postern/$(checksum "$ROOT")
        mkdir -p "$RUN_DIR"
    fi
    export RUN_DIR
}

# Runs a command as another user where that is needed, i.e. for root.
as_user() {
    local user=$1
    shift
    if is_root; then runuser -u "$user" -- "$@"; else "$@"; fi
}

# A short name for a text.
checksum() { printf %s "$1" | sha256sum | cut -c 1-12; }

# A file that only its owner may read, with the text that comes on stdin: write_secret FILE [OWNER]
write_secret() {
    (umask 077 && cat >"$1.new")
    if is_root; then chown "${2:-root}" "$1.new"; fi
    mv "$1.new" "$1"
}

# A value for a connection string of the form key=value.
conninfo() {
    case $1 in
        *[!A-Za-z0-9_./:-]* | '') printf "'%s'" "$(sed "s/[\\\\']/\\\\&/g" <<<"$1")" ;;
        *) printf '%s' "$1" ;;
    esac
}

# What talks to servers of this machine does so itself, whatever proxy there is for others.
without_proxy() {
    no_proxy=127.0.0.1,localhost,::1${no_proxy:+,$no_proxy}
    NO_PROXY=$no_proxy
    export no_proxy NO_PROXY
}

# Whether somebody listens on a port of this machine.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Waits until a command succeeds: wait_for SECONDS COMMAND…
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# Puts a file in place of another in one step, so that nobody sees half of it and a process that has the old one mapped
# keeps it. Does nothing when they are equal.
replace_file() {
    local new
    if cmp -s "$1" "$2"; then return; fi
    new=$(mktemp "$2.XXXXXX")
    cp --preserve=mode "$1" "$new" && mv -f "$new" "$2" || {
        rm -f "$new"
        return 1
    }
}

# One build at a time writes to a folder; others wait. The lock goes with the process.
lock_folder() {
    mkdir -p "$1"
    exec 9>"$1/.lock"
    flock 9
}
