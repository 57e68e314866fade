import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings

from support import cvat_schema
from support import tracks as made
from wsstad.artefacts.exchange import cvat
from wsstad.errors import UserError

BOX = '<box frame="{}" outside="{}" occluded="0" keyframe="{}" xtl="{}" ytl="20" xbr="{}" ybr="60" z_order="0"></box>'


def box(frame, outside=0, keyframe=1, x=10):
    return BOX.format(frame, outside, keyframe, x, x + 20)


def document(*boxes, head="", attributes='id="7" label="car" source="manual"'):
    track = f"\n<track {attributes}>" + "\n".join(boxes) + "</track>"
    return cvat_schema.DOCUMENT.format(head or cvat_schema.task(), track)


def read(folder, text, name="v.xml"):
    (folder / name).write_text(text)
    return cvat.read(folder)


def test_boxes_outside_are_none_and_end_a_run(tmp_path):
    (video,) = read(tmp_path, document(box(3), box(4), box(5, outside=1), box(8), box(9, outside=1)))
    (track,) = video.tracks
    assert (video.video, track.name, track.label) == ("v", "7", "car")
    assert track.frames.tolist() == [3, 4, 8]
    assert track.boxes[0].tolist() == [10, 20, 30, 60]
    assert track.place(1) == f"{tmp_path}/v.xml: line 3"


def test_between_key_frames_boxes_are_interpolated_also_towards_one_outside(tmp_path):
    (video,) = read(tmp_path, document(box(0), box(4, x=18), box(6, outside=1, x=20)))
    (track,) = video.tracks
    assert track.frames.tolist() == [0, 1, 2, 3, 4, 5]
    assert track.boxes[:, 0].tolist() == [10, 12, 14, 16, 18, 19]
    assert track.observed.tolist() == [True, False, False, False, True, False]


def test_nothing_is_made_up_after_the_last_box(tmp_path):
    (video,) = read(tmp_path, document(box(3), head=cvat_schema.task(size=50)))
    assert (video.n_frames, video.tracks[0].frames.tolist()) == (50, [3])


def test_boxes_that_are_no_key_frames_were_not_drawn(tmp_path):
    (video,) = read(tmp_path, document(box(0), box(1, keyframe=0, x=11), box(2, x=12)))
    assert video.tracks[0].observed.tolist() == [True, False, True]


def test_a_single_file_names_its_video_and_a_project_several(tmp_path):
    task = cvat_schema.task
    (tmp_path / "annotations.xml").write_text(document(box(0), head=task(4, source="cam1.mp4")))
    (video,) = cvat.read(tmp_path / "annotations.xml")
    assert (video.video, video.size) == ("cam1", (100, 80))
    tasks = task(4, source="cam1.mp4") + task(5, source="cam2.mp4")
    head = f"<project><id>1</id><name>p</name><tasks>{tasks}</tasks></project>"
    (tmp_path / "annotations.xml").write_text(document(box(2), head=head, attributes='id="0" label="a" task_id="5"'))
    read_videos = cvat.read(tmp_path / "annotations.xml")
    assert [(v.video, len(v.tracks)) for v in read_videos] == [("cam1", 0), ("cam2", 1)]
    (tmp_path / "annotations.xml").write_text(document(box(2), head=head, attributes='id="0" label="a" task_id="6"'))
    with pytest.raises(UserError, match=r"track 0: task_id '6'; allowed: 4, 5"):
        cvat.read(tmp_path / "annotations.xml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (document(box(0), box(1, outside=2)), "line 3: outside '2'; allowed: 0, 1"),
        (document(box(0), box("x")), "line 3: frame 'x'; allowed: a number"),
        (document(box(0), box(1).replace("xtl", "left")), "line 3: <box> has no 'xtl'"),
        (document(box(0), box(1).replace('ybr="60"', 'ybr="20"')), "line 3: box 10 20 30 20; allowed: finite"),
        (document(box(0), box(0)), "line 3: track '7' has two boxes in frame 0"),
        (document(box(0), '<polygon frame="1"/>'), "line 3: <polygon> in a track; allowed: <box>"),
        (document(box(0), box(1).replace("<box", '<box rotation="12.5"')), "line 3: a box turned by 12.5 degrees"),
        (document(box(0), attributes='id="7"'), "line 2: <track> has no 'label'"),
        ("<annotations>\n<image/></annotations>", "line 2: <image>: this is CVAT for images"),
        ("<dataset/>", "line 1: <dataset>; allowed: <annotations> of CVAT"),
        ("<annotations>", "not XML: no element found"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]><annotations/>', "line 1: a document type; allowed: none"),
    ],
)
def test_a_bad_line_is_named(tmp_path, text, message):
    with pytest.raises(UserError, match=r"v\.xml: ") as error:
        read(tmp_path, text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


SIDES = ("xtl", "ytl", "xbr", "ybr")


def shown_by_cvat(path):
    """Return what CVAT shows after an import: it keeps key-frames alone, and draws lines between them."""
    shown = {}
    root = ElementTree.parse(path).getroot()  # noqa: S314 - our own file
    n_frames = int(root.findtext("meta/task/size"))
    for track in root.iter("track"):
        keys = [listed for listed in track.findall("box") if listed.get("keyframe") == "1"]
        corners = [np.array([float(listed.get(name)) for name in SIDES]) for listed in keys]
        frames = [int(listed.get("frame")) for listed in keys]
        for k, key in enumerate(keys):
            stop = frames[k + 1] if k + 1 < len(keys) else n_frames
            after = corners[k + 1] if k + 1 < len(keys) else corners[k]
            for frame in range(frames[k], stop if key.get("outside") == "0" else frames[k]):
                share = (frame - frames[k]) / (stop - frames[k])
                shown[track.get("id"), frame] = (1 - share) * corners[k] + share * after
    return shown


@settings(max_examples=40)
@given(made.videos())
def test_what_is_written_is_valid_and_cvat_shows_the_same_boxes(tmp_path_factory, videos):
    folder = tmp_path_factory.mktemp("cvat")
    for video, path in zip(videos, cvat.write(folder, videos), strict=True):
        assert cvat_schema.errors(path) == []
        root = ElementTree.parse(path).getroot()  # noqa: S314 - our own file
        assert int(root.findtext("meta/task/stop_frame")) == max(int(root.findtext("meta/task/size")) - 1, 0)
        assert {track.find("box").get("outside") for track in root.iter("track")} <= {"0"}
        shown = shown_by_cvat(path)
        expected = {
            (track.name, frame): track.boxes[i]
            for track in video.tracks
            for i, frame in enumerate(track.frames.tolist())
        }
        assert shown.keys() == expected.keys()
        for place, corners in expected.items():
            np.testing.assert_allclose(shown[place], corners, atol=0.051)


def test_a_union_that_is_no_straight_line_is_made_of_key_frames(tmp_path):
    boxes = [[0, 0, 9, 9], [5, 0, 9, 9], [6, 0, 9, 9]]
    track = made.track("1", [0, 1, 2], boxes, observed=[True, False, True])
    (path,) = cvat.write(tmp_path, [made.VideoTracks("v", (track,), made.SIZE, 5)])
    assert path.read_text().count('keyframe="1"') == 4
    (again,) = cvat.read(tmp_path)
    assert again.tracks[0].observed.tolist() == [True, False, True]


ENDED = (box(3), box(4), box(5, outside=1))


def test_the_files_of_these_tests_are_valid(tmp_path):
    for text in (document(*ENDED), document(*ENDED, head=cvat_schema.task(4, source="cam1.mp4"))):
        (tmp_path / "v.xml").write_text(text)
        assert cvat_schema.errors(tmp_path / "v.xml") == []


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("</annotations>", "", "not XML: no element found"),
        ("<annotations>", "<annotations><version>1.1</version>", "/annotations: holds version version meta track;"),
        ("<version>1.1<", "<version>1.0<", "annotations/version: text is '1.0'"),
        ("<mode>interpolation<", "<mode>annotation<", "task/mode: text is 'annotation'"),
        ("<size>50<", "<size>many<", "task/size: text is 'many'"),
        ("<overlap>0</overlap>", "", "meta/task: holds id name size mode bugtracker"),
        ("<flipped>False<", "<flipped>no<", "task/flipped: text is 'no'"),
        ("<bugtracker></bugtracker>", "<bugs></bugs>", "task/bugs: unknown element"),
        ("<width>100<", "<width>100.5<", "original_size/width: text is '100.5'"),
        ("<attributes></attributes>", "", "labels/label: holds name;"),
        ("<attributes></attributes>", "<attributes>score</attributes>", "label/attributes: text between elements"),
        ("<name>car<", "<name>bus<", "track 7: label car is not declared"),
        ('source="manual"', 'source="us"', "annotations/track: source is 'us'"),
        ('id="7"', 'id="seven"', "annotations/track: id is 'seven'"),
        ('id="7"', 'id="7" colour="red"', "annotations/track: unknown attribute colour"),
        (' keyframe="1"', "", "track/box: no attribute keyframe"),
        (' occluded="0"', ' occluded="no"', "track/box: occluded is 'no'"),
        ('frame="3"', 'frame="3.5"', "track/box: frame is '3.5'"),
        ('xtl="10"', 'xtl="nan"', "track/box: xtl is 'nan'"),
        ('xtl="10"', 'xtl="30"', "track 7: frame 3: no area"),
        ('keyframe="1"', 'keyframe="0"', "track 7: the first box is no key-frame"),
        ('frame="4"', 'frame="3"', "track 7: frame 3 after 3"),
        ('frame="3"', 'frame="2"', "track 7: frames 3 to 3 are left out, and the track is not outside"),
        ('frame="5" outside="1"', 'frame="5" outside="0"', "track 7: it ends at frame 5 of 50 without a box outside"),
        ("<size>50<", "<size>5<", "track 7: frame 5 of 5"),
        (
            "</box>",
            '<attribute name="score">1</attribute></box>',
            "track 7: frame 3: other attributes than the label's",
        ),
        ("</box>", "</box><polygon/>", "annotations/track: holds box polygon box box;"),
        ("</meta>", "</meta><image/>", "/annotations: holds version meta image track;"),
    ],
)
def test_the_validator_refuses(tmp_path, before, after, message):
    text = document(*ENDED)
    assert before in text
    (tmp_path / "v.xml").write_text(text.replace(before, after, 1))
    assert [error for error in cvat_schema.errors(tmp_path / "v.xml") if message in error]


def test_the_validator_refuses_a_track_twice(tmp_path):
    text = document(*ENDED)
    (track,) = re.findall("<track.*</track>", text, re.DOTALL)
    (tmp_path / "v.xml").write_text(text.replace(track, 2 * track))
    assert cvat_schema.errors(tmp_path / "v.xml") == ["track 7: twice"]
