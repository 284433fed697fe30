"""The process that `beans-full` measures: python -m benchmarks.full_size FOLDER SIZE EPOCHS. Tells times and memory."""

import json
import sys
import time

import pellucid
from benchmarks.machine import peak_memory
from benchmarks.ours import Epochs, told
from pellucid.experiment.articles.beans import BEANS, SICK


def main(folder: str, size: int, epochs: int) -> dict[str, object]:
    """Train article B's network on the pictures of a folder at size x size, and return what it took."""
    noted = Epochs()
    began = time.perf_counter()
    result = pellucid.train(
        folder,
        size=(size, size),
        merge=SICK,
        hidden_layers=BEANS.settings.hidden_layers,
        init=BEANS.settings.init,
        optimizer=BEANS.settings.optimizer,
        learning_rate=BEANS.settings.learning_rate,
        batch_size=None,
        dtype=BEANS.settings.dtype,
        epochs=epochs,
        random_state=BEANS.seed,
        callbacks=(noted,),
    )
    return {
        "size": size,
        "train": time.perf_counter() - began,
        "epoch": noted.seconds,
        "peak": peak_memory(),
        "said": told(result.history),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
