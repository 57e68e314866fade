"""Plain second implementations and random inputs for the tests of linkers."""

import itertools

import numpy as np
from hypothesis import strategies as st

UNIT = 2**32


def make_arrays(rows, *, n_frames=None, width=10, height=10):
    """Return "detections" arrays from rows (frame, box, score, label)."""
    n_frames = n_frames or max((row[0] for row in rows), default=0) + 1
    return {
        "size": np.array([n_frames, width, height], dtype=np.int64),
        "frame": np.array([row[0] for row in rows], dtype=np.int32),
        "boxes": np.array([row[1] for row in rows], dtype=np.float32).reshape(-1, 4),
        "score": np.array([row[2] for row in rows], dtype=np.float32),
        "label": np.array([row[3] for row in rows], dtype=np.int16),
    }


@st.composite
def detection_rows(draw, max_frames=6, max_boxes=4):
    """Draw few boxes on a coarse grid, so that ties, duplicates and gaps are common."""
    boxes = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 4), st.integers(1, 4)).map(
        lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
    )
    one = st.tuples(boxes, st.sampled_from([0.125, 0.5, 0.875]), st.integers(0, 1))
    frames = draw(st.lists(st.lists(one, max_size=max_boxes), min_size=1, max_size=max_frames))
    return [(frame, *detection) for frame, detections in enumerate(frames) for detection in detections]


def walk(seed, *, n=6, n_frames=60, miss=0.15, width=64, height=48):
    """Return rows of `n` boxes that walk about, jitter, and are missed now and then."""
    random = np.random.default_rng(seed)
    centre, size = random.uniform([8, 8], [width - 8, height - 8], (n, 2)), random.uniform(6, 14, (n, 2))
    rows = []
    for frame in range(n_frames):
        centre = np.clip(centre + random.normal(0, 1.2, (n, 2)), 4, [width - 4, height - 4])
        low = np.round(np.clip(centre - size / 2 + random.normal(0, 0.4, (n, 2)), 0, None) * 16) / 16
        high = np.round(np.clip(centre + size / 2, None, [width, height]) * 16) / 16
        for box, score in zip(np.hstack([low, high]), random.integers(1, 4097, n) / 4096, strict=True):
            if random.random() > miss:
                rows.append((frame, tuple(box), score, 0))
    return rows


def scene(random):
    """Return rows of one of four sorts: coarse boxes full of ties, a walk, a crowd, a walk with many boxes missed."""
    sort, n_frames = random.integers(4), int(random.integers(1, 40))
    if sort == 0:
        rows = []
        for frame in range(n_frames):
            for x, y, w, h in zip(*random.integers([[0], [0], [1], [1]], [[7], [7], [5], [5]], (4, 5)), strict=True):
                if random.random() < 0.6:
                    box = (int(x), int(y), int(x + w), int(y + h))
                    rows.append((frame, box, random.choice([0.125, 0.5, 0.875]), int(random.integers(2))))
        return rows
    n, miss = int(random.integers(1, 12)), (0, 0.15, 0.05, 0.4)[sort]
    rows = walk(int(random.integers(1 << 30)), n=n, n_frames=n_frames, miss=miss)
    grow = 6 if sort == 2 else 0
    return [
        (frame, (max(box[0] - grow, 0), box[1], min(box[2] + grow, 64), box[3]), score, int(random.integers(2)))
        for frame, box, score, _ in rows
    ]


def naive_iou(first, second):
    """Return the intersection over union of two boxes by the definition."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return width * height / (areas[0] + areas[1] - width * height)


def brute_force(rows, columns, weight_of):
    """Try every one-to-one assignment along `weight_of` {(row, column): weight}; the best, then the first, wins."""
    best = None
    choices = [[c for c in columns if (r, c) in weight_of] + [None] for r in rows]
    for picked in itertools.product(*choices):
        used = [c for c in picked if c is not None]
        if len(used) != len(set(used)):
            continue
        pairs = [(r, c) for r, c in zip(rows, picked, strict=True) if c is not None]
        rank = (
            -sum(weight_of[p] for p in pairs),
            [columns.index(c) if c is not None else len(columns) for c in picked],
        )
        if best is None or rank < best[0]:
            best = (rank, pairs)
    return -best[0][0], best[1]


def naive_chains(detections, solve, *, min_iou, max_gap, min_start_score, class_agnostic=True):
    """Link frame by frame with all live tubes and boxes in one problem, solved by `solve(rows, columns, weights)`."""
    live, done = [], []
    for frame in range(detections.n_frames):
        done += [chain for chain in live if frame - detections.frame[chain[-1]] > max_gap + 1]
        live = [chain for chain in live if frame - detections.frame[chain[-1]] <= max_gap + 1]
        tails = {chain[-1]: chain for chain in live}
        columns = [int(j) for j in np.flatnonzero(detections.frame == frame)]
        weights = {}
        for i, j in itertools.product(sorted(tails), columns):
            overlap = naive_iou(detections.boxes[i].tolist(), detections.boxes[j].tolist())
            if overlap > min_iou and (class_agnostic or detections.label[i] == detections.label[j]):
                weights[i, j] = max(round(overlap * UNIT), 1)
        linked = dict(solve(sorted(tails), columns, weights))
        for i, j in linked.items():
            tails[i].append(j)
        live += [[j] for j in columns if j not in linked.values() and detections.score[j] >= min_start_score]
    return sorted(done + live)


def naive_motion(detections, solve, *, min_iou, max_gap, weak_gap, memory, min_start_score):
    """Link by motion in both directions, one box and one frame at a time; `solve(rows, columns, weights)` assigns."""
    frame, boxes = detections.frame.tolist(), detections.boxes.tolist()
    strong = [score >= min_start_score for score in detections.score.tolist()]
    inside, after, before = set(np.flatnonzero(strong).tolist()), {}, {}

    def expected(i, back, now):
        """Return the box that the tube ending at detection i expects at a frame; where it has been is asked anew."""
        chain = [i]
        while chain[0] in back:
            chain.insert(0, back[chain[0]])
        centre, velocity = _middle(boxes[chain[0]]), (0.0, 0.0)
        for count, (one, other) in enumerate(itertools.pairwise(chain), start=1):
            gap, k = abs(frame[other] - frame[one]), min(count, memory)
            gains = 2 * (2 * k + 1) / ((k + 1) * (k + 2)), 6 / ((k + 1) * (k + 2))
            guess = [c + v * gap for c, v in zip(centre, velocity, strict=True)]
            error = [m - g for m, g in zip(_middle(boxes[other]), guess, strict=True)]
            centre = [g + gains[0] * e for g, e in zip(guess, error, strict=True)]
            velocity = [v + gains[1] / gap * e for v, e in zip(velocity, error, strict=True)]
        half = [(boxes[i][side + 2] - boxes[i][side]) / 2 for side in (0, 1)]
        place = [c + v * abs(now - frame[i]) for c, v in zip(centre, velocity, strict=True)]
        return [place[0] - half[0], place[1] - half[1], place[0] + half[0], place[1] + half[1]]

    for onward, back, direction in ((after, before, 1), (before, after, -1)):
        for now in sorted(set(frame), reverse=direction < 0):
            free = [j for j in range(len(frame)) if frame[j] == now and j not in back]
            for stage in (True, False):
                patience = max_gap if stage else min(weak_gap, max_gap)
                tails = [
                    i for i in sorted(inside)
                    if i not in onward and 1 <= (now - frame[i]) * direction <= patience + 1
                ]  # fmt: skip
                weights = {}
                for i, j in itertools.product(tails, (j for j in free if strong[j] == stage and j not in back)):
                    overlap = naive_iou(expected(i, back, now), boxes[j])
                    if overlap > min_iou:
                        weights[i, j] = max(round(overlap * UNIT), 1)
                linked = solve(tails, [j for j in free if strong[j] == stage], weights)
                for i, j in linked:
                    onward[i], back[j] = j, i
                    inside.add(j)
    chains = []
    for i in sorted(inside - set(before)):
        chain = [i]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        chains.append(chain)
    return chains


def _middle(place):
    return [(place[0] + place[2]) / 2, (place[1] + place[3]) / 2]
