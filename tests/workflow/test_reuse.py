"""Going back costs nothing, and variants side by side share all they can."""

import re

import pytest

from wsstad.artefacts import storage

pytestmark = pytest.mark.workflow

LAST = {"audit": 1, "train": [0], "describe": 1, "predict": [0], "evaluate": 1, "tabulate": 2}


def clips(copy, what: str = "region") -> tuple[int, int]:
    """Return how many clips the last extraction computed and how many it took over."""
    text = "".join(
        path.read_text() for path in sorted(copy.folder.glob(f"results/logs/extract/small/*/{what}/**/*.log"))
    )
    counts = [(int(a), int(b)) for a, b in re.findall(r"_features: (\d+) computed, (\d+) taken over", text)]
    return sum(a for a, _ in counts), sum(b for _, b in counts)


def regions(copy, detector: str = "motion") -> dict[str, set[tuple[str, bytes]]]:
    """Return video and name of the region of every clip that features are wanted of."""
    folder = copy.folder / f"results/small/features/narrow/region/{detector}/iou"
    rows = [row for path in sorted(folder.glob("manifests/*.tsv")) for row in storage.read_table(path)]
    paths = [(row["video"], folder / f"{row['video']}.{row['key'][:12]}.h5") for row in rows]
    arrays = [(video, storage.read_artefact(path, kind="region_features").arrays["hash"]) for video, path in paths]
    return {(video, name.tobytes()) for video, names in arrays for name in names}


@pytest.mark.long
def test_another_detector_and_back(copy):
    before = copy.tables()
    copy.change("detectors", "motion", threshold=45)
    assert copy.redo()["detect"] == [6, 6]
    assert copy.tables() != before
    copy.change("detectors", "motion", threshold=20)
    assert copy.redo() == {"detect": [0, 0], "link": [0, 0], "region": [0, 0], **LAST}
    assert copy.tables() == before


@pytest.mark.long
def test_another_linker_extracts_only_the_clips_whose_boxes_changed(copy):
    before = regions(copy)
    copy.change("linkers", "iou", min_iou=0.5)
    copy.redo()
    after = regions(copy)
    computed, taken_over = clips(copy)
    assert computed == len(after - before)
    assert taken_over > 0
    assert computed + taken_over <= len(after)  # videos whose tubes are the same were not even looked into


@pytest.mark.long
@pytest.mark.whole
def test_two_detectors_and_two_extractors_share_all_they_can(copy):
    before, (earlier, _) = regions(copy), clips(copy)  # the logs of the chain that was there stay as they are
    copy.variant("detectors", "keen", {"type": "motion", "max_detections": 1})
    copy.variant("extractors", "other", {"type": "c3d", "seed": 1, "width": 4, "batch": 4})
    copy.benchmark(detectors=["motion", "keen"], extractors=["narrow", "other"])
    done = copy.redo("--cores", "1")  # side by side, two jobs may come upon the same region at once
    assert "decode" not in done
    assert done["detect"] == done["link"] == [6, 6], "those of the new detector"
    assert done["image"] == [6, 6], "those of the new extractor"
    assert sorted(done["region"]) == [6] * 6, "one of the four chains was there"
    assert done["train"] == [4, 4, 4]
    wanted = before | regions(copy, "keen")
    # For each extractor a region is computed once, whichever detector it comes from.
    computed, taken_over = clips(copy)
    assert computed - earlier == len(wanted - before) + len(wanted)
    assert taken_over > 0
