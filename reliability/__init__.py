"""What pellucid promises, measured: python -m reliability NAME prints one table."""
