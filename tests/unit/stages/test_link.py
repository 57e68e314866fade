import subprocess
import sys

import pytest

from support.linking import make_arrays, walk
from wsstad.artefacts import keys, manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.perception.linkers.iou import IouLinker
from wsstad.stages import link
from wsstad.structures.tubes import VideoTubes

VIDEOS = {"busy": walk(4, n=8), "empty": []}


@pytest.fixture
def run(tmp_path, repository):
    """Write detections of two good videos and a bad one, and return a function that links them."""
    write_detections(tmp_path, VIDEOS)
    storage.write_table(
        tmp_path / "shards.tsv",
        [{"video": v, "shard": "000"} for v in ("busy", "empty", "broken")],
        ["video", "shard"],
    )
    (tmp_path / "iou.yaml").write_text((repository / "config" / "linkers" / "iou.yaml").read_text())

    def run_link():
        link.main(
            [
                *("--shard-map", str(tmp_path / "shards.tsv"), "--shard", "000"),
                *("--manifest", str(tmp_path / "tubes/manifests/000.tsv")),
                *("--detections", str(tmp_path / "detections/manifests/000.tsv")),
                *("--linker", str(tmp_path / "iou.yaml")),
            ]
        )
        return manifest.read_manifest(tmp_path / "tubes/manifests/000.tsv")

    return run_link


def write_detections(folder, videos):
    rows = [Row("broken", "0" * 64, code="V104", reason="no frame can be decoded")]
    for video, frames in videos.items():
        key = keys.make_key("detections", code="", parameters={}, inputs={"video": video})
        artefact = Artefact(make_arrays(frames, n_frames=60, width=64, height=48), {"boxes": len(frames)})
        path = manifest.artefact_path(folder / "detections", video, key)
        digest = storage.write_artefact(path, artefact, kind="detections", key=key)
        rows.append(Row(video, key, digest, counts={"boxes": len(frames)}))
    manifest.write_manifest(folder / "detections/manifests/000.tsv", rows, ["boxes"])


def test_writes_tubes_and_counts_and_passes_the_quarantine_on(run):
    done = run()
    assert done.ok() == ["busy", "empty"]
    assert (done.rows["broken"].code, done.rows["broken"].reason) == ("V104", "no frame can be decoded")
    artefact = storage.read_artefact(done.path("busy"), kind="tubes")
    video = VideoTubes.from_arrays(artefact.arrays)
    kinds = [tube.kind for tube in video.tubes]
    expected = {"unary": kinds.count("unary"), "multivariate": kinds.count("multivariate"), "dropped": 0}
    assert done.rows["busy"].counts == expected
    assert min(expected["unary"], expected["multivariate"]) > 0
    assert done.rows["empty"].counts == {"unary": 0, "multivariate": 0, "dropped": 0}
    empty = VideoTubes.from_arrays(storage.read_artefact(done.path("empty"), kind="tubes").arrays)
    assert [tube.kind for tube in empty.tubes] == ["frame"] * 3
    assert (video.n_frames, video.width, video.height) == (60, 64, 48)


def test_second_run_computes_nothing_and_changes_no_byte(run, monkeypatch):
    files = {row: (path := run().path(row), path.read_bytes()) for row in ("busy", "empty")}
    table = (files["busy"][0].parent / "manifests/000.tsv").read_bytes()
    monkeypatch.setattr(IouLinker, "link", lambda *_: pytest.fail("computed again"))
    done = run()
    for video, (path, content) in files.items():
        assert done.path(video) == path
        assert path.read_bytes() == content
    assert (files["busy"][0].parent / "manifests/000.tsv").read_bytes() == table


def test_fresh_runs_give_the_same_bytes(run):
    first = run()
    content = first.path("busy").read_bytes()
    first.path("busy").unlink()
    assert run().path("busy").read_bytes() == content


def test_a_changed_setting_links_again_and_back_again_is_free(run, tmp_path, monkeypatch):
    before = run()
    text = (tmp_path / "iou.yaml").read_text()
    (tmp_path / "iou.yaml").write_text(text.replace("max_tubes: 200", "max_tubes: 2"))
    changed = run()
    assert changed.rows["busy"].key != before.rows["busy"].key
    assert changed.rows["busy"].counts["dropped"] == sum(before.rows["busy"].counts.values()) - 2
    (tmp_path / "iou.yaml").write_text(text)
    monkeypatch.setattr(IouLinker, "link", lambda *_: pytest.fail("computed again"))
    assert run().rows == before.rows


def test_only_videos_with_changed_detections_are_linked_again(run, tmp_path, monkeypatch):
    before = run()
    write_detections(tmp_path, {**VIDEOS, "empty": [(3, (0, 0, 4, 4), 0.5, 0)]})
    linked = []
    original = IouLinker.link

    def spy(self, arrays):
        linked.append(len(arrays["frame"]))
        return original(self, arrays)

    monkeypatch.setattr(IouLinker, "link", spy)
    after = run()
    assert linked == [1]
    assert after.rows["busy"] == before.rows["busy"]
    assert after.rows["empty"].digest != before.rows["empty"].digest


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("min_iou: 2", "min_iou"),
        ("min_iuo: 0.3", "unknown key 'min_iuo'"),
        ("type: magic", "allowed: identity, iou, motion"),
        ("kinds: [unary, octonary]", "octonary"),
    ],
)
def test_wrong_settings_stop_with_one_line(run, tmp_path, line, message):
    (tmp_path / "iou.yaml").write_text(f"type: iou\n{line}\n" if not line.startswith("type") else line)
    with pytest.raises(UserError, match=message) as error:
        run()
    assert "\n" not in str(error.value)


def test_tubes_do_not_need_torch_or_scipy(repository):
    code = (
        "import sys, numpy as np, wsstad.stages.link;"
        "from wsstad.perception.linkers import LINKERS;"
        "[linker.load() for linker in LINKERS.values()];"
        "sys.exit(bool({'torch', 'scipy', 'av', 'cv2'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository / "workflow", check=False)
    assert done.returncode == 0
