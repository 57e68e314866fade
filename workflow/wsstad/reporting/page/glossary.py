"""What the terms of the page mean: the glossary lists them, and the heading of a table shows that of its column."""

TERMS = {
    "VAUC": "Area under the ROC curve over whole videos: how often an abnormal video scores above a normal one that the"
    " same model scored. 50 % is chance.",
    "VAUC_in_group": "The mean VAUC inside each group of videos that has both labels, such as one camera.",
    "S_loc": "How well one video is localised: the mean IoU of the top-1 tube with the annotated boxes over the frames"
    " that count (Gamma), from 0 to 1.",
    "MIoU": "The mean S_loc over the abnormal test videos with boxes.",
    "IoU@eps": "The share of the abnormal test videos with boxes whose S_loc is above eps, with its count k/n.",
    "frame AUC": "Area under the ROC curve over single frames: the score of a frame is that of its best candidate.",
    "AUC_abn": "Frame AUC over the abnormal videos alone: can a method say when, where it need not say in which video?",
    "frame AP": "Average precision over single frames; chance is the share of abnormal frames.",
    "RBDC": "Region-based detection criterion: area under the share of annotated boxes that are found (IoU of at least"
    " 0.1 in their frame), over 0 to 1 false positives a frame.",
    "TBDC": "Track-based detection criterion: as RBDC, over events; one is detected when at least a tenth of its boxes"
    " are found.",
    "tube IoU": "The IoU of the top-1 tube and the annotation as volumes in space and time.",
    "false alarms": "Alarms in normal test videos, and the hours of them, at a threshold calibrated on held-out normal"
    " training videos.",
    "detected": "Abnormal test videos with an alarm in an abnormal frame, of all with annotated frames.",
    "miss": "In the filter of the videos: an abnormal video whose S_loc is at most the smallest eps; without boxes, one"
    " without an alarm.",
    "false alarm": "In the filter of the videos: a normal video with a score above the alarm threshold of its fold.",
    "alarm threshold": "The lowest score that allows at most so many alarms an hour in held-out normal training videos"
    " of the fold.",
    "method": "How scores are learned from the labels of videos. The videos are shown of the row in bold at first.",
    "class": "The kind of event of an abnormal video.",
    "videos": "Test videos that were evaluated, of those that the split expects.",
    "boxes": "Abnormal test videos with annotated boxes, of those expected.",
    "seeds": "How many times the method was trained anew; exact: an expectation over all choices.",
    "fold": "One training part and its test videos. Scores of two folds are those of two models and share no scale.",
    "top-1 tube": "The sub-tube of the highest score in a video: the one answer that is measured.",
    "tube": "Boxes over time around one thing; unary around one object, multivariate around objects that touch.",
    "sub-tube": "One of the equal parts of a tube, which is what is scored.",
    "attention": "The weight that the top-1 tube gives every sub-tube of the video; uniform attention says nothing.",
    "upper bound": "The best that a choice among the tubes, sub-tubes or detections could reach with the truth in"
    " hand.",
    "95 % interval": "Where the value would lie with other test videos of the same kind, by resampling them; Wilson's"
    " for IoU@eps, and for a VAUC of 0 or 100.",
}
ALIASES = {"kind": "class"}


def term_of(heading: str) -> str:
    """Return the term that a heading of a table is about; empty where there is none.

    >>> term_of("IoU@0.1"), term_of("VAUC"), term_of("peak memory")
    ('IoU@eps', 'VAUC', '')
    """
    heading = ALIASES.get(heading, heading)
    if heading.startswith("IoU@"):
        return "IoU@eps"
    return heading if heading in TERMS else ""


def anchor(term: str) -> str:
    """Return the id of a term on the page.

    >>> anchor("IoU@eps"), anchor("95 % interval")
    ('word-iou-eps', 'word-95-interval')
    """
    letters = "".join(letter if letter.isalnum() else " " for letter in term.lower())
    return f"word-{'-'.join(letters.split())}"
