"""Cairn beside other libraries on the same data; see bench/peers/run.py."""
