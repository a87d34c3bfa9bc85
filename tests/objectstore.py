"""A real object storage with S3's interface for tests: SeaweedFS from its wheel, on the loopback interface."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.ports import free_ports

WEED = Path(sys.executable).with_name("weed")
KEYS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "tested-on-loopback"}
PATIENCE_SECONDS = 60


@contextmanager
def object_storage(folder: Path, *buckets: str) -> Iterator[str]:
    """A server that keeps its files in `folder`, with empty buckets (`pictures`, if none is named); its endpoint."""
    identity = {
        "name": "tester",
        "credentials": [{"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    data = folder / "data"
    data.mkdir()
    endpoint, command = _command(data, config)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            for bucket in buckets or ("pictures",):
                _make(endpoint, bucket, server)
            yield endpoint
        finally:
            # Asked politely, it waits half a minute for its own parts; nothing here is to be kept.
            server.kill()
            server.wait()


def _command(data: Path, config: Path) -> tuple[str, list[str]]:
    parts = [f"{part}.port" for part in ("master", "volume", "filer", "s3")]
    parts += [f"{part}.grpc" for part in parts]
    ports = dict(zip(parts, free_ports(len(parts)), strict=True))
    arguments = [f"-{name}={port}" for name, port in ports.items()]
    local = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}", "-volume.max=8", "-master.volumeSizeLimitMB=64"]
    # What has a port of its own unless it is told otherwise lets no second server start; and nobody is told of us.
    silent = ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
    command = [str(WEED), "server", "-s3", f"-s3.config={config}", *local, *silent, *arguments]
    return f"http://127.0.0.1:{ports['s3.port']}", command


def _make(endpoint: str, bucket: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server takes the bucket."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            client.create_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key="ready", Body=b"ready")
            client.delete_object(Bucket=bucket, Key="ready")
        except (BotoCoreError, ClientError):
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
