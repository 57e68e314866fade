"""CVAT for video 1.1, as CVAT's documentation describes it ("XML annotation format", version 1.1, Interpolation).

A strict validator: elements in the documented order, no element, attribute or text beyond it, values of the documented
types, and what the text beside it asks for. `start_frame`, `stop_frame`, `frame_filter`, `subset`, `assignee` and
`source` of a task, and `type` and `color` of a label, are not on the page, but CVAT writes them. What CVAT alone can
know (dates, the owner, segments of a task) may be left out. Boxes alone: we write no other shape.
"""

import itertools
import re
from collections import Counter
from xml.etree import ElementTree

WHOLE, FLOAT, FLAG, BOOLEAN = r"\d+", r"-?\d+(\.\d+)?", "[01]", "True|False|true|false"
WORD, TEXT = r"(?s).*\S.*", r"(?s).*"
# Parent and tag of an element with children -> their order, as in a document type.
CHILDREN = {
    "/annotations": "version meta track*",
    "annotations/meta": "task dumped?",
    "meta/task": (
        "id name size mode overlap bugtracker flipped? created? updated? subset? start_frame? stop_frame? "
        "frame_filter? labels segments? owner? assignee? original_size source?"
    ),
    "task/labels": "label*",
    "labels/label": "name color? type? attributes",
    "label/attributes": "attribute*",
    "attributes/attribute": "name mutable input_type default_value values",
    "task/segments": "segment*",
    "segments/segment": "id start stop url",
    "task/owner": "username email",
    "task/assignee": "username email",
    "task/original_size": "width height",
    "annotations/track": "box*",
    "track/box": "attribute*",
}
# Parent and tag of an element with text -> what the text is.
TEXTS = {
    "annotations/version": r"1\.1",
    "meta/dumped": WORD,
    **{f"task/{tag}": WHOLE for tag in ("id", "size", "overlap", "start_frame", "stop_frame")},
    **{f"task/{tag}": TEXT for tag in ("bugtracker", "subset", "frame_filter")},
    **{f"task/{tag}": WORD for tag in ("name", "created", "updated", "source")},
    "task/mode": "interpolation",
    "task/flipped": BOOLEAN,
    "label/name": WORD,
    "label/color": "#[0-9a-fA-F]{6}",
    "label/type": "any|rectangle",
    "attribute/name": WORD,
    "attribute/mutable": BOOLEAN,
    "attribute/input_type": "select|checkbox|radio|number|text",
    "attribute/default_value": TEXT,
    "attribute/values": TEXT,
    **{f"segment/{tag}": WHOLE for tag in ("id", "start", "stop")},
    **{f"{parent}/{tag}": TEXT for parent in ("owner", "assignee") for tag in ("username", "email")},
    "segment/url": TEXT,
    "original_size/width": WHOLE,
    "original_size/height": WHOLE,
    "box/attribute": TEXT,
}
SIDES = ("xtl", "ytl", "xbr", "ybr")
# Parent and tag -> attributes; "?" marks those that may be left out.
ATTRIBUTES = {
    "annotations/track": {"id": WHOLE, "label": WORD, "source?": "manual|auto|semi-auto|file", "group_id?": WHOLE},
    "track/box": {
        "frame": WHOLE,
        **dict.fromkeys(("outside", "occluded", "keyframe"), FLAG),
        **dict.fromkeys(SIDES, FLOAT),
        "z_order?": r"-?\d+",
        "rotation?": FLOAT,
    },
    "box/attribute": {"name": WORD},
}

LABEL = "<label><name>{}</name><attributes></attributes></label>"
TASK = (
    "<task><id>{number}</id><name>{name}</name><size>{size}</size><mode>interpolation</mode><overlap>0</overlap>"
    "<bugtracker></bugtracker><flipped>False</flipped><labels>{labels}</labels>"
    "<original_size><width>100</width><height>80</height></original_size>{source}</task>"
)
DOCUMENT = '<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version><meta>{}</meta>{}</annotations>'


def task(number=1, name="t", size=50, labels=("car",), source=""):
    """Return the head of a task of frames of 100 x 80 pixels."""
    source = f"<source>{source}</source>" if source else ""
    listed = "".join(map(LABEL.format, labels))
    return TASK.format(number=number, name=name, size=size, labels=listed, source=source)


def errors(path):
    """Return everything of a file that is against the schema, an empty list for a valid one."""
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - a test's own file
    except ElementTree.ParseError as error:
        return [f"not XML: {error}"]
    return [*_structure(root, ""), *_meaning(root)] if root.tag == "annotations" else [f"<{root.tag}> is the root"]


def _structure(element, parent):
    """Find what an element, or one in it, has that it may not have, and what it lacks."""
    kind = f"{parent}/{element.tag}"
    given = {name.rstrip("?"): (pattern, name[-1] != "?") for name, pattern in ATTRIBUTES.get(kind, {}).items()}
    yield from (f"{kind}: unknown attribute {name}" for name in element.attrib.keys() - given.keys())
    for name, (pattern, needed) in given.items():
        value = element.get(name)
        if value is None and needed:
            yield f"{kind}: no attribute {name}"
        elif value is not None and not re.fullmatch(pattern, value):
            yield f"{kind}: {name} is {value!r}"
    if kind in CHILDREN:
        order = "".join(re.sub(r"\w+", r"(?:\g<0> )", name) for name in CHILDREN[kind].split())
        children = [child.tag for child in element]
        if not re.fullmatch(order, "".join(f"{tag} " for tag in children)):
            yield f"{kind}: holds {' '.join(children) or 'nothing'}; documented: {CHILDREN[kind]}"
        if any((text or "").strip() for text in (element.text, *(child.tail for child in element))):
            yield f"{kind}: text between elements"
    elif kind not in TEXTS:
        yield f"{kind}: unknown element"
    elif len(element) or not re.fullmatch(TEXTS[kind], element.text or ""):
        yield f"{kind}: text is {element.text!r}"
    for child in element:
        yield from _structure(child, element.tag)


def _meaning(root):
    """Find what the types allow and the words of the page do not."""
    labels = {label.findtext("name"): label for label in root.iter("label")}
    ids = Counter(track.get("id") for track in root.iter("track"))
    yield from (f"track {name}: twice" for name, count in ids.items() if count > 1)
    for track in root.iter("track"):
        where, label = f"track {track.get('id')}", labels.get(track.get("label"))
        if label is None:
            yield f"{where}: label {track.get('label')} is not declared"
            continue
        specified = sorted(each.findtext("name", "") for each in label.iter("attribute"))
        for box in track.iter("box"):
            if sorted(each.get("name", "") for each in box) != specified:
                yield f"{where}: frame {box.get('frame')}: other attributes than the label's"
        yield from (f"{where}: {words}" for words in _course(root, track))


def _course(root, track):
    """Find what is wrong with the boxes of a track one after another; CVAT shows a track until a box outside."""
    try:
        size = int(root.findtext("meta/task/size", ""))
        boxes = [(int(box.get("frame", "")), box, [float(box.get(side, "")) for side in SIDES]) for box in track]
    except ValueError:
        return  # `_structure` reports it
    if not boxes:
        yield "no box"
        return
    if boxes[0][1].get("keyframe") != "1":
        yield "the first box is no key-frame"
    for frame, _, (left, top, right, bottom) in boxes:
        if not (left < right and top < bottom):
            yield f"frame {frame}: no area"
        if not 0 <= frame < size:
            yield f"frame {frame} of {size}"
    for (frame, box, _), (following, _, _) in itertools.pairwise(boxes):
        if following <= frame:
            yield f"frame {following} after {frame}"
        elif following > frame + 1 and box.get("outside") == "0":
            yield f"frames {frame + 1} to {following - 1} are left out, and the track is not outside"
    if boxes[-1][1].get("outside") == "0" and boxes[-1][0] != size - 1:
        yield f"it ends at frame {boxes[-1][0]} of {size} without a box outside"
