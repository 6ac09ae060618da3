"""``python -m cairn`` is the command line."""

from cairn.surfaces.cli.main import main

main()
