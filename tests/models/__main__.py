"""Serve scripted models for a bench or by hand: ``python -m tests.models --port 9000``."""

import argparse
import signal
from importlib import import_module

from tests.models.server import serving


def main() -> None:
    """Serve until stopped."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--port", type=int, default=0)
    cli.add_argument("--behaviour", default="tests.models.server:echo", help="MODULE:FUNCTION")
    given = cli.parse_args()
    module, _, name = given.behaviour.partition(":")
    ends = [signal.SIGINT, signal.SIGTERM]
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before the server's thread begins
    with serving(getattr(import_module(module), name), port=given.port) as server:
        print(server.url, flush=True)
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
