#!/bin/sh
# The fictional organisation, from nothing to four answers. Every step is a command a person can type.
set -eu
cd "$(dirname "$0")/.."
export CAIRN_HOME="$PWD/demo/library"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
ask() { say "$1 asks: $2"; cairn ask "$2" --as "$1"; }

say "A shared drive of the Talvern Regional Health Authority, with its people and groups"
sh examples/prepare.sh
cairn status

ask amina "How much did the heat-health programme overspend in 2025?"
ask tomas "How much did the heat-health programme overspend in 2025?"
ask tomas "What is the home-visit budget for 2026?"
ask amina "What is the mileage rate when I use my own car?"

say "Go on"
cat <<'END'
  . .venv/bin/activate
  export CAIRN_HOME=demo/library
  cairn ask "What is the budget for cool spaces?" --as amina
  cairn search "heat warning levels" -k 3
  cairn access explain tomas finance/outturn-2025.pdf
  cairn evaluate examples/organisation
  make serve
Your own folder: unset CAIRN_HOME, cd somewhere, cairn ingest ~/papers, cairn ask "..."
END
