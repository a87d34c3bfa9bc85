"""`python -m tests.e2e.tour --out docs/tour`: fills an organisation, photographs it, writes the pictures and the page.

    python -m tests.e2e.tour --out docs/tour
    python -m tests.e2e.tour --out /tmp/tour --var /tmp/tour-var --only genuine --only record

The page is written beside the folder, docs/tour.md. `--var` keeps the organisation for another time; making it takes
the starter model a few minutes.
"""

import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    """Parse, fill, photograph, write. Exit status 1 when a page complained or the tour is too large."""
    parser = ArgumentParser(
        prog="python -m tests.e2e.tour", description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of the pictures")
    parser.add_argument("--var", type=Path, help="the organisation's folder, kept; by default one that is thrown away")
    parser.add_argument("--only", action="append", default=[], help="only this stop; the page is left as it is")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as thrown_away:
        return _tour(asked, asked.var or Path(thrown_away) / "var")


def _tour(asked: Namespace, var: Path) -> int:
    environment = {"VAR_DIR": str(var.resolve()), "SWEEP_SECONDS": "1"}
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="studio.settings", DJANGO_ALLOW_ASYNC_UNSAFE="true")
    sys.path.append(str(ROOT / "platform"))
    import django

    django.setup()
    from studio.operations.installation import prepare
    from studio.operations.processes import Processes
    from tests.e2e.tour.page import MOST_BYTES
    from tests.e2e.tour.world import Day
    from tests.ports import free_port

    empty = not (var / "filled").exists()
    prepare()
    port = free_port()
    with Processes(var / "logs", {**environment, "DJANGO_ALLOW_ASYNC_UNSAFE": ""}) as processes:
        # Before anybody is at work: the organisation's keys are made by whoever comes first.
        day = Day(processes)
        for role in ("control", "generate", "train"):
            processes.start(role)
        processes.start_signing()
        processes.start("web", "--port", str(port))
        if empty:
            day.work()
            (var / "filled").touch()
        faults = _photograph(f"http://127.0.0.1:{port}", asked.out, asked.only)
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    size = sum(file.stat().st_size for file in asked.out.glob("*.webp"))
    sys.stdout.write(f"{len(list(asked.out.glob('*.webp')))} pictures, {size / 1e6:.2f} MB\n")
    return int(bool(faults) or size > MOST_BYTES)


def _photograph(address: str, out: Path, only: list[str]) -> list[str]:
    from playwright.sync_api import sync_playwright

    from tests.e2e.conftest import await_answer
    from tests.e2e.tour.camera import Camera
    from tests.e2e.tour.page import written
    from tests.e2e.tour.stops import TOUR
    from tests.e2e.tour.world import find

    await_answer(f"{address}/robots.txt")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    wanted = [stop for stops in TOUR.values() for stop in stops if not only or stop.name in only]
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        camera = Camera(browser, address, find())
        for stop in wanted:
            sys.stdout.write(f"  {stop.name}\n")
            sys.stdout.flush()
            camera.take(stop, out)
        browser.close()
    if not only:
        names = {stop.name for stop in wanted}
        for stray in out.glob("*.webp"):
            if stray.stem not in names:
                stray.unlink()
        out.with_suffix(".md").write_text(written(out.name), encoding="utf-8")
    return camera.faults


if __name__ == "__main__":
    sys.exit(main())
