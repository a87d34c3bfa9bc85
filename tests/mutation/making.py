"""The changes that can be made in a module, one at a time: by mutmut's operators, and by one of ours.

Ours takes a member out of a set, because sets say here which state may follow which, and mutmut leaves them whole.

A change is known by its module, its place and its number there, and shown as the lines that it takes out and puts in.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

ROOT = Path(__file__).resolve().parents[2]
_STATEMENTS = (libcst.SimpleStatementLine, libcst.BaseCompoundStatement)
_ONCE = (libcst.Annotation, libcst.Decorator)


@dataclass(frozen=True, slots=True, eq=False)
class Mutant:
    """One change that can be made. `lines` are those of the statement up to the end of what is changed.

    `once`: the statement is carried out when the module is imported, and not by any test.
    """

    path: str
    line: int
    at: str
    lines: range
    once: bool
    whole: libcst.Module
    before: libcst.CSTNode
    after: libcst.CSTNode

    @property
    def name(self) -> str:
        """What it is known by, as long as its module stays as it is."""
        return f"{self.path}:{self.at}"

    def source(self) -> str:
        """The module with the change in it."""
        changed = self.whole.deep_replace(self.before, self.after)
        assert isinstance(changed, libcst.Module)
        return changed.code

    def shown(self, source: str) -> str:
        """The change as `- what was there + what is there`, without indents."""
        marked = list(difflib.unified_diff(self.whole.code.splitlines(), source.splitlines(), n=0, lineterm=""))
        return " ".join(f"{line[0]} {line[1:].strip()}" for line in marked[2:] if line[0] in "-+")


def mutants(path: str) -> list[Mutant]:
    """Every change that can be made in a module of the tree, in the order of its lines."""
    wrapper = MetadataWrapper(libcst.parse_module((ROOT / path).read_text(encoding="utf-8")))
    found = _Found(path, wrapper.module)
    wrapper.visit(found)
    return found.mutants


class _Found(libcst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: str, whole: libcst.Module) -> None:
        super().__init__()
        self.mutants: list[Mutant] = []
        self._path, self._whole = path, whole
        self._begun: list[int] = []
        self._bodies: set[libcst.CSTNode] = set()
        self._inside = 0

    def on_visit(self, node: libcst.CSTNode) -> bool:
        if isinstance(node, _ONCE):
            return False
        if isinstance(node, _STATEMENTS):
            self._begun.append(self._place(node).start.line)
        if isinstance(node, libcst.FunctionDef):
            self._bodies.add(node.body)
        self._inside += node in self._bodies
        for number, after in enumerate(_changes(node)):
            place = self._place(node)
            lines = range(self._begun[-1] if self._begun else 1, place.end.line + 1)
            # Its end too: calls of what a call gave begin at one place.
            ends = f"{place.end.line}:{place.end.column}"
            at = f"{place.start.line}:{place.start.column}-{ends}:{type(node).__name__}:{number}"
            self.mutants.append(
                Mutant(self._path, place.start.line, at, lines, not self._inside, self._whole, node, after)
            )
        return True

    def on_leave(self, original_node: libcst.CSTNode) -> None:
        self._inside -= original_node in self._bodies
        if isinstance(original_node, _STATEMENTS):
            self._begun.pop()

    def _place(self, node: libcst.CSTNode) -> CodeRange:
        place = self.get_metadata(PositionProvider, node)
        assert isinstance(place, CodeRange)
        return place


def _changes(node: libcst.CSTNode) -> Iterator[libcst.CSTNode]:
    for kind, operator in mutation_operators:
        if not isinstance(node, kind):
            continue
        made = list(operator(node))
        if operator is operator_string:
            # The first is another text; the others are the same one in another case.
            made = [] if isinstance(node, libcst.SimpleString) and " " in node.value else made[:1]
        yield from made
    if isinstance(node, libcst.Set) and len(node.elements) > 1:
        for place in range(len(node.elements)):
            yield node.with_changes(elements=[*node.elements[:place], *node.elements[place + 1 :]])
