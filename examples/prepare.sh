#!/bin/sh
# Makes the fictional organisation's shared drive, and a library of it with its people and groups.
set -eu
cd "$(dirname "$0")/.."
export CAIRN_HOME="$PWD/demo/library"
python examples/organisation/generate.py demo/organisation
cairn access load examples/organisation/people.toml --json > /dev/null
cairn ingest demo/organisation
