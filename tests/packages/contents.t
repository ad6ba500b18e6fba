#!/usr/bin/env bash
# What is in the packages: the same bytes each time, a module that nginx loads, and papers that say what the code says.
# It packs the modules that the tests have built; whether they are installed and purged well is install.t's.

cd "$(dirname "$0")/../.." || exit
. scripts/lib.sh
set +e
. tests/packages/tap.sh

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Commits and times are not what is tested here, and a clone without history is tested as well.
export SOURCE_DATE_EPOCH=1600000000

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
archive=postern-$version-nginx-$(vendored_nginx_version)-linux-$(uname -m)

# Once as it is, once by somebody with other habits.
pack_twice() {
    DIST_DIR=$scratch/one scripts/dist.sh "build/$MODULE" &&
        (umask 077 && mkdir "$scratch/tmp" &&
            TMPDIR=$scratch/tmp TZ=Asia/Tokyo LC_ALL=C DIST_DIR=$scratch/two scripts/dist.sh "build/$MODULE")
}

sums_fit() { (cd "$scratch/one" && sha256sum --check --strict SHA256SUMS); }

# nginx_takes NGINX LOAD_MODULE…: with a location of the module in its configuration.
nginx_takes() {
    local nginx=$1
    shift
    printf '%s\n' "$@" 'pid nginx.pid; events {} http { access_log off; server { location / { postern_health live; } } }' >"$scratch/nginx.conf"
    "$nginx" -t -p "$scratch/" -c nginx.conf -e stderr -g 'daemon off;'
}

unpack() { tar -C "$scratch" -xzf "$scratch/one/$archive.tar.gz"; }

complete() {
    local file
    for file in INSTALL LICENSE README.md THIRD-PARTY.txt postern.7 postern.cdx.json docs/directives.md nginx-conf/minimal.conf \
        migrations/001_roles.sql scripts/migrate.sh; do
        [ -s "$scratch/$archive/$file" ] || { echo "$file is missing"; return 1; }
    done
    ! grep -n '@[A-Z]*@' "$scratch/$archive/INSTALL" "$scratch/$archive/postern.7"
}

in_reference() { sed -n 's/^| \[`\(postern_[a-z0-9_]*\)`\].*/\1/p' docs/directives.md | sort; }
in_manual() { sed -n 's/^\.B \(postern_[a-z0-9_]*\)$/\1/p' "$scratch/$archive/postern.7" | sort; }
in_code() { grep -rhoE 'c"postern_[a-z0-9_]+"' src/conf | sed 's/^c"//; s/"$//' | sort -u; }

# Where crates could panic they have left the names of their folders.
in_module() {
    grep -aoE '/registry/src/[a-z0-9.-]+/[A-Za-z0-9_-]+-[0-9]+\.[0-9]+\.[0-9A-Za-z.+-]+/' "$scratch/$archive/$MODULE" |
        cut -d / -f 5 | sort -u
}
in_bill() { sed -n 's|.*"bom-ref": "pkg:cargo/\(.*\)@\(.*\)".*|\1-\2|p' "$scratch/$archive/postern.cdx.json" | sort -u; }
billed() {
    [ "$(in_module | wc -l)" -gt 20 ] || { echo "no crates were found in the module"; return 1; }
    [ -z "$(comm -23 <(in_module) <(in_bill))" ] || { comm -23 <(in_module) <(in_bill); return 1; }
}

ok "the archive is packed twice" pack_twice
ok "both have the same bytes" cmp "$scratch/one/$archive.tar.gz" "$scratch/two/$archive.tar.gz"
ok "the sums fit" sums_fit
ok "it is unpacked" unpack
ok "everything is in it" complete
ok "nginx loads the module" nginx_takes build/nginx "load_module $scratch/$archive/$MODULE;"
ok "the reference has the directives of the code" same "$(in_code)" "$(in_reference)"
ok "the manual has the directives of the reference" same "$(in_reference)" "$(in_manual)"
ok "every crate that shows in the module is in the bill of materials" billed

distribution=$(/usr/sbin/nginx -v 2>&1 | sed 's|.*/||; s| .*||')
module=build/nginx-$distribution/$MODULE
[ "$distribution" != "$(vendored_nginx_version)" ] || module=build/nginx-$distribution-installed/$MODULE
if [ -n "$distribution" ] && [ -f "$module" ] && command -v dh_nginx >/dev/null; then
    ok "the Debian package is packed" env DIST_DIR="$scratch" scripts/deb.sh "$module"
    ok "it is unpacked, too" dpkg-deb -x "$scratch"/libnginx-mod-http-postern_*.deb "$scratch/deb"
    # As in /usr/share/nginx, which is the prefix of Debian's.
    ln -s deb/usr/lib/nginx/modules "$scratch/modules"
    ok "the distribution's nginx loads it by its snippet" \
        nginx_takes /usr/sbin/nginx "$(cat "$scratch/deb/usr/share/nginx/modules-available/mod-http-postern.conf")"
    depends=$(dpkg-deb -f "$scratch"/libnginx-mod-http-postern_*.deb Depends)
    ok "it depends on the binary interface of nginx" grep -E '(^|, )nginx-abi-[0-9.-]+' <<<"$depends"
fi

done_testing
