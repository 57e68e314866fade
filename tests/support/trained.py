"""Made-up models with their cards, as `train` and `describe` leave them."""

import numpy as np
import yaml

from wsstad.artefacts import storage
from wsstad.stages import describe


def models(folder, repository, **changes):
    """Two models of one method and their cards; return the models' files."""
    rows, made = [], []
    for fold in (0, 1):
        key = f"{fold}" * 64
        path = folder / "models/mgpr/3" / f"fold{fold}.{key[:12]}.safetensors"
        tensors = {"network/x": np.arange(4.0) + fold}
        digest = storage.write_tensors(path, tensors, {"parameters": {"type": "mgpr"}}, key=key)
        rows.append({"method": "mgpr", "seed": 3, "fold": fold, "key": key, "digest": digest})
        made.append(path)
    storage.write_table(folder / "benchmark/models.tsv", rows, list(rows[0]))
    at = {name: repository / "config" / path for name, path in {
        "detector": "detectors/motion.yaml", "linker": "linkers/iou.yaml", "extractor": "extractors/c3d_seed0.yaml",
    }.items()}  # fmt: skip
    flags = {
        "models": folder / "benchmark/models.tsv",
        "methods": repository / "config/methods/mgpr.yaml",
        "dataset": "demo",
        "split": "cv2",
        **at,
        "decode": yaml.safe_dump({"store": "h264", "crf": 18}),
        "output": folder / "benchmark/cards.tsv",
        **changes,
    }
    describe.main([word for name, value in flags.items() for word in (f"--{name}", str(value))])
    return made
