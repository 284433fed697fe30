"""Free memory, and a check that raises before more of it is used."""


def free() -> int:
    """Return how many bytes this machine can still give."""
    import psutil

    return int(psutil.virtual_memory().available)


def check_memory(what: object, needed: int, error: type[Exception]) -> None:
    """Raise `error` where so many bytes are more than what is free.

    >>> check_memory("bomb.npz", 2**60, ValueError)
    Traceback (most recent call last):
    ValueError: bomb.npz would take 1,152,921,504,606.8 MB of memory, and ... MB are free.
    """
    here = free()
    if needed > here:
        raise error(f"{what} would take {needed / 1e6:,.1f} MB of memory, and {here / 1e6:,.1f} MB are free.")
