"""What names say of labels."""

import pytest

from wsstad.planning.drafts.labels import label_names


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["normal", "abnormal"], {"normal": "normal", "abnormal": "abnormal"}),
        (["fight", "noFight"], {"fight": "abnormal", "noFight": "normal"}),
        (["Violence", "NonViolence"], {"Violence": "abnormal", "NonViolence": "normal"}),
        (["nonviolence", "violence"], {"violence": "abnormal", "nonviolence": "normal"}),
        (
            ["Training_Normal_Videos_Anomaly", "Abuse"],
            {"Training_Normal_Videos_Anomaly": "normal"},
        ),
        (["not_normal", "normal"], {"not_normal": "abnormal", "normal": "normal"}),
        (["non-anomalous"], {"non-anomalous": "normal"}),
        (["cam1", "cam0", "1", "0"], {}),
        (["nothing", "thing"], {"nothing": "normal", "thing": "abnormal"}),
        (["north", "south"], {}),
    ],
)
def test_a_name_says_a_label_by_its_words_or_as_the_contrary_of_another(names, labels):
    assert label_names(names) == labels
