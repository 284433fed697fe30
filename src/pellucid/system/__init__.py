"""The machine underneath: whole files, a cache, memory limits, threads and random streams."""
