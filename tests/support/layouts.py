"""Public datasets in miniature: their published names of folders, files and lists; files that stand for videos."""

import json
import shutil

import cv2
import numpy as np
from scipy.io import savemat

from support import videos as made

SIZE = (36, 24)  # width and height of masks, and of pictures
PICTURES = (".jpg", ".tif")


def videos(root, *names):
    """Write a file of a few bytes for each video."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def frames(root, *names, picture="0.jpg"):
    """Write a folder of one black picture for each video."""
    for name in names:
        (root / name).mkdir(parents=True)
        cv2.imwrite(str(root / name / picture), np.zeros(SIZE[::-1], np.uint8))


def fill(root, size=SIZE, n=16):
    """Write real videos, each another, in the place of the files and pictures that stand for them."""
    folders = sorted({path.parent for path in root.rglob("*") if path.suffix in PICTURES})
    for seed, folder in enumerate(folders):
        suffix = next(path.suffix for path in folder.iterdir() if path.suffix in PICTURES)
        kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix not in PICTURES}
        shutil.rmtree(folder)
        made.write_folder(folder, made.frames(n, *size, seed=seed), suffix)
        for name, content in kept.items():
            (folder / name).write_bytes(content)
    for seed, path in enumerate(sorted(root.rglob("*")), start=len(folders)):
        if path.is_file() and path.suffix in (".mp4", ".avi"):
            made.write(path, made.frames(n, *size, seed=seed), kind=path.suffix[1:])


def avenue(root):
    """16 training and 21 test videos; a mask of a frame of two, in the cell array of MATLAB."""
    for part, count in (("training_videos", 16), ("testing_videos", 21)):
        videos(root, *(f"Avenue Dataset/{part}/{n:02}.avi" for n in range(1, count + 1)))
    masks = root / "ground_truth_demo/testing_label_mask"
    masks.mkdir(parents=True)
    for n in range(1, 22):
        write_cells(masks / f"{n}_label.mat", 2, (n, 5, n + 10, 15))


def write_cells(path, n, box, size=SIZE):
    """Write Avenue's cell array of `n` masks; every second one, from the second on, has a box x1, y1, x2, y2."""
    cells = np.empty((1, n), dtype=object)
    x1, y1, x2, y2 = box
    for i in range(n):
        cells[0, i] = np.zeros(size[::-1], np.uint8)
        cells[0, i][y1:y2, x1:x2] = i % 2
    savemat(path, {"volLabel": cells})


def msad(root):
    videos(root, "MSAD_anomaly_blur/Assault/Assault_1.mp4", "MSAD_anomaly_blur/People_falling/People_falling_2.mp4")
    videos(root, "MSAD_normal_training_blur/shop_1.mp4", "MSAD_normal_testing_blur/MSAD_normal_testing_3.mp4")
    (root / "MSAD_I3D_WS_Train.list").write_text("feat/Assault_1_i3d.npy\nfeat/MSAD_normal_shop_1_i3d.npy\n")
    (root / "MSAD_I3D_WS_Test.list").write_text(
        "feat/People_falling_2_i3d.npy\nfeat/MSAD_normal_testing_3_i3d.npy\nfeat/Assault_9_i3d.npy\n"
    )


def shanghaitech(root):
    videos(root, *(f"training/videos/01_00{n}.avi" for n in range(1, 7)))
    videos(root, *(f"training/videos/02_00{n}.avi" for n in range(1, 4)))
    frames(root, *(f"testing/frames/0{1 + n % 2}_001{n}" for n in range(4, 9)))
    masks = np.zeros((16, *SIZE[::-1]), np.uint8)
    masks[0, 5:15, 10:20] = 1
    (root / "testing/test_pixel_mask").mkdir()
    np.save(root / "testing/test_pixel_mask/01_0014.npy", masks)


def street_scene(root):
    for part, count in (("Train", 5), ("Test", 4)):
        frames(root, *(f"{part}/{part}{n:03}" for n in range(1, count + 1)), picture="001.jpg")
    for clip in (root / "Test").iterdir():
        (clip / f"{clip.name}_gt.txt").write_text("Test001/001.jpg 0 1 2 3 4\n")


def tad(root):
    clips = [f"{kind}_{n:03}.mp4" for kind in ("01_Accident", "07_RoadSpills") for n in (1, 2)]
    frames(root, *(f"TAD/frames/abnormal/{clip}" for clip in clips), "TAD/frames/normal/Normal_001.mp4")
    frames(root, "TAD/frames/normal/Normal_002.mp4")
    tested = [{"video_path": f"frames/abnormal/{clips[1]}", "class_name": "Car Accident", "anomaly_span": [[0, 1]]}]
    tested.append({"video_path": "frames/normal/Normal_002.mp4", "class_name": "Normal", "anomaly_span": []})
    (root / "tad_test_anno.json").write_text(json.dumps(tested))


def ucf_crime(root):
    videos(root, "Anomaly-Videos-Part-1/Abuse/Abuse001_x264.mp4", "Anomaly-Videos-Part-1/Arson/Arson002_x264.mp4")
    videos(root, "Training-Normal-Videos-Part-1/Normal_Videos001_x264.mp4")
    videos(root, "Testing_Normal_Videos_Anomaly/Normal_Videos_003_x264.mp4")
    videos(root, "Anomaly-Videos-Part-1/Arson/Arson999_x264.mp4")  # in no list
    (root / "lists").mkdir()
    (root / "Anomaly_Train.txt").write_text(
        "Abuse/Abuse001_x264.mp4\nTraining_Normal_Videos_Anomaly/Normal_Videos001_x264.mp4\n"
    )
    (root / "lists/Anomaly_Test.txt").write_text(
        "Arson/Arson002_x264.mp4\nTesting_Normal_Videos_Anomaly/Normal_Videos_003_x264.mp4\n"
    )


def ucfcrime2local(root):
    videos(root, *(f"videos/{name}_x264.mp4" for name in ("Arrest001", "Robbery102", "Normal_Videos_003")))
    videos(root, "videos/Normal_Videos_777_x264.mp4", "videos/Stealing999_x264.mp4")
    (root / "readme/Txt annotations").mkdir(parents=True)
    (root / "readme/Train_split_AD.txt").write_text("Arrest001\nNormal_Videos_003\n")
    (root / "readme/Test_split_AD.txt").write_text("Robbery102\nNormal_Videos_777\n")
    box = '0 10 20 30 60 4 0 0 0 "Robbery"\n0 10 20 30 61 5 1 0 1 "Robbery"\n'
    (root / "readme/Txt annotations/Robbery102.txt").write_text(box)


def ucsd(root, name, train, test):
    """Clips of a picture each; as published, masks of some clips of Ped2 have other names than their frames."""
    for part, count in (("Train", train), ("Test", test)):
        frames(root, *(f"{name}/{part}/{part}{n:03}" for n in range(1, count + 1)), picture="001.tif")
        for clip in (root / name / part).iterdir():
            (clip / ".DS_Store").touch()
        (root / name / part / "._.DS_Store").touch()
    (root / name / f"Test/{name}.m").touch()
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[5:15, 10:20] = 255
    for n in range(1, test + 1):
        masks = root / name / f"Test/Test{n:03}_gt"
        masks.mkdir()
        cv2.imwrite(str(masks / ("frame001.bmp" if n in (6, 9, 12) else "001.bmp")), mask)


def ucsd_ped1(root):
    ucsd(root, "UCSDped1", 4, 4)


def ucsd_ped2(root):
    ucsd(root, "UCSDped2", 16, 12)


XD = (
    "A.Beautiful.Mind.2001__#00-01-45_00-02-50_label_A",
    "A.Beautiful.Mind.2001__#00-05-45_00-06-50_label_A",
    "Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6",
    "v=wVey5JDRf_g__#00-04-09_00-05-06_label_B6-0-0",
)


def xd_violence(root):
    videos(root, *(f"1-1004/{name}.mp4" for name in XD[::2]), *(f"videos/{name}.mp4" for name in XD[1::2]))
    lists = {"rgb.list": ("RGB", XD[::2]), "rgbtest.list": ("RGBTest", XD[1::2])}
    for file, (folder, named) in lists.items():
        lines = [f"/i3d-features/{folder}/{name}__{crop}.npy\n" for name in named for crop in range(5)]
        (root / file).write_text("".join(lines))


MAKERS = {
    maker.__name__: maker
    for maker in (
        *(avenue, msad, shanghaitech, street_scene, tad, ucf_crime, ucfcrime2local, ucsd_ped1, ucsd_ped2),
        xd_violence,
    )
}
