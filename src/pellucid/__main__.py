"""`python -m pellucid` is the `pellucid` command."""

from pellucid.cli.main import main

main()
