"""Writes the shared drive: one module a format, and ``python generate.py OUT_DIR`` runs them all."""
