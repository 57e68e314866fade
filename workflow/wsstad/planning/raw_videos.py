"""Where the raw videos of a dataset lie: in a folder, or in object storage, whose listing is asked for once a plan.

Jobs read files. Objects become files of the same relative paths under `STORAGE` while the job that decodes them runs;
Snakemake's storage plugin fetches them, and removes them afterwards.
"""

import os
from functools import cached_property
from pathlib import Path

from wsstad.errors import UserError

SCHEME = "s3://"
FileState = tuple[str, int, int, int]  # path, size, mtime and inode
State = list[FileState] | tuple[list[str], int, str]  # of a video: its files, or its URLs, size and entity tag
STORAGE = Path(".snakemake/storage/s3")  # the plugin's local prefix


class Folder:
    """A folder of videos, each a file or a folder of images."""

    def __init__(self, root: str) -> None:
        self.name, self.root = root, Path(root)

    def holds(self, path: str) -> bool:
        """Tell whether there is a video at a path relative to the folder."""
        return (self.root / path).exists() or (self.root / path).is_symlink()

    def n_bytes(self, path: str) -> int:
        """Return the size of a video."""
        return sum(size for _, size, _, _ in state(self.root / path))

    def state(self, path: str) -> State:
        """Return what tells that a video may have changed."""
        return state(self.root / path)

    def urls(self, path: str) -> list[str]:
        """Return what has to be fetched before a job can read a video: nothing."""
        return []


class Bucket:
    """The objects below a prefix of a bucket, each a video file."""

    def __init__(self, url: str) -> None:
        self.name = self.url = url.rstrip("/")
        self.bucket, _, self.prefix = self.url.removeprefix(SCHEME).partition("/")
        self.root = STORAGE / self.bucket / self.prefix

    def holds(self, path: str) -> bool:
        """Tell whether there is an object at a path relative to the prefix."""
        return path in self._objects

    def n_bytes(self, path: str) -> int:
        """Return the size of an object."""
        return self._objects[path][0]

    def state(self, path: str) -> State:
        """Return size and entity tag of an object; its time would not tell that an older version was restored."""
        return self.urls(path), *self._objects[path]

    def urls(self, path: str) -> list[str]:
        """Return what has to be fetched before a job can read a video."""
        return [f"{self.url}/{path}"]

    @cached_property
    def _objects(self) -> dict[str, tuple[int, str]]:
        """Size and entity tag of every object, by its path relative to the prefix."""
        import boto3
        import botocore.exceptions

        below = f"{self.prefix}/" if self.prefix else ""
        try:
            pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=below)
            objects = [each for page in pages for each in page.get("Contents", [])]
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise UserError(f"{self.url}: {error}") from error
        return {each["Key"].removeprefix(below): (each["Size"], each["ETag"]) for each in objects}


RawVideos = Folder | Bucket


def find(root: str) -> RawVideos:
    """Return the raw videos below a folder or an URL such as ``s3://bucket/prefix``."""
    return Bucket(root) if root.startswith(SCHEME) else Folder(root)


def state(path: Path) -> list[FileState]:
    """Return path, size, mtime and inode of a file, or of every file in a folder."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [_state(file) for file in files]


def _state(file: Path) -> FileState:
    try:
        stat = file.stat()
    except OSError:  # a dangling link
        stat = file.lstat()
    # A file that can be read again has its old time and size: the inode counts while it can be read.
    return str(file), stat.st_size, stat.st_mtime_ns, stat.st_ino if os.access(file, os.R_OK) else 0
