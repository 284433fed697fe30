"""Benchmarks: pellucid and its peers on the same work, in turn. `python -m benchmarks --help`.

Not part of the package; nothing in `src/` knows of it. docs/performance.md tells the method and the results.
"""
