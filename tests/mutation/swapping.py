"""A change put into a running process, where its module was imported long ago.

- A function gets the changed code; whoever holds the function has it then.
- A table of a module is made anew, and replaced wherever it was imported under its name.
- What was evaluated when a class was made (fields, columns, members) stays: NotMadeError. Nothing is half changed.
"""

import ast
import gc
import sys
from collections.abc import Collection, Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.mutation.making import ROOT

Functions = dict[tuple[str, str, int], list[FunctionType]]
_OURS = ("generation", "moderation", "provenance", "studio", "tests")


class NotMadeError(Exception):
    """The change cannot be made in a process that runs."""


def functions(files: Collection[str]) -> Functions:
    """Every function of this process that was written in one of these files, by file, name and line."""
    found: Functions = {}
    for one in gc.get_objects():
        # By its type: a lazy object, asked for its class, wakes up.
        if type(one) is FunctionType and one.__code__.co_filename in files:
            code = one.__code__
            found.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(one)
    return found


def swap(path: str, before: str, after: str, known: Functions) -> None:
    """Make the loaded module at `path` be what `after` says instead of `before`."""
    file = str(ROOT / path)
    whole = compile(after, file, "exec", dont_inherit=True)
    changed = list(_changed(compile(before, file, "exec", dont_inherit=True), whole))
    inside = [(known.get((file, old.co_qualname, old.co_firstlineno)), new) for old, new in changed]
    if changed and all(live for live, _ in inside):
        for live, new in inside:
            for function in live or ():
                _recode(function, new)
        return
    _restate(_module(file), file, ast.parse(before), ast.parse(after), known)


def _changed(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The outermost functions that differ, old and new."""
    if old.co_flags & CO_OPTIMIZED:
        if _essence(old) != _essence(new):
            yield old, new
        return
    ours, theirs = ([one for one in code.co_consts if isinstance(one, CodeType)] for code in (old, new))
    for mine, other in zip(ours, theirs, strict=False):
        yield from _changed(mine, other)


def _essence(code: CodeType) -> tuple[Any, ...]:
    """What code does, wherever its lines are."""
    consts = tuple(_essence(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_qualname, code.co_code, code.co_exceptiontable, consts, names)


def _recode(function: FunctionType, code: CodeType) -> None:
    try:
        function.__code__ = code
    except ValueError as error:
        raise NotMadeError(str(error)) from error


def _module(file: str) -> ModuleType:
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == file:
            return module
    raise NotMadeError("no test imports the module")


def _restate(module: ModuleType, file: str, before: ast.Module, after: ast.Module, known: Functions) -> None:
    """Carry out the one statement of a module that differs, and hand what it binds to whoever has the old value."""
    pairs = zip(before.body, after.body, strict=True)
    differing = [new for old, new in pairs if ast.dump(old) != ast.dump(new)]
    if len(differing) != 1 or not isinstance(differing[0], ast.Assign | ast.AnnAssign):
        raise NotMadeError("it is evaluated once, when the module is imported")
    held = dict(vars(module))
    scratch = dict(held)
    try:
        exec(compile(ast.Module(differing, []), file, "exec", dont_inherit=True), scratch)  # noqa: S102  our own source
    except Exception as error:  # a table that cannot be made twice, for instance
        raise NotMadeError(f"the statement cannot be carried out again: {error!r}") from error
    for name, value in scratch.items():
        if name != "__builtins__" and value is not held.get(name):
            _hand_out(name, held.get(name), value)
            _default(known, held.get(name), value)


def _hand_out(name: str, old: object, new: object) -> None:
    for module in list(sys.modules.values()):
        if module.__name__.partition(".")[0] in _OURS and vars(module).get(name) is old:
            setattr(module, name, new)


def _default(known: Functions, old: object, new: object) -> None:
    """Where the old value is the default of an argument; values that are everywhere (None, small numbers) are not."""
    if old is None or isinstance(old, bool | int | str):
        return
    for function in (one for group in known.values() for one in group):
        given, named = function.__defaults__ or (), function.__kwdefaults__ or {}
        if any(value is old for value in given):
            function.__defaults__ = tuple(new if value is old else value for value in given)
        if any(value is old for value in named.values()):
            function.__kwdefaults__ = {name: new if value is old else value for name, value in named.items()}
