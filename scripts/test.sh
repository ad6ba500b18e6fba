#!/usr/bin/env bash
# All tests: those of core and the integration tests (cargo), then those of nginx's behaviour (prove).

. "$(dirname "$0")/lib.sh"

export POSTERN_NGINX=$BUILD_DIR/nginx POSTERN_MODULE=$BUILD_DIR/$MODULE
# A server that the user works with is not one to test on.
unset DATABASE_URL RUN_DIR PORT ADDRESS "${!PG@}"

# Where the distribution's nginx and its sources are installed, the module is tested in that one too.
packaged() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null; }
if version=$(packaged nginx-dev) && [ "$version" = "$(packaged nginx)" ]; then
    "$ROOT/scripts/module.sh" /usr/sbin/nginx
fi

"$ROOT/scripts/cargo.sh" test --workspace --locked
cd "$ROOT"
exec prove -r t
