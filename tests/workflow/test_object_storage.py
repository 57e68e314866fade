"""Raw videos in object storage: a real S3 server, real Snakemake, and the same results as from a folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from wsstad.artefacts import storage

pytestmark = pytest.mark.workflow

BUCKET = "footage"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(address, monkeypatch):
    """A client of an empty bucket; whatever the test starts talks to the same server."""
    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=each["Key"])
    client.delete_bucket(Bucket=BUCKET)


def upload(client, folder: Path) -> None:
    for path in sorted(folder.glob("source/videos/*")):
        client.upload_file(str(path), BUCKET, f"demo/videos/{path.name}")


def use_bucket(workplace) -> None:
    dataset = {"tables": "tables", "source": "source", "videos": f"s3://{BUCKET}/demo"}
    workplace.configure(datasets={"small": dataset})


def digests(workplace) -> dict[str, str]:
    """Return what the frames of each video are; whatever follows goes by that alone."""
    paths = workplace.folder.glob("results/small/frames/manifests/*.tsv")
    return {row["video"]: row["digest"] for path in paths for row in storage.read_table(path)}


@pytest.mark.long
def test_the_same_frames_as_from_a_folder_then_nothing_then_what_was_replaced(workplace, client, finished):
    upload(client, workplace.folder)
    use_bucket(workplace)
    shutil.rmtree(workplace.folder / "source/videos")
    assert workplace.redo("--until", "link") == {"decode": [6, 6], "detect": [6, 6], "link": [6, 6]}
    assert digests(workplace) == digests(finished)
    assert not list(workplace.folder.glob(".snakemake/storage/**/*.mp4")), "what was fetched is removed again"

    assert workplace.redo("--until", "link") == {}
    first, second = sorted(finished.folder.glob("source/videos/*"))[:2]
    client.upload_file(str(second), BUCKET, f"demo/videos/{first.name}")
    assert workplace.redo("--until", "link") == {"decode": [1], "detect": [1], "link": [1]}
    assert digests(workplace) == {**digests(finished), first.stem: digests(finished)[second.stem]}


def test_a_corrupt_object_is_quarantined(workplace, client):
    upload(client, workplace.folder)
    first = sorted(workplace.folder.glob("source/videos/*"))[0]
    client.put_object(Bucket=BUCKET, Key=f"demo/videos/{first.name}", Body=first.read_bytes()[:2000])
    use_bucket(workplace)
    workplace.run("--until", "decode")
    rows = [
        row for path in workplace.folder.glob("results/small/frames/manifests/*") for row in storage.read_table(path)
    ]
    assert [row["video"] for row in rows if row["status"] == "quarantined"] == [first.stem]


def test_a_missing_object_is_named_before_any_job(workplace, client):
    upload(client, workplace.folder)
    first = sorted(workplace.folder.glob("source/videos/*"))[0]
    client.delete_object(Bucket=BUCKET, Key=f"demo/videos/{first.name}")
    use_bucket(workplace)
    output = workplace.fail()
    assert (
        f"wsstad: tables/videos.tsv: row 2: path: 'videos/{first.name}' of video '{first.stem}' is not under s3://{BUCKET}/demo"
        in output
    )


def test_a_store_that_reads_sources_again_is_refused(workplace, client):
    dataset = {"tables": "tables", "source": "source", "videos": f"s3://{BUCKET}/demo"}
    workplace.configure(datasets={"small": dataset}, decode={"store": "index"})
    assert "wsstad: config.yaml: datasets.small.videos: s3://footage/demo is fetched once" in workplace.fail()


def test_a_bucket_that_cannot_be_listed_is_one_line(workplace, client):
    workplace.configure(datasets={"small": {"tables": "tables", "source": "source", "videos": "s3://nowhere/demo"}})
    assert "wsstad: s3://nowhere/demo: An error occurred (NoSuchBucket)" in workplace.fail()
