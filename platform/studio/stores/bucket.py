"""A store that is a bucket of an object storage with S3's interface: Amazon's own, Ceph, Garage, MinIO, SeaweedFS.

Who may use it is found where every S3 program looks (`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a shared file,
the role of the machine); keys never stand in the address. An object appears whole or not at all, by S3's own terms.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import SplitResult, parse_qs

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from studio.faults import fault
from studio.stores.store import Stored

# Up to here what is read as a stream stays in memory.
SPOOLED_BYTES = 8 * 2**20
CONNECT_SECONDS = 5
READ_SECONDS = 20
ATTEMPTS = 3


class BucketError(OSError):
    """The object storage could not be reached, or refused."""


class Bucket:
    """Objects of one bucket whose keys begin with `prefix`."""

    def __init__(self, name: str, *, prefix: str = "", endpoint: str | None = None, region: str | None = None) -> None:
        self.bucket, self.prefix = name, prefix
        settings = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            s3={"addressing_style": "path" if endpoint else "auto"},
        )
        self._client = boto3.client("s3", endpoint_url=endpoint, region_name=region or "us-east-1", config=settings)

    @classmethod
    def of(cls, address: SplitResult) -> "Bucket":
        """The bucket of `s3://bucket/prefix?endpoint=…&region=…`. Raises ImproperlyConfigured for any other option."""
        options = {key: values[-1] for key, values in parse_qs(address.query).items()}
        endpoint, region = options.pop("endpoint", None), options.pop("region", None)
        if options or address.username:
            raise ImproperlyConfigured(
                "An s3:// address takes endpoint and region alone; keys come from AWS_ACCESS_KEY_ID and its like."
            )
        prefix = address.path.strip("/")
        return cls(address.netloc, prefix=f"{prefix}/" if prefix else "", endpoint=endpoint, region=region)

    def write(self, name: str, data: bytes) -> None:
        """Keep `data` as one object."""
        fault("blob before rename")
        with _told(name):
            self._client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=data)
        fault("blob after rename")

    def take(self, name: str, path: Path) -> None:
        """Upload a finished file, in parts where it is large; the object appears with the last of them."""
        with _told(name):
            self._client.upload_file(str(path), self.bucket, self.prefix + name)

    def read(self, name: str) -> bytes:
        """All bytes. Raises FileNotFoundError."""
        with _told(name):
            data: bytes = self._client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()
            return data

    def open(self, name: str) -> BinaryIO:
        """A copy of the object, in memory while it is small. Raises FileNotFoundError."""
        stream = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115  whoever asked closes it
        try:
            with _told(name):
                self._client.download_fileobj(self.bucket, self.prefix + name, stream)
        except OSError:
            stream.close()
            raise
        stream.seek(0)
        return cast("BinaryIO", stream)

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        try:
            with _told(name):
                self._client.head_object(Bucket=self.bucket, Key=self.prefix + name)
        except FileNotFoundError:
            return False
        return True

    def remove(self, name: str) -> None:
        """Delete the object, if it is there."""
        with _told(name):
            self._client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def listed(self, prefix: str = "") -> Iterator[Stored]:
        """Every object whose name begins so, a thousand a question."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + prefix)
        with _told(prefix):
            for page in pages:
                for found in page.get("Contents", ()):
                    yield Stored(found["Key"].removeprefix(self.prefix), found["LastModified"])

    def free_bytes(self) -> None:
        """Nobody's to say; but the bucket answers. Raises OSError."""
        with _told(""):
            self._client.head_bucket(Bucket=self.bucket)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Whatever S3 and its client say, as the OSError that a file would raise."""
    try:
        yield
    except ClientError as error:
        response: Any = error.response
        if response.get("ResponseMetadata", {}).get("HTTPStatusCode") == HTTPStatus.NOT_FOUND and name:
            raise FileNotFoundError(f"{name} is not in the object storage") from error
        raise BucketError(f"the object storage refused: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise BucketError(f"the object storage cannot be reached: {error}") from error
