"""Side-by-side measurements: each script prints one table; the results go into LOG.md."""
