"""Every kind of store keeps the same promises: a folder, and a bucket of a real object storage."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from provenance.verification import Verdict
from studio import blobs, pipeline, quarantine, stores
from studio.audit.integrity import problems
from studio.operations import health
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.quarantine import Kind
from studio.stores.bucket import Bucket
from tests.objectstore import KEYS, object_storage
from tests.studio.test_loop import released


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An object storage for this file's tests, and the keys to it where programs look for them."""
    with pytest.MonkeyPatch.context() as patch, object_storage(tmp_path_factory.mktemp("objects")) as endpoint:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield endpoint


@pytest.fixture(params=["folder", "bucket"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store is."""
    if request.param == "folder":
        return f"file://{tmp_path / 'store'}"
    return f"s3://pictures/{tmp_path.name}?endpoint={request.getfixturevalue('endpoint')}"


@pytest.fixture
def store(address: str) -> stores.Store:
    """An empty store."""
    return stores.at(address)


def test_what_is_kept_is_read_again_and_can_go(store: stores.Store) -> None:
    place = stores.Place(store, "ab/abcd")
    assert not place.exists()
    with pytest.raises(FileNotFoundError):
        place.read()
    with pytest.raises(FileNotFoundError):
        place.open()
    place.write(b"first")
    place.write(b"then")
    assert place.read() == b"then"
    with place.open() as stream:
        assert (stream.read(2), stream.seek(0), stream.read()) == (b"th", 0, b"then")
    place.remove()
    place.remove()
    assert not place.exists()


def test_a_large_file_is_taken_whole(store: stores.Store, tmp_path: Path) -> None:
    data = os.urandom(9 * 2**20)
    path = tmp_path / "large"
    path.write_bytes(data)
    store.take("la/rge", path)
    assert store.read("la/rge") == data
    with store.open("la/rge") as stream:
        assert stream.read() == data


def test_names_are_listed_by_how_they_begin(store: stores.Store) -> None:
    assert list(store.listed()) == []
    for name in ("pixels/a.1", "pixels/a.2", "pixels/ab", "lesson/a.1"):
        store.write(name, b"x")
    assert {found.name for found in store.listed("pixels/a.")} == {"pixels/a.1", "pixels/a.2"}
    assert {found.name for found in store.listed("pixels/")} == {"pixels/a.1", "pixels/a.2", "pixels/ab"}
    assert len(list(store.listed())) == 4
    assert all(abs(datetime.now(UTC) - found.written) < timedelta(minutes=1) for found in store.listed())


def test_the_same_bytes_are_one_file_and_altered_ones_an_error(address: str, settings: LazySettings) -> None:
    settings.STORAGE_URL = address
    sha256 = blobs.put(b"a picture")
    assert blobs.put(b"a picture") == sha256
    assert blobs.get(sha256) == b"a picture"
    later = datetime.now(UTC) + timedelta(hours=1)
    assert [stray.name for stray in blobs.strays(before=later)] == [f"{sha256[:2]}/{sha256}"]
    assert not list(blobs.strays(before=later - timedelta(hours=2)))
    blobs.blob(sha256).write(b"another")
    for ask in (blobs.get, blobs.opened):
        with pytest.raises(blobs.BlobError, match="altered"):
            ask(sha256)
    blobs.blob(sha256).remove()
    for ask in (blobs.get, blobs.opened):
        with pytest.raises(blobs.BlobError, match="missing"):
            ask(sha256)


@pytest.mark.django_db
def test_a_picture_goes_the_whole_way_through_a_bucket(
    endpoint: str, campaign: Campaign, sample: Sample, now: datetime, settings: LazySettings
) -> None:
    settings.STORAGE_URL = f"s3://pictures/signed?endpoint={endpoint}"
    settings.QUARANTINE_URL = f"s3://pictures/quarantine?endpoint={endpoint}"
    picture = released(campaign, sample, now)
    assert pipeline.verify(blobs.get(picture.release.sha256)).verdict == Verdict.OURS
    assert not list(quarantine.store().listed(f"{Kind.PIXELS}/"))
    assert not [one for one in problems(now=now) if picture.record in str(one)]
    assert "object storage answers" in str(list(health.signs()))


def test_a_storage_that_is_away_is_an_error_of_files() -> None:
    away = Bucket("pictures", endpoint="http://127.0.0.1:9")
    for ask in (away.has, away.read, away.remove, lambda name: away.write(name, b"x"), lambda _: away.free_bytes()):
        with pytest.raises(OSError, match="object storage"):
            ask("ab/abcd")


@pytest.mark.parametrize("address", ["ftp://host/folder", "file:relative", "s3:///prefix", "s3://bucket?key=secret"])
def test_an_address_of_no_store_is_refused(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"file:///folder|AWS_ACCESS_KEY_ID"):
        stores.at(address)
