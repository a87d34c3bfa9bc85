"""What runs inside the child process: load one model, then serve requests from standard input until it closes.

Started by `generation.child`, never by hand. Frames go out through a private copy of standard output; the public one
leads to standard error, so that a library that prints cannot break the language of the pipe.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from queue import SimpleQueue

from generation.catalogue import ModelEntry, verify_weights
from generation.engine import Engine, Reference, Step
from generation.frames import Frame, FrameReader, write_frame
from generation.messages import asset_frame, error_frame, step_frame
from generation.spec import GenerationSpec

STANDARD_INPUT, STANDARD_OUTPUT, STANDARD_ERROR = 0, 1, 2


class _Requests:
    """What the parent asks, read in a thread so that a cancel or the parent's end is heard during the work."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Frame] = SimpleQueue()
        self._newest = 0
        self._cancelled = 0

    def listen(self) -> None:
        """Read frames until standard input closes; then end the process, whatever it does."""
        reader = FrameReader(STANDARD_INPUT)
        while (frame := reader.read(until=None)) is not None:
            request = frame.header.get("request", 0)
            if frame.header["kind"] == "cancel":
                self._cancelled = max(self._cancelled, request)
            else:
                self._newest = max(self._newest, request)
                self._waiting.put(frame)
        os._exit(0)

    def next(self) -> Frame:
        """Return the next request, waiting for it."""
        return self._waiting.get()

    def is_cancelled(self, request: int) -> bool:
        """Tell whether the parent has lost interest in a request: it said so, or asked for something newer."""
        return request <= self._cancelled or request < self._newest


def main() -> int:
    """Serve until the parent goes; return 1 when the model cannot be loaded."""
    out = os.dup(STANDARD_OUTPUT)
    os.dup2(STANDARD_ERROR, STANDARD_OUTPUT)
    requests = _Requests()
    threading.Thread(target=requests.listen, name="requests", daemon=True).start()
    try:
        engine = _load(requests.next())
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
        _send(out, error_frame(error, request=0))
        return 1
    while True:
        _serve(engine, requests.next(), requests, out)


def _load(frame: Frame) -> Engine:
    entry = ModelEntry.from_json(frame.header["entry"])
    with ThreadPoolExecutor(max_workers=1) as beside:
        # Reading the weights and reading torch both take seconds, on different parts of the machine.
        verified = beside.submit(verify_weights, entry)
        from generation.diffusion import DiffusersEngine

        verified.result()
    return DiffusersEngine.load_verified(entry, threads=frame.header["threads"])


def _serve(engine: Engine, frame: Frame, requests: _Requests, out: int) -> None:
    request = frame.header["request"]
    try:
        spec, size = GenerationSpec.from_json(frame.header["spec"]), frame.header["reference"]
        reference = None if size is None else Reference(frame.body, **size)
        with closing(engine.generate(spec, reference=reference)) as items:
            for item in items:
                if requests.is_cancelled(request):
                    return
                _send(out, step_frame(item, request) if isinstance(item, Step) else asset_frame(item, request))
        _send(out, Frame({"kind": "done", "request": request}))
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:  # noqa: BLE001 - the child outlives a failed request
        _send(out, error_frame(error, request))


def _send(out: int, frame: Frame) -> None:
    write_frame(out, frame.header, frame.body)


if __name__ == "__main__":
    sys.exit(main())
