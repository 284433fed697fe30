"""How many threads BLAS computes with: small products are slower on two threads than on one.

Beside its cost, a thread that waits for the next product keeps a core busy that other programs could use.
"""

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from pellucid.nn import Network
from pellucid.system.threads import Shared

WORTH_SHARING = 1e7  # multiplications of one pass through the network; below, waking a thread takes longer,
LARGER_THAN_CACHE = 2**22  # unless fetching the rows is what takes the time; bytes


@contextlib.contextmanager
def blas_threads(network: Network, rows: int) -> Iterator[None]:
    """Compute with one thread inside the block where batches of `rows` are small, else with as many as are set."""
    fetched = rows * network.n_in * network.parameters.itemsize
    if rows * network.parameters.size >= WORTH_SHARING or fetched >= LARGER_THAN_CACHE:
        yield
        return
    with _one_thread:
        yield


def blas_description() -> str:
    """Return whose BLAS computes, for which processor and with how many threads: how sums are rounded depends on it."""
    pools = [pool for pool in _controller().info() if pool["user_api"] == "blas"]
    told = {f"{pool['internal_api']} {pool.get('architecture', '')}, {pool['num_threads']} threads" for pool in pools}
    return "; ".join(sorted(told))


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


_one_thread = Shared(lambda: _controller().limit(limits=1, user_api="blas"))
