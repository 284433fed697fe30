"""The jobs, by name: each takes Options and returns an Outcome. A new job is a function and a row here."""

from collections.abc import Callable

from benchmarks.jobs import beans, cats, fashion, growth, predict
from benchmarks.options import Options
from benchmarks.outcome import Outcome

JOBS: dict[str, Callable[[Options], Outcome]] = {
    "cats-4-layer": cats.run,
    "exact": cats.exact,
    "beans": beans.run,
    "beans-full": beans.full,
    "fashion": fashion.run,
    "predict": predict.run,
    "growth": growth.run,
}
