"""Session: one live training behind a page. Messages in, messages out; it knows no sockets.

`handle` answers one message, `advance` goes on with what runs; both may be called from several threads.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pellucid.errors import InputError, PellucidError, unknown_name
from pellucid.web.playground.advice import Doctor, Look, moment_of
from pellucid.web.playground.export import saved
from pellucid.web.playground.inspect import told_weight, worked
from pellucid.web.playground.permalink import Edit, Moment, checked_edit, checked_points, decode
from pellucid.web.playground.problem import OwnTable
from pellucid.web.playground.run import PACE, Drive, Timeline
from pellucid.web.playground.settings import MOST_ITERATIONS, Choices, number
from pellucid.web.playground.state import Replaced, Stage, usual_with
from pellucid.web.playground.what_if import LEAST, Starts, whole_run

Message = dict[str, Any]
AWAIT = 0.5  # seconds that a replay may take before the page sees it run
MOST_STARTS = 20
MOST_ANEW = 20_000  # iterations of a what-if


class Session:
    """One training of one page.

    table: the user's own, which is then what is learned from.

    >>> session = Session()
    >>> [reply["kind"] for reply in session.handle({"do": "open", "address": ""})]
    ['problem', 'settings', 'frame']
    >>> session.handle({"do": "step", "n": 3})[0]["iteration"]
    3
    """

    def __init__(self, table: OwnTable | None = None) -> None:
        self._table = table
        self._lock = threading.RLock()
        self.closed = self._opened = False
        self._drive = Drive()
        self._frames = time.time_ns() // 1_000_000  # so that frames of a session made anew are later ones
        self._asked = 0  # what-ifs so far: a newer one makes an older one give up
        self._starts = Starts()
        self._replaced: Replaced | None = None
        self._begin(Stage.of(Moment(usual_with(table)), table))

    @property
    def running(self) -> bool:
        """Whether the training goes on by itself."""
        return self._drive.running

    @property
    def busy(self) -> bool:
        """Whether `advance` has something to do: the run, one of several starts, or the doctor a look to take."""
        return self._opened and (
            self.running or bool(self._starts) or self._doctor.wants(self._stage.timeline, self.running)
        )

    def handle(self, message: Any) -> list[Message]:
        """Return the answers to one message; whatever it is, the session goes on."""
        try:
            if not isinstance(message, Mapping) or not isinstance(message.get("do"), str):
                raise InputError('a message is an object with a text "do".')
            do = ACTIONS.get(message["do"])
            if do is None:
                raise unknown_name("message", message["do"][:40], ACTIONS)
            if not self._opened and message["do"] != "open":
                return [_error("this session is not open (any more); open it again.") | {"again": True}]
            return do(self, dict(message))
        except PellucidError as error:
            return [_error(str(error))]

    def advance(self, seconds: float) -> list[Message]:
        """Go on for about so long with the run, or with one of several starts; return what there is to see."""
        if self._starts:
            return self._next_start()
        with self._lock:
            self._drive.go(self._stage.timeline, seconds)
            timeline, doctor, look = self._stage.timeline, self._doctor, None
            if doctor.wants(timeline, self.running):
                look, seen = Look.at(timeline), moment_of(timeline)
        if look is not None:
            doctor.look(look, seen)  # of this run, even if another has begun meanwhile
        with self._lock:
            return [self._frame()]

    def close(self) -> None:
        """Give up whatever is under way; the session is over."""
        self.closed = True
        self._asked += 1
        self._opened = False
        self._drive.stop()
        self._starts.clear()

    # what messages do, in the order of the protocol

    def _open(self, message: Message) -> list[Message]:
        usual, told = usual_with(self._table), list[Message]()
        with self._lock:
            try:
                moment = decode(message.get("address", ""), usual)
                stage = Stage.of(moment, self._table)
            except PellucidError as error:  # a page without a session would be no use to anybody
                told = [_error(f"This address cannot be opened: {error} Here is the usual beginning.")]
                moment = Moment(usual)
                stage = Stage.of(moment, self._table)
            self._replaced = None
            self._begin(stage)
            self._opened = True
            if stage.problem.teaches:
                self._drive.start(stage.timeline, pace=0, until=moment.iteration)
                self._drive.go(stage.timeline, AWAIT)
            return told + self._all()

    def _set(self, message: Message) -> list[Message]:
        with self._lock:
            return self._take(self._changed(message))

    def _run(self, message: Message) -> list[Message]:
        pace = number("pace", message.get("pace", PACE), 0, 1e6, whole=True)
        with self._lock:
            self._stage.problem.refuse_empty()
            self._drive.start(self._stage.timeline, pace)
            return [self._frame()]

    def _pause(self, message: Message) -> list[Message]:
        self._drive.stop()  # before the lock: what runs holds it
        with self._lock:
            return [self._frame()]

    def _step(self, message: Message) -> list[Message]:
        n = number("n", message.get("n", 1), 1, 1000, whole=True)
        with self._lock:
            self._pause(message)
            self._stage.timeline.forward(n)
            return [self._frame()]

    def _back(self, message: Message) -> list[Message]:
        n = number("n", message.get("n", 1), 1, MOST_ITERATIONS, whole=True)
        with self._lock:
            self._pause(message)
            return self._go({"iteration": max(0, self._stage.timeline.iteration - n)})

    def _go(self, message: Message) -> list[Message]:
        iteration = number("iteration", message.get("iteration"), 0, MOST_ITERATIONS, whole=True)
        with self._lock:
            self._pause(message)
            self._stage.timeline.go(iteration)
            return [self._frame()]

    def _restart(self, message: Message) -> list[Message]:
        with self._lock:
            self._go_to(self._stage.with_run(Timeline(self._stage.problem, self._stage.choices)))
            return [self._stage.told_settings(), self._frame()]

    def _new_start(self, message: Message) -> list[Message]:
        with self._lock:
            return self._take(self._stage.choices.with_start(1))

    def _draw(self, message: Message) -> list[Message]:
        points = checked_points(message.get("points"))
        with self._lock:
            choices = replace(self._stage.choices, data="drawn", columns=(0, 1))
            self._replaced = None  # drawing has an undo of its own
            self._begin(Stage.of(Moment(choices, points=points), self._table))
            return self._all()

    def _weight(self, message: Message) -> list[Message]:
        with self._lock:
            return [told_weight(self._stage.timeline, _place(message, 0.0))]

    def _set_weight(self, message: Message) -> list[Message]:
        edit = _place(message, message.get("value"))
        with self._lock:
            self._pause(message)
            replaced = Replaced.rest_of(self._stage)
            self._stage.timeline.set_by_hand(edit.layer, edit.row, edit.column, edit.value)
            self._replaced = replaced or self._replaced
            return [self._frame(), told_weight(self._stage.timeline, edit)]

    def _trace(self, message: Message) -> list[Message]:
        with self._lock:
            step = worked(self._stage.timeline, self._stage.view.columns, message)
        return [{"kind": "trace", "html": step.html()}]

    def _whatif(self, message: Message) -> list[Message]:
        self._asked = asked = self._asked + 1
        with self._lock:
            stage, choices, iterations = self._stage, self._changed(message), self._anew()
        if not choices.makes_data_of(stage.choices):
            raise InputError("what if is for the network and its training; set other data instead.")
        run = whole_run(stage.problem, choices, iterations, lambda: self._asked == asked)
        if run is None:
            return []
        told = run.told() | {"kind": "whatif", "surface": stage.view.surface(run.timeline.network)}
        if message.get("keep") is not True:
            return [told]
        with self._lock:
            if self._stage.problem is not stage.problem:
                return []
            self._go_to(self._stage.with_run(run.timeline))
            return [told, self._stage.told_settings(), self._frame()]

    def _try_starts(self, message: Message) -> list[Message]:
        count = number("count", message.get("count", 10), 1, MOST_STARTS, whole=True)
        with self._lock:
            self._stage.problem.refuse_empty()
            self._pause(message)
            self._starts.plan(self._stage.choices, count)
        return []

    def _save(self, message: Message) -> list[Message]:
        with self._lock:
            return [saved(message.get("what"), self._stage.timeline, self._stage.view, self._stage.moment)]

    def _apply(self, message: Message) -> list[Message]:
        with self._lock:
            advice = self._doctor.advice
            if advice is None or not advice.applicable:
                raise InputError("the doctor advises nothing that could be applied now.")
            if advice.go_on:
                return [self._stage.told_settings(), *self._run(message)]
            return self._take(self._stage.choices.changed(advice.changes, self._table is not None))

    def _surface(self, message: Message) -> list[Message]:
        with self._lock:
            return self._take(self._stage.choices.changed({"columns": message.get("columns")}))

    def _undo(self, message: Message) -> list[Message]:
        with self._lock:
            if self._replaced is None:
                raise InputError("there is no change to undo.")
            stage, self._replaced = self._replaced.stage, None
            self._begin(stage)
            return self._all()

    # what they are made of

    def _begin(self, stage: Stage) -> None:
        """Stand on another stage: what is under way is given up, for it is of another run."""
        self._stage = stage
        self._drive.stop()
        self._starts.clear()
        self._asked += 1
        self._doctor = Doctor()

    def _go_to(self, stage: Stage) -> None:
        """Begin another run, and keep the present one for an undo."""
        self._replaced = Replaced.run_of(self._stage) or self._replaced
        self._begin(stage)

    def _changed(self, message: Message) -> Choices:
        changes = message.get("settings")
        if not isinstance(changes, Mapping):
            raise InputError('"settings" is an object of names with values.')
        return self._stage.choices.changed(changes, self._table is not None)

    def _take(self, choices: Choices) -> list[Message]:
        """Go on with other choices."""
        before = self._stage
        after = before.with_choices(choices)
        if after.timeline is before.timeline:
            self._stage = after
        else:
            self._go_to(after)
        return self._all() if after.view is not before.view else [after.told_settings(), self._frame()]

    def _next_start(self) -> list[Message]:
        with self._lock:
            stage, asked = self._stage, self._asked
            iterations = self._anew()
        return self._starts.next(stage.problem, iterations, lambda: self._asked == asked)

    def _anew(self) -> int:
        """Return how long a run anew is."""
        return min(max(self._stage.timeline.furthest, LEAST), MOST_ANEW)

    def _all(self) -> list[Message]:
        return [self._stage.told_problem(), self._stage.told_settings(), self._frame()]

    def _frame(self) -> Message:
        stage = self._stage
        self._frames += 1
        return stage.view.frame(stage.timeline) | {
            "number": self._frames,
            "address": stage.address,
            "running": self.running,
            "finding": self._doctor.said(stage.timeline),
            "replaced": None if self._replaced is None else self._replaced.told,
        }


def _place(message: Message, value: Any) -> Edit:
    return checked_edit(0, message.get("layer"), message.get("row"), message.get("column"), value)


def _error(text: str) -> Message:
    return {"kind": "error", "text": text}


ACTIONS: dict[str, Callable[[Session, Message], list[Message]]] = {
    "open": Session._open,
    "set": Session._set,
    "run": Session._run,
    "pause": Session._pause,
    "step": Session._step,
    "back": Session._back,
    "go": Session._go,
    "restart": Session._restart,
    "new_start": Session._new_start,
    "points": Session._draw,
    "weight": Session._weight,
    "set_weight": Session._set_weight,
    "trace": Session._trace,
    "whatif": Session._whatif,
    "starts": Session._try_starts,
    "save": Session._save,
    "apply": Session._apply,
    "surface": Session._surface,
    "undo": Session._undo,
}
