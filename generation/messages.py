"""What the frames between parent and child say: both directions of each message side by side."""

from typing import Any

from generation.canonical import JSON
from generation.engine import GeneratedAsset, Step
from generation.errors import GenerationError, ModelFolderError, OutputError, SpecError
from generation.frames import Frame
from generation.process import Process

LONGEST_MESSAGE = 2000
ENGINE_ERRORS = {error.__name__: error for error in (GenerationError, ModelFolderError, OutputError)}


def step_frame(step: Step, request: int) -> Frame:
    """Return the frame of a step; the preview travels as the body."""
    header = {"kind": "step", "request": request, "picture": step.picture, "index": step.index, "total": step.total}
    return Frame(header | {"preview": step.preview is not None}, step.preview or b"")


def step_from(frame: Frame) -> Step:
    """Return the step of a frame."""
    head = frame.header
    return Step(head["picture"], head["index"], head["total"], frame.body if head["preview"] else None)


def asset_frame(asset: GeneratedAsset, request: int) -> Frame:
    """Return the frame of a finished picture; the pixels travel as the body, the strip behind them."""
    header: dict[str, JSON] = {
        "kind": "asset",
        "request": request,
        "picture": asset.picture,
        "media_type": asset.media_type,
        "width": asset.width,
        "height": asset.height,
        "seed": str(asset.seed),
        "pixel_sha256": asset.pixel_sha256,
        "recipe": asset.recipe,
        "process": None if asset.process is None else asset.process.described(),
    }
    return Frame(header, asset.pixels + (b"" if asset.process is None else asset.process.strip))


def asset_from(frame: Frame) -> GeneratedAsset:
    """Return the finished picture of a frame."""
    names = ("picture", "media_type", "width", "height", "pixel_sha256", "recipe")
    values: dict[str, Any] = {name: frame.header[name] for name in names}
    size, described = values["width"] * values["height"] * 3, frame.header["process"]
    process = None if described is None else Process.from_described(described, frame.body[size:])
    return GeneratedAsset(**values, seed=int(frame.header["seed"]), pixels=frame.body[:size], process=process)


def error_frame(error: Exception, request: int) -> Frame:
    """Return the frame of a failure; what is no error of this library becomes a plain `GenerationError`."""
    header: dict[str, JSON] = {"kind": "error", "request": request, "error": "GenerationError", "field": None}
    if isinstance(error, SpecError):
        header |= {"error": "SpecError", "field": error.field, "message": error.message}
    elif isinstance(error, GenerationError):
        header |= {"error": type(error).__name__, "message": str(error)}
    else:
        header |= {"message": f"{type(error).__name__}: {error}"[:LONGEST_MESSAGE]}
    return Frame(header)


def error_from(frame: Frame) -> GenerationError:
    """Return the error of a frame, to be raised in the parent."""
    head = frame.header
    if head["error"] == "SpecError":
        return SpecError(head["field"], head["message"])
    return ENGINE_ERRORS.get(head["error"], GenerationError)(head["message"])
