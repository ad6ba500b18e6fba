#!/usr/bin/env bash
# Writes down what is linked into the module: dist/postern-<version>.cdx.json.

. "$(dirname "$0")/lib.sh"

need_cargo
SOURCE_DATE_EPOCH=$(source_date)
export SOURCE_DATE_EPOCH
file=$ROOT/dist/postern-$(project_version).cdx.json
mkdir -p "${file%/*}"
"$ROOT/scripts/sbom.py" sbom >"$file.new"
mv "$file.new" "$file"
say "Wrote ${file#"$ROOT"/}"
