#!/usr/bin/env bash
# test.sh: those of core and the integration tests (cargo), then what holds the docs and the description of the API against what is
# so, then those of nginx's behaviour (prove).
# test.sh unit: what needs neither nginx nor PostgreSQL.

. "$(dirname "$0")/lib.sh"

cd "$ROOT"
if [ "${1:-}" = unit ]; then
    need_cargo
    exec cargo test --locked -p postern-core --lib --test golden --test render_docs
fi

export POSTERN_NGINX=$BUILD_DIR/nginx POSTERN_MODULE=$BUILD_DIR/$MODULE
# A server that the user works with is not one to test on, nor are his secrets.
unset DATABASE_URL RUN_DIR PORT ADDRESS POSTERN_PROFILE AUTHENTICATOR_PASSWORD_FILE POSTERN_JWT_SECRET_FILE "${!PG@}"
without_proxy

# Where the distribution's nginx and its sources are installed, the module is tested in that one too.
packaged() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null; }
if version=$(packaged nginx-dev) && [ "$version" = "$(packaged nginx)" ]; then
    "$ROOT/scripts/module.sh" /usr/sbin/nginx
fi

"$ROOT/scripts/cargo.sh" test --workspace --locked
python3 -B -m unittest discover -q -s "$ROOT/tests/docs"
"$ROOT/scripts/test-docs.py"
"$ROOT/scripts/test-openapi.sh"
exec prove -r t tests/packages/contents.t
