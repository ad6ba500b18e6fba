#!/usr/bin/env bash
# cargo with the environment that the project is built in: `scripts/cargo.sh clippy --workspace`.

. "$(dirname "$0")/lib.sh"

need_cargo
"$ROOT/scripts/build-nginx.sh"
use_vendored_nginx
cd "$ROOT"
exec cargo "$@"
