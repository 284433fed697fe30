"""One reader for each kind of source; each returns `Splits` of `Dataset`s."""
