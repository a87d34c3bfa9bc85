"""A report as a document that a lay person can follow: a cover, a page or two for each picture, and how to check it.

What is for those who verify stands small at the end of each picture; the rest is in sentences. Words in any script are
set from right to left where they read so; a letter that none of the fonts has is shown as a box.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studio import blobs, pipeline
from studio.audit.dossiers import Dossier, dossier, find_pictures
from studio.audit.models import Report
from studio.audit.reporting import pictures_in
from studio.audit.selecting import in_words, names_in
from studio.audit.story import Event, Facts
from studio.templatetags.stamps import state as stands
from studio.wording import credentials

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS = Path(__file__).with_name("fonts")
FALLBACKS = ("NotoSansArabic", "NotoSansDevanagari", "NotoSansBengali", "NotoSansEthiopic")
INK, QUIET, RULE, SEAL = (27, 25, 23), (92, 86, 78), (217, 212, 201), (185, 45, 22)
MARGIN_MM, WIDTH_MM, PICTURE_MM, PROOF_MM = 20.0, 170.0, 105.0, 24.0
LONGEST_SIDE = 1200
JPEG_QUALITY = 88


def compose(report: Report, *, at: datetime, tell: Callable[[int], None]) -> bytes:
    """The document, not yet signed; `tell` hears how many pictures are in it. Raises ProvenanceError."""
    page = Sheet(report, at=at)
    page.cover()
    keys = list(pictures_in(report).values_list("pk", flat=True))
    for number, key in enumerate(keys, start=1):
        for picture in find_pictures([key]):
            page.picture(dossier(picture), number=number, of=len(keys))
        tell(number)
    page.how_to_check()
    return page.done()


class Sheet:
    """A document while it is laid out."""

    def __init__(self, report: Report, *, at: datetime) -> None:
        self._report, self._at = report, at
        self._pdf = _blank(report)

    def done(self) -> bytes:
        """The document's bytes."""
        return bytes(self._pdf.output())

    def cover(self) -> None:
        """What this is, who made it, what it is over, and how to read it."""
        report, pdf = self._report, self._pdf
        pdf.add_page()
        pdf.set_y(52)
        self._seal()
        self._line(report.organisation.name, size=12, colour=QUIET)
        self._line(_("Provenance report"), size=30, bold=True, after=4)
        said = ngettext("About %(n)d picture that was made with artificial intelligence.",
                        "About %(n)d pictures that were made with artificial intelligence.", report.total)  # fmt: skip
        self._line(said % {"n": report.total}, size=13, after=8)
        names = names_in(report.organisation)
        chosen = in_words(report.scope, names) or [(_("Selection"), _("everything on record"))]
        self._facts(
            [
                (_("Made on"), _moment(self._at)),
                *chosen,
                (_("Shows"), str(Report.Level(report.level).label)),
                (_("Report"), str(report.pk)),
                (_("Ledger"), _("%(log)s, up to entry %(n)d") % {"log": report.organisation.log, "n": report.until}),
            ],
            size=10,
        )
        pdf.ln(8)
        self._heading(_("How to read it"))
        for words in _reading(report):
            self._line(words, size=10.5, after=2.5)

    def picture(self, found: Dossier, *, number: int, of: int) -> None:
        """One picture: itself, its story in sentences, and what verifiers need."""
        pdf, public = self._pdf, self._report.level == Report.Level.PUBLIC
        pdf.add_page()
        self._line(_("Picture %(number)d of %(of)d") % {"number": number, "of": of}, size=9, colour=QUIET)
        title = _("AI-generated picture") if public else found.picture.job.campaign.name
        self._line(title, size=18, bold=True, after=1)
        self._line(stands(found.picture.state), size=11, bold=True, colour=SEAL, after=3)
        self._image(found)
        self._heading(_("What happened"))
        for event in found.events:
            if event.public or not public:
                self._event(event, found)
        self._credentials(found)
        self._heading(_("Digests (SHA-256)"))
        self._facts(found.hashes if not public else [one for one in found.hashes if one[1] == found.file], size=7)
        if found.fault:
            self._line(found.fault, size=9, colour=SEAL)
        self._proofs([event for event in found.events if event.public or not public])

    def how_to_check(self) -> None:
        """What somebody who trusts nobody can do with this document."""
        self._pdf.add_page()
        self._line(_("How to check this report"), size=18, bold=True, after=4)
        organisation = self._report.organisation
        for words in _checking(organisation.name):
            self._line(words, size=10.5, after=3)
        self._heading(_("Public keys to compare with"))
        facts = [(_("Root of trust (SHA-256)"), root) for root in pipeline.root_fingerprints()]
        facts += [(_("Checkpoint key"), key) for key in pipeline.checkpoint_vkeys(organisation.log)]
        self._facts(facts, size=8)
        if note := pipeline.last_checkpoint(organisation.log):
            self._heading(_("The log’s last signed checkpoint"))
            self._line(note, size=7.5, colour=QUIET)

    def _event(self, event: Event, found: Dossier) -> None:
        pdf, level = self._pdf, self._report.level
        if pdf.will_page_break(16):
            pdf.add_page()
        who = "" if level == Report.Level.PUBLIC else event.who
        if who and level == Report.Level.FULL and (name := dict(found.people).get(who)):
            who = f"{who} ({name})"
        head = " · ".join(filter(None, [_moment(event.at), who]))
        self._line(head, size=8, colour=QUIET)
        self._line(event.what, size=10.5, bold=True, after=0.5)
        told = event.told if level != Report.Level.PUBLIC or event.stamp == "WITHDRAWN" else ()
        for words in told:
            self._line(words, size=9.5)
        if event.witness:
            self._line(_("Ledger entry %(n)d") % {"n": event.witness.entry.sequence}, size=8, colour=QUIET)
        pdf.ln(2.5)

    def _credentials(self, found: Dossier) -> None:
        if found.credentials:
            self._heading(_("What the credentials in its files say"))
        for name, one in found.credentials:
            stamped = _("time-stamped %(at)s by %(who)s") % {"at": one.stamped_at, "who": one.stamped_by}
            facts = [
                (_("Title"), one.title),
                (_("State"), f"{credentials.integrity(one.integrity)}; {credentials.signer(one.signer)}"),
                (_("Signed by key"), one.key_id),
                (_("When"), stamped if one.stamped_at else _("no time-stamp")),
                (_("Kind"), credentials.source(one.source_type)),
                (_("Actions"), ", ".join(map(credentials.action, one.actions))),
                (_("Manifest"), one.manifest_id),
            ]
            self._line(name, size=9.5, bold=True)
            self._facts(facts if self._report.level != Report.Level.PUBLIC else facts[1:], size=7.5)

    def _proofs(self, events: Sequence[Event]) -> None:
        """Each entry's place, leaf, and path to the root of the checkpoint."""
        witnesses = [event.witness for event in events if event.witness]
        if witnesses:
            self._heading(_("Ledger entries and their proofs"))
        for witness in witnesses:
            if self._pdf.will_page_break(PROOF_MM):
                self._pdf.add_page()
            entry, proof = witness.entry, witness.proof
            facts = [(_("Entry %(n)d") % {"n": entry.sequence}, str(entry.entry_id)), (_("Leaf"), entry.leaf)]
            if proof is None:
                facts.append((_("Proof"), _("no signed checkpoint covers it yet")))
            else:
                facts.append((_("Root of %(n)d entries") % {"n": proof.size}, proof.root))
                facts.append((_("Path"), " ".join(proof.steps)))
            self._facts(facts, size=6.5)

    def _image(self, found: Dossier) -> None:
        try:
            data, (width, height) = _reduced(blobs.get(found.file))
        except blobs.BlobError as error:
            self._line(str(error), size=10, colour=SEAL)
            return
        scale = min(WIDTH_MM / width, PICTURE_MM / height)
        request = found.picture.review_requests.order_by("-at").first()
        alt = request.alt_text if request else found.picture.record
        self._pdf.image(io.BytesIO(data), w=width * scale, h=height * scale, alt_text=alt)
        self._pdf.ln(3)

    def _heading(self, words: str) -> None:
        pdf = self._pdf
        if pdf.will_page_break(24):
            pdf.add_page()
        pdf.ln(3)
        pdf.set_draw_color(*RULE)
        pdf.line(MARGIN_MM, pdf.get_y(), MARGIN_MM + WIDTH_MM, pdf.get_y())
        pdf.ln(2)
        self._line(words, size=12, bold=True, after=1.5)

    def _line(
        self, words: str, *, size: float, bold: bool = False, colour: tuple[int, int, int] = INK, after: float = 0
    ) -> None:
        pdf = self._pdf
        pdf.set_font("NotoSans", "B" if bold else "", size)
        pdf.set_text_color(*colour)
        pdf.multi_cell(WIDTH_MM, size * 0.5, words, align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(after)

    def _facts(self, facts: Facts, *, size: float) -> None:
        """Names and values in two columns; a value of any length wraps, by letters where it has no spaces."""
        pdf, column = self._pdf, 44.0
        for name, value in facts:
            if pdf.will_page_break(size * 1.2):
                pdf.add_page()
            top = pdf.get_y()
            pdf.set_font("NotoSans", "", size)
            pdf.set_text_color(*QUIET)
            pdf.multi_cell(column - 3, size * 0.52, str(name), align="L", new_x="LMARGIN", new_y="NEXT")
            lower, pages = pdf.get_y(), pdf.page
            pdf.set_xy(MARGIN_MM + column, top)
            pdf.set_text_color(*INK)
            pdf.multi_cell(
                WIDTH_MM - column,
                size * 0.52,
                str(value),
                align="L",
                wrapmode=_wrap(value),
                new_x="LMARGIN",
                new_y="NEXT",
            )
            if pdf.page == pages:
                pdf.set_y(max(lower, pdf.get_y()))
            pdf.ln(0.6)

    def _seal(self) -> None:
        pdf = self._pdf
        pdf.set_fill_color(*SEAL)
        pdf.ellipse(MARGIN_MM, 26, 16, 16, style="F")
        pdf.set_draw_color(255, 248, 245)
        pdf.ellipse(MARGIN_MM + 1.6, 27.6, 12.8, 12.8, style="D")
        pdf.set_fill_color(255, 248, 245)
        for x, y, width, height in ((5.8, 4.6, 4.4, 1.1), (7.2, 4.6, 1.6, 6.8), (5.8, 10.3, 4.4, 1.1)):
            pdf.rect(MARGIN_MM + x, 26 + y, width, height, style="F")


def _wrap(value: str) -> Any:
    """A digest has no place to break at."""
    return "CHAR" if " " not in str(value) else "WORD"


def _moment(at: datetime) -> str:
    return f"{formats.date_format(at, 'j F Y, H:i')} UTC"


def _reduced(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """A picture small enough for paper; its credentials are not in the copy, as the report says."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB")
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=JPEG_QUALITY)
        return buffer.getvalue(), small.size


def _blank(report: Report) -> FPDF:
    """An empty document with its fonts, its margins and, at the foot of each page, what it is and its number."""
    from fpdf import FPDF

    class Pages(FPDF):
        def footer(self) -> None:
            self.set_y(-14)
            self.set_font("NotoSans", "", 7.5)
            self.set_text_color(*QUIET)
            self.cell(WIDTH_MM * 0.8, 5, f"{report.organisation.name} · {_('Provenance report')} {str(report.pk)[:8]}")
            self.cell(WIDTH_MM * 0.2, 5, f"{self.page_no()} / {{nb}}", align="R")

    pdf = Pages(format="A4")
    pdf.set_margins(MARGIN_MM, 18, MARGIN_MM)
    pdf.set_auto_page_break(True, 20)
    pdf.add_font("NotoSans", "", FONTS / "NotoSans-Regular.ttf")
    pdf.add_font("NotoSans", "B", FONTS / "NotoSans-Bold.ttf")
    for name in FALLBACKS:
        pdf.add_font(name, "", FONTS / f"{name}-Regular.ttf")
    pdf.set_fallback_fonts(list(FALLBACKS), exact_match=False)
    pdf.set_text_shaping(True)
    pdf.set_title(f"{_('Provenance report')}, {report.organisation.name}")
    pdf.set_author(report.organisation.name)
    pdf.set_creator("Imprimatur")
    pdf.set_lang("en")
    return pdf


def _reading(report: Report) -> Iterator[str]:
    yield _(
        "Each picture has its own pages. First comes the picture, then what happened to it, one step after another, in"
        " plain words. What stands small below is for people and programs that want to check it."
    )
    yield _(
        "Every step that matters was written into a ledger when it happened. Nothing in it can be changed or taken out"
        " afterwards without that showing; the numbers of its entries stand beside the steps."
    )
    yield _(
        "“Not screened” means that nothing was able to judge the picture in that respect. It never means that it"
        " passed."
    )
    yield _(
        "The pictures printed here are copies on paper. Their credentials are in the original files, which can be"
        " checked on the organisation’s check page, or with the offline pack of the same selection."
    )


def _checking(name: str) -> Iterator[str]:
    yield _(
        "1. Open this file in a program that shows digital signatures. It must say that the document was signed by"
        " %(name)s and has not been changed since. Such programs know only the authorities on their own lists: compare"
        " the root of trust below with what the organisation publishes elsewhere, then tell the program to trust it."
    ) % {"name": name}
    yield _(
        "2. Take a picture’s original file to the organisation’s check page. It says whether that very file was"
        " released and is still in force. Compare the file’s SHA-256 with the digest in this report."
    )
    yield _(
        "3. Ask for the offline pack of the same pictures. It holds the files, the ledger’s entries, the proofs and one"
        " script that checks all of it on a computer without a network. It needs nothing of this product."
    )
    yield _(
        "4. To check an entry by hand: hash the byte 0 and the entry’s bytes with SHA-256, that is the leaf; then go up"
        " the path as RFC 9162, section 2.1.3, says. The result must be the root in a checkpoint that the log’s key"
        " signed."
    )
    yield _(
        "This report was itself entered in the ledger when it was made, with its digest. It shows what is on record;"
        " it is no judgement about whether the pictures are good, true or lawful."
    )
