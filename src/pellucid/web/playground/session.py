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
from pellucid.web.playground.inspect import weight_message, worked_example
from pellucid.web.playground.permalink import Edit, Moment, checked_edit, checked_points, decode
from pellucid.web.playground.problem import OwnTable
from pellucid.web.playground.run import PACE, Autoplay, Run
from pellucid.web.playground.settings import MOST_ITERATIONS, PlaygroundSettings, number
from pellucid.web.playground.state import Message, State, usual_with
from pellucid.web.playground.undo import Undo
from pellucid.web.playground.what_if import LEAST, MultiStart, whole_run

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
        self._table, self._lock = table, threading.RLock()
        self.closed = self._opened = False
        self._autoplay = Autoplay()
        self._frames = time.time_ns() // 1_000_000  # so that frames of a session made anew are later ones
        self._asked = 0  # what-ifs so far: a newer one makes an older one give up
        self._multi_start, self._doctor = MultiStart(), Doctor()
        self._undone: Undo | None = None
        self._begin(State.of(Moment(usual_with(table)), table))

    @property
    def running(self) -> bool:
        """Whether the training goes on by itself."""
        return self._autoplay.running

    @property
    def busy(self) -> bool:
        """Whether `advance` has something to do: the run, one of several starts, or the doctor a look to take."""
        return self._opened and (
            self.running or bool(self._multi_start) or self._doctor.wants(self._state.run, self.running)
        )

    def handle(self, message: Any) -> list[Message]:
        """Return the answers to one message; whatever it is, the session goes on."""
        try:
            if not isinstance(message, Mapping) or not isinstance(message.get("do"), str):
                raise InputError('a message must be an object with a text "do".')
            do = ACTIONS.get(message["do"])
            if do is None:
                raise unknown_name("message", message["do"][:40], ACTIONS)
            if not self._opened and message["do"] != "open":
                return [_error("this session is closed; open it again.") | {"again": True}]
            return do(self, dict(message))
        except PellucidError as error:
            return [_error(str(error))]

    def advance(self, seconds: float) -> list[Message]:
        """Go on for about so long with the run, or with one of several starts; return what there is to see."""
        if self._multi_start:
            return self._next_start()
        with self._lock:
            self._autoplay.go(self._state.run, seconds)
            run, doctor, look = self._state.run, self._doctor, None
            if doctor.wants(run, self.running):
                look, seen = Look.at(run), moment_of(run)
        if look is not None:
            doctor.look(look, seen)  # of this run, even if another has begun meanwhile
        with self._lock:
            return [self._frame()]

    def close(self) -> None:
        """Give up whatever is under way; the session is over."""
        self.closed = True
        self._asked += 1
        self._opened = False
        self._autoplay.stop()
        self._multi_start.clear()

    # what messages do, in the order of the protocol

    def _open(self, message: Message) -> list[Message]:
        usual, told = usual_with(self._table), list[Message]()
        with self._lock:
            try:
                moment = decode(message.get("address", ""), usual)
                state = State.of(moment, self._table)
            except PellucidError as error:  # a page without a session would be no use to anybody
                told = [
                    _error(f"This address cannot be opened: {error} The playground starts with its defaults instead.")
                ]
                moment = Moment(usual)
                state = State.of(moment, self._table)
            self._undone = None
            self._begin(state)
            self._opened = True
            if state.problem.trainable:
                self._autoplay.start(state.run, pace=0, until=moment.iteration)
                self._autoplay.go(state.run, AWAIT)
            return told + self._all()

    def _set(self, message: Message) -> list[Message]:
        with self._lock:
            return self._take(self._changed(message))

    def _run(self, message: Message) -> list[Message]:
        pace = number("pace", message.get("pace", PACE), 0, 1e6, whole=True)
        with self._lock:
            self._state.problem.check_trainable()
            self._autoplay.start(self._state.run, pace)
            return [self._frame()]

    def _pause(self, message: Message) -> list[Message]:
        self._autoplay.stop()  # before the lock: what runs holds it
        with self._lock:
            return [self._frame()]

    def _step(self, message: Message) -> list[Message]:
        n = number("n", message.get("n", 1), 1, 1000, whole=True)
        with self._lock:
            self._pause(message)
            self._state.run.forward(n)
            return [self._frame()]

    def _back(self, message: Message) -> list[Message]:
        n = number("n", message.get("n", 1), 1, MOST_ITERATIONS, whole=True)
        with self._lock:
            self._pause(message)
            return self._go({"iteration": max(0, self._state.run.iteration - n)})

    def _go(self, message: Message) -> list[Message]:
        iteration = number("iteration", message.get("iteration"), 0, MOST_ITERATIONS, whole=True)
        with self._lock:
            self._pause(message)
            self._state.run.go(iteration)
            return [self._frame()]

    def _restart(self, message: Message) -> list[Message]:
        with self._lock:
            self._go_to(self._state.with_run(Run(self._state.problem, self._state.settings)))
            return [self._state.settings_message(), self._frame()]

    def _new_start(self, message: Message) -> list[Message]:
        with self._lock:
            return self._take(self._state.settings.with_start(1))

    def _draw(self, message: Message) -> list[Message]:
        points = checked_points(message.get("points"))
        with self._lock:
            settings = replace(self._state.settings, data="drawn", columns=(0, 1))
            self._undone = None  # drawing has an undo of its own
            self._begin(State.of(Moment(settings, points=points), self._table))
            return self._all()

    def _weight(self, message: Message) -> list[Message]:
        with self._lock:
            return [weight_message(self._state.run, _place(message, 0.0))]

    def _set_weight(self, message: Message) -> list[Message]:
        edit = _place(message, message.get("value"))
        with self._lock:
            self._pause(message)
            undo = Undo.rest_of(self._state)
            self._state.run.set_by_hand(edit.layer, edit.row, edit.column, edit.value)
            self._undone = undo or self._undone
            return [self._frame(), weight_message(self._state.run, edit)]

    def _trace(self, message: Message) -> list[Message]:
        with self._lock:
            step = worked_example(self._state.run, self._state.view.columns, message)
        return [{"kind": "trace", "html": step.html()}]

    def _whatif(self, message: Message) -> list[Message]:
        self._asked = asked = self._asked + 1
        with self._lock:
            state, settings, iterations = self._state, self._changed(message), self._anew()
        if not settings.makes_data_of(state.settings):
            raise InputError(
                "What if? changes the network and its training; to change the data, use the data settings."
            )
        whole = whole_run(state.problem, settings, iterations, lambda: self._asked == asked)
        if whole is None:
            return []
        told = whole.as_dict() | {"kind": "whatif", "surface": state.view.surface(whole.run.network)}
        if message.get("keep") is not True:
            return [told]
        with self._lock:
            if self._state.problem is not state.problem:
                return []
            self._go_to(self._state.with_run(whole.run))
            return [told, self._state.settings_message(), self._frame()]

    def _try_starts(self, message: Message) -> list[Message]:
        count = number("count", message.get("count", 10), 1, MOST_STARTS, whole=True)
        with self._lock:
            self._state.problem.check_trainable()
            self._pause(message)
            self._multi_start.plan(self._state.settings, count)
        return []

    def _save(self, message: Message) -> list[Message]:
        with self._lock:
            return [saved(message.get("what"), self._state.run, self._state.view, self._state.moment)]

    def _apply(self, message: Message) -> list[Message]:
        with self._lock:
            advice = self._doctor.advice
            if advice is None or not advice.applicable:
                raise InputError("the doctor has no advice to apply now.")
            if advice.go_on:
                return [self._state.settings_message(), *self._run(message)]
            doctor = Doctor(self._doctor.applied())
            told = self._take(self._state.settings.changed(advice.changes, self._table is not None))
            self._doctor = doctor  # it remembers what was tried
            return told

    def _surface(self, message: Message) -> list[Message]:
        with self._lock:
            return self._take(self._state.settings.changed({"columns": message.get("columns")}))

    def _undo(self, message: Message) -> list[Message]:
        with self._lock:
            if self._undone is None:
                raise InputError("there is no change to undo.")
            state, self._undone = self._undone.state, None
            self._begin(state)
            return self._all()

    def _begin(self, state: State) -> None:
        """Switch to another state and stop work on the old run."""
        self._state = state
        self._autoplay.stop()
        self._multi_start.clear()
        self._asked += 1
        self._doctor = Doctor()

    def _go_to(self, state: State) -> None:
        """Begin another run, and keep the present one for an undo."""
        self._undone = Undo.run_of(self._state) or self._undone
        self._begin(state)

    def _changed(self, message: Message) -> PlaygroundSettings:
        changes = message.get("settings")
        if not isinstance(changes, Mapping):
            raise InputError('"settings" must be an object of names with values.')
        return self._state.settings.changed(changes, self._table is not None)

    def _take(self, settings: PlaygroundSettings) -> list[Message]:
        """Go on with other settings."""
        before = self._state
        after = before.with_settings(settings)
        if after.run is before.run:
            self._state = after
        else:
            self._go_to(after)
        return self._all() if after.view is not before.view else [after.settings_message(), self._frame()]

    def _next_start(self) -> list[Message]:
        with self._lock:
            state, asked = self._state, self._asked
            iterations = self._anew()
        return self._multi_start.next(state.problem, iterations, lambda: self._asked == asked)

    def _anew(self) -> int:
        """Return how long a run anew is."""
        return min(max(self._state.run.furthest, LEAST), MOST_ANEW)

    def _all(self) -> list[Message]:
        return [self._state.problem_message(), self._state.settings_message(), self._frame()]

    def _frame(self) -> Message:
        state = self._state
        self._frames += 1
        return state.view.frame(state.run) | {
            "number": self._frames,
            "address": state.address,
            "running": self.running,
            "finding": self._doctor.said(state.run),
            "replaced": None if self._undone is None else self._undone.told,
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
