"""Session: one person's photographs from upload to model. Messages in, messages out; it knows no sockets.

Long work runs in a thread. A page polls `status` as often as it likes, and asks for `state` when that changes.
"""

import contextlib
import secrets
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.data import Splits, load
from pellucid.data.audit.audit import audit
from pellucid.data.images.kinds import ENDINGS
from pellucid.errors import InputError, PellucidError
from pellucid.experiment.recipe import USUAL, Recipe, make_recipe
from pellucid.experiment.result import Result
from pellucid.experiment.run import run
from pellucid.system.files import private_folder
from pellucid.training.runtime import stopped_where
from pellucid.web.photos.prediction import Prediction
from pellucid.web.photos.progress import PageProgress
from pellucid.web.photos.results import audit_view, save_model, save_report, summary, with_data_name
from pellucid.web.photos.thumbnails import sample, thumbnails
from pellucid.web.photos.uploads import Take, UploadLimits, Uploads

Message = dict[str, Any]
LARGEST_PHOTO = 100 * 2**20  # bytes of a photograph that is tried
FEW_SHOWN = 12  # photographs of a class, beside its name


class Session:
    """From photographs to a model.

    given: a folder or a zip that is there already; it is only read.  seed: of the start, drawn where it is None.
    The stages: "photos", "checking", "checked", "training", "trained"; the report is written after that.
    """

    def __init__(
        self, given: str | Path | None = None, limits: UploadLimits | None = None, seed: int | None = None
    ) -> None:
        self.folder, delete = private_folder("pellucid-photos-")
        self._delete = weakref.finalize(self, delete)  # also when Python ends
        self.uploads = Uploads(self.folder / "photographs", limits or UploadLimits())
        self.given = None if given is None else str(given)
        self.stage, self.error = "photos", ""
        self.checked: Message | None = None
        self.result: Result | None = None
        self.files: dict[str, Path] = {}
        self._seed = secrets.randbelow(2**31) if seed is None else seed
        self._merge: dict[str, list[str]] = {}
        self._kept: dict[str, bytes] = {}  # of the sample, to be tried
        self._splits: Splits | None = None
        self._outcome: Message | None = None
        self._progress: PageProgress | None = None
        self._tried: Prediction | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()
        self.closed = False
        self._changes = 0

    # What a page asks

    def handle(self, message: Message) -> list[Message]:
        """Return the answers to one message, {"do": ...}; what is refused is answered by {"kind": "error"}."""
        asked = {
            "open": self._open,
            "check": self._check,
            "train": self._train,
            "stop": self._stop,
            "rename": self._rename,
            "remove": self._remove,
            "discard": self._discard,
            "clear": self._clear,
            "sample": self._sample,
            "pictures": self._pictures,
        }
        try:
            wanted = message.get("do") if isinstance(message, dict) else message
            if not isinstance(wanted, str) or wanted not in asked:
                raise InputError(f"unknown message {str(wanted)[:80]!r}. Known: {', '.join(sorted(asked))}.")
            with contextlib.nullcontext() if wanted == "pictures" else self._lock:  # decoding takes its time
                return asked[wanted](message)
        except (PellucidError, OSError) as error:
            return [{"kind": "error", "text": self.plainly(error)}]

    @contextlib.contextmanager
    def receiving(self, name: str, of_class: str = "") -> Iterator[Take]:
        """Give a function that takes a file of photographs piece by piece, as `Uploads.receiving` does."""
        with self._lock:
            self._require_idle()
            if self.given is not None:
                raise InputError("This session uses the photographs given at the start. Start over to drop others.")
        with self.uploads.receiving(name, of_class) as take:
            yield take
        with self._lock:
            self._forget_results("photos")

    def answer(self, name: str, data: bytes) -> list[Message]:
        """Return what the model says of the bytes of one photograph, and a key for `tried`."""
        try:
            result = self.result
            if result is None:
                raise InputError("There is no model yet: train first, then try a photograph.")
            if len(data) > LARGEST_PHOTO:
                raise InputError(f"{name!r} is larger than {LARGEST_PHOTO // 2**20} MB; make it smaller first.")
            self._tried = tried = Prediction.of(result.model, name[-200:] or "the photograph", data)
            return [{"kind": "answer", "key": tried.key} | tried.answer]
        except PellucidError as error:
            return [{"kind": "error", "text": self.plainly(error)}]

    def tried(self, key: str) -> Prediction:
        """Return the photograph that was tried last.  InputError where the key is that of another one."""
        if self._tried is None or self._tried.key != key:
            raise InputError("That photograph was not the last one tried; try it again.")
        return self._tried

    def status(self) -> Message:
        """Return a small summary of the work, which differs whenever there is something new to show."""
        with self._lock:
            progress = None if self._progress is None else self._progress.as_dict()
            looking = None if self._tried is None else self._tried.looking
            return {"kind": "status", "stage": self.stage, "changes": self._changes, "progress": progress,
                    "stopping": self._stopping.is_set(), "looking": looking}  # fmt: skip

    def state(self) -> Message:
        """Return everything the page shows."""
        with self._lock:
            classes = [
                {"name": name, "count": len(places), "some": [f"album/{place}" for place in places[:FEW_SHOWN]]}
                for name, places in self.uploads.classes().items()
            ]
            return self.status() | {
                "kind": "state",
                "classes": classes,
                "divided": self.uploads.divided,
                "zip": self.uploads.zip is not None,
                "given": self.given,
                "checkup": self.checked,
                "merge": self._merge,
                "outcome": self._outcome,
                "files": sorted(self.files),
                "error": self.error,
                "kept": [f"sample/{name}" for name in self._kept],
                "endings": list(ENDINGS),
            }

    @property
    def working(self) -> bool:
        """Whether long work is running."""
        return self._progress is not None

    def plainly(self, error: BaseException) -> str:
        """Return the text of an error without the path of the private folder."""
        text = str(error) or type(error).__name__
        for place in (self.uploads.source, self.folder):
            text = text.replace(f"{place}/", "").replace(str(place), "These photographs")
        return text

    def close(self) -> None:
        """Stop the work and delete all uploads."""
        self.closed = True
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)
        self._delete()

    # Its messages

    def _open(self, message: Message) -> list[Message]:
        return [self.state()]

    def _check(self, message: Message) -> list[Message]:
        self._require_idle()
        if self.given is None and not len(self.uploads):
            raise InputError("There are no photographs yet: drop a folder, a .zip, or pictures of each class.")
        if self.uploads.arriving:
            raise InputError("Photographs are still uploading; check them once all are here.")
        self._begin("checking", self._checking, PageProgress(1, asked=self._stopping.is_set))
        return [self.state()]

    def _train(self, message: Message) -> list[Message]:
        self._require_idle()
        if self.checked is None:
            raise InputError("The photographs are not checked yet; check them first.")
        merge = message.get("merge", {})
        recipe = self._recipe(merge if isinstance(merge, dict) else {})
        self._merge = recipe.merge
        networks = USUAL["photo"]["ensemble"]
        self._begin("training", lambda: self._training(recipe), self._told(networks))
        return [self.state()]

    def _stop(self, message: Message) -> list[Message]:
        if self.working:
            self._stopping.set()
        return [self.status()]

    def _rename(self, message: Message) -> list[Message]:
        self._require_idle()
        self.uploads.rename(str(message.get("class")), str(message.get("to")))
        self._forget_results("photos")
        return [self.state()]

    def _remove(self, message: Message) -> list[Message]:
        self._require_idle()
        self.uploads.remove(str(message.get("class")))
        self._forget_results("photos")
        return [self.state()]

    def _discard(self, message: Message) -> list[Message]:
        self._require_idle()
        self.uploads.discard(str(message.get("place")))
        return self._check(message)

    def _sample(self, message: Message) -> list[Message]:
        for name, data in sample().items():
            with self.receiving(name) as take:
                take(data)
        self._kept = sample(kept=True)
        return [self.state()]

    def _clear(self, message: Message) -> list[Message]:
        self._require_idle()
        self._forget_results("photos")  # first, as it holds a zip open
        self.uploads.clear()
        self.given, self._kept = None, {}
        return [self.state()]

    def _pictures(self, message: Message) -> list[Message]:
        return [
            {
                "kind": "pictures",
                "pictures": thumbnails(message.get("of"), self.uploads.pictures, self._kept, self._splits),
            }
        ]

    # The long work

    def _checking(self) -> None:
        assert self._progress is not None
        splits = load(self._source)
        self._progress.pictures = sum(len(dataset) for _, dataset in splits.items())
        found = audit(splits, self._progress)
        with self._lock:
            self._splits, self.checked, self.stage = splits, audit_view(splits, found), "checked"

    def _training(self, recipe: Recipe) -> None:
        early, progress = False, self._progress
        assert progress is not None
        with stopped_where(self._stopping.is_set):
            try:
                result = run(recipe, progress)
            except KeyboardInterrupt:
                if self.closed or progress.stages["reading"].ended is None:
                    raise
                # what was learned for judging is no network to keep; one on what is described already is soon trained
                self._stopping.clear()
                early, self._progress = True, self._told(USUAL["photo"]["ensemble"])
                progress = self._progress
                result = run(replace(recipe, cross_validate=0), progress)
        result = with_data_name(result, self.given or "photographs dropped on the page")
        if "interrupted" in result.histories[-1].stopped_because:
            early = True
            self._stopping.clear()  # training has heard it; the report is written all the same
        files = save_model(result, self.folder)
        with self._lock:
            self.result, self.files, self._outcome, self.stage = result, files, summary(result, early), "trained"
            self._changes += 1
        with contextlib.suppress(KeyboardInterrupt):  # then the report is left out
            self.files = files | save_report(result, self.folder, progress)

    def _recipe(self, merge: dict[str, Any]) -> Recipe:
        names = self.checked["classes"] if self.checked else []
        for new, olds in merge.items():
            if not new.strip() or not isinstance(olds, list) or not all(old in names for old in olds):
                raise InputError(f"to join classes, give a new name and existing classes; got {new!r}: {olds!r}.")
        return make_recipe(data=str(self._source), merge=merge, skip_bad=True, random_state=self._seed)

    @property
    def _source(self) -> Path:
        return self.uploads.source if self.given is None else Path(self.given)

    def _told(self, networks: int) -> PageProgress:
        assert self.checked is not None
        return PageProgress(self.checked["total"], networks, self._stopping.is_set)

    def _begin(self, stage: str, work: Callable[[], None], progress: PageProgress) -> None:
        with self._lock:
            before = "photos" if stage == "checking" else "checked"
            self._forget_results(before)
            self.stage, self._progress = stage, progress
            self._stopping.clear()
            self._thread = threading.Thread(target=self._work, args=(work, before), daemon=True)
        self._thread.start()

    def _work(self, work: Callable[[], None], before: str) -> None:
        """Do the work. On an error or a stop, report it and return to the stage before."""
        said = ""
        try:
            work()
        except KeyboardInterrupt:
            said = "Stopped before anything was learned. Nothing is lost: the photographs are still here."
        except (PellucidError, OSError, MemoryError) as error:
            said = self.plainly(error)
        except Exception as error:  # an exception in a thread would go unseen
            said = f"Something went wrong in pellucid itself ({type(error).__name__}: {error}). Please report it."
        with self._lock:
            if said:
                self.stage, self.error = "trained" if self.result else before, said
            self._progress = None
            self._stopping.clear()
            self._changes += 1

    def _require_idle(self) -> None:
        if self.working:
            raise InputError("This must wait until the current work has finished; stop it first.")

    def _forget_results(self, stage: str) -> None:
        if stage == "photos":
            self._splits = self.checked = None
            self._merge = {}
        self.stage, self.error, self.result, self._outcome, self.files = stage, "", None, None, {}
        self._tried = None
        self._changes += 1
