"""What a run would do is told in words, and is what it then does."""

import re

import pytest

pytestmark = pytest.mark.workflow


def test_nothing(copy):
    assert copy.verb("why") == "nothing to do\n"


def test_a_change_is_named_with_all_that_follows(copy):
    copy.change("detectors", "motion", threshold=45)
    output = copy.verb("why")
    assert output == (
        "detect              2 jobs  12 of 12 videos to do\n"
        "    detector.threshold: 20 -> 45\n"
        "link                2 jobs  at most 12 of 12 videos to do\n"
        "extract_region      2 jobs  at most 12 of 12 videos to do\n"
        "audit               1 job\n"
        "train               1 job   at most 4 of 4 models to do\n"
        "describe            1 job\n"
        "    detector.threshold: 20 -> 45\n"
        "predict             1 job   at most 10 of 10 folds of runs to do\n"
        "evaluate            1 job\n"
        "tabulate_dataset    1 job\n"
        "tabulate            1 job\n"
        "illustrate          1 job\n"
        "report              1 job\n"
        "    variants.detectors/motion.yaml changed\n"
        "stays as it is: decode, extract_image, annotate\n"
    )
    assert copy.verb("why") == output, "to ask changes nothing"


def test_what_is_told_is_what_is_done(copy):
    copy.change("methods", "mgpr_tiny", learning_rate=0.001)
    copy.benchmark(seeds=[0, 1, 2])
    output = copy.verb("why")
    assert "methods.mgpr_tiny.learning_rate: 0.0005 -> 0.001" in output
    assert "seeds.mgpr_tiny: [0, 1] -> [0, 1, 2]" in output
    (models,) = re.findall(r"train .* (\d+) of 6 models to do", output)
    (predictions,) = re.findall(r"predict .* at most (\d+) of 12 folds of runs to do", output)
    done = copy.redo()
    assert done["train"] == [int(models)]
    assert done["predict"] == [int(predictions)]
    copy.change("methods", "mgpr_tiny", learning_rate=0.0005)
    assert "train               1 job   2 of 6 models to do" in copy.verb("why"), "four are still there"


def test_damage_and_data_are_told(copy):
    next(copy.folder.glob("results/small/tubes/motion/iou/v003.*.h5")).unlink()
    path = copy.folder / "source/annotations.tsv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    output = copy.verb("why")
    assert "link                1 job   1 of 12 videos to do\n    missing: it was removed, or was damaged\n" in output
    assert "annotate            1 job\n    annotations changed\n" in output
