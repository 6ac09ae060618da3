#!/bin/sh
# Serves the fictional organisation on this machine; the first time, it is made.
set -eu
cd "$(dirname "$0")/.."
export CAIRN_HOME="$PWD/demo/library"
[ -e "$CAIRN_HOME/journal.db" ] || sh examples/prepare.sh
exec cairn serve
