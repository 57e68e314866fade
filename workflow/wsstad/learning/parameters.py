"""What the YAML files of methods share: the tubes that count, the training, the optimiser."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from wsstad.parameters import Count, Parameters, Positive, Share, VariantParameters, Weight

# Keys that some methods have.
Pairs = Annotated[
    Literal["all", "matched"],
    Field(description="Ranking loss: the mean over all pairs of an abnormal and a normal bag, or of bag i with bag i."),
]
Videolets = Annotated[
    Count, Field(description="Equal parts of a video, the videolets, of 16 frames at least (section 3.1).")
]
Sparsity = Annotated[Weight, Field(description="Weight of the summed scores of abnormal bags.")]
Instances = Literal["tube", "videolet"]
VideoScore = Annotated[
    Literal["top1", "bag"],
    Field(
        description="Score of a video: that of its top-1 tube, as in the benchmark, or that of the bag, as in training."
    ),
]
Attention = Annotated[
    Count, Field(description="Hidden units of the attention over the instances (the number is not published).")
]


class MethodParameters(VariantParameters):
    """What any method has: nothing but its type.

    `needs` are the kinds of artefacts that it reads; `seeded` is whether a seed changes what it does.
    """

    needs: ClassVar[tuple[str, ...]] = ("frames", "tubes")
    seeded: ClassVar[bool] = False


class TubesParameters(MethodParameters):
    """Every method that chooses among sub-tubes."""

    kinds: Literal["both", "unary", "multivariate"] = "both"
    """Tubes that count (Table 4, MVT); a video without one is scored by others, and no training learns it."""
    sub_tubes: Count = 8
    """M: into how many equal parts each tube is divided at inference (section 3.4; the paper gives no number)."""
    min_frames: Count = 16
    """A sub-tube has at least so many frames; a tube shorter than twice that stays whole."""


class ProjectionParameters(Parameters):
    """A linear map to fewer dimensions."""

    kind: Literal["none", "pca"] = "none"
    """No map, or centred principal components."""
    dimension: Count = 128
    """Dimensions after the map."""
    instances: Annotated[int, Field(ge=2)] = 2048
    """Training instances that the map is fitted on, at most."""
    whiten: bool = False
    """Whether every component gets variance 1."""


class TrainedParameters(MethodParameters):
    """Every method that has a model."""

    held_out: Share = 0.2
    """Share of the training videos of each label that only choose the iteration, by VAUC; 0 takes the last."""
    few_videos: Annotated[int, Field(ge=0)] = 25
    """Training videos of the rarer label below which `folds` choose the iteration, and the model learns from all."""
    folds: Annotated[int, Field(ge=2)] = 3
    """Folds of the few training videos, each left out of one training; the best iteration on average is taken."""


class LearnedParameters(TrainedParameters, TubesParameters):
    """Every method that learns from the features of tubes."""

    needs: ClassVar[tuple[str, ...]] = ("frames", "tubes", "image_features", "region_features")
    seeded: ClassVar[bool] = True
    normalise: Literal["l2", "none"] = "l2"
    """Norm of every instance's feature after mean pooling; without one, fc6 saturates the scores."""
    projection: ProjectionParameters = ProjectionParameters()
    """A linear map to fewer dimensions, fitted on training instances; none is the paper's way, pca is for CPUs."""
    max_iterations: Count = 3000
    """Iterations, at most (the paper gives no number)."""
    evaluate_every: Count = 100
    """Iterations between two evaluations on the held-out training videos."""
    patience: Count = 10
    """Evaluations without a better result after which training stops."""


class GradientParameters(LearnedParameters):
    """Every method that an optimiser trains on mini-batches."""

    batch_bags: Count = 30
    """Abnormal bags of a mini-batch, and as many normal ones (section 5.1); all where there are fewer."""
    max_instances: Count = 200
    """Instances of a bag in training, at most (section 5.1); a uniform sample of more, new each time."""
    optimiser: Literal["adam", "adagrad"] = "adam"
    """The optimiser of each network."""
    learning_rate: Positive = 0.0005
    """Learning rate (section 5.1)."""
    weight_decay: Weight = 0
    """Weight decay of the optimiser."""
