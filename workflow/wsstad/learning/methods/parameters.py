"""What the YAML file of each method holds, beside what methods share."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from wsstad.learning.parameters import (
    Attention,
    GradientParameters,
    Instances,
    LearnedParameters,
    MethodParameters,
    Pairs,
    ProjectionParameters,
    Sparsity,
    TrainedParameters,
    TubesParameters,
    Videolets,
    VideoScore,
)
from wsstad.parameters import Count, Positive, Share, Weight


class MgprParameters(GradientParameters):
    """MGPR, Wu et al., IJCAI 2021."""

    type: Literal["mgpr"]
    branches: Literal["both", "temporal", "tube"] = "both"
    """Branches that are trained and averaged (Table 2)."""
    relation: Literal["attention", "scaled_attention", "gcn", "none"] = "attention"
    """Between instances: the relationship modeling module, one graph convolution in its place, or nothing (Table 4). In
    `scaled_attention`, which is not in the paper, a learned number multiplies what the module adds, 0 at first."""
    heads: Count = 8
    """Heads of the attention (H in Eq. 2)."""
    ranking: Literal["mg", "plain", "none"] = "mg"
    """Ranking loss (Table 3): guided by the other branch, with a weight of 1, or none."""
    cross_entropy: bool = True
    """Whether the cross-entropy loss counts (Table 3)."""
    guidance: Literal["bag", "single"] = "bag"
    """What the guiding branch sees of the max instance's bag; all of it, or the max instance alone."""
    freeze: bool = True
    """Whether one branch is frozen while the other is trained (Eq. 6), or both are trained at once, through the weight
    too: the reading under which the guided ranking loss alone collapses, as in Table 3."""
    warmup_guidance: Annotated[int, Field(ge=0)] = 0
    """Iterations at the start in which the guidance is 1."""
    videolets: Videolets = 32
    dropout: Share = 0.6
    """Share of the score predictor's hidden units that each training step leaves out."""
    pairs: Pairs = "all"


class DmrmParameters(GradientParameters):
    """DMRM, Sultani et al., CVPR 2018, on bags of tubes."""

    type: Literal["dmrm"]
    instances: Instances = "tube"
    """What a bag holds; scores of videolets are painted on the sub-tubes."""
    sparsity: Sparsity = 0.00008
    smoothness: Weight = 0.00008
    """Weight of the squared steps in time, for videolets."""
    videolets: Videolets = 32
    dropout: Share = 0.6
    """Share of the score predictor's hidden units that each training step leaves out."""
    pairs: Pairs = "all"


class GclncParameters(GradientParameters):
    """GCLNC, graph convolutional label noise cleaner, Zhong et al., CVPR 2019, on bags of tubes."""

    type: Literal["gclnc"]
    rounds: Annotated[int, Field(ge=0)] = 2
    """Rounds of cleaning; the iterations are divided equally among 2 x rounds + 1 phases, the classifier's first and
    last."""
    passes: Annotated[int, Field(ge=2)] = 10
    """Predictions under dropout whose variance tells how sure the classifier is; they stand for the ten crops of the
    paper."""
    confident_share: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Share of the instances of an abnormal bag, those of lowest variance, that supervise the cleaner directly."""
    ensembling: Share = 0.5
    """Share of the old in the running mean of the cleaner's predictions, the target of indirect supervision."""
    dropout: Share = 0.6
    """Share of the hidden units of classifier and cleaner that each training step leaves out."""
    patience: Count = 30
    """Evaluations without a better result after which training stops; those before the first cleaning, and those while
    the cleaner is trained, do not count."""


class TcnIblParameters(GradientParameters):
    """TCN-IBL, a temporal convolutional network with inner-bag loss, Zhang et al., ICIP 2019, on bags of tubes."""

    type: Literal["tcn_ibl"]
    instances: Instances = "tube"
    """What a bag holds, in the order of time; scores of videolets are painted on the sub-tubes."""
    channels: Count = 128
    """Width of each temporal convolution."""
    kernel: Count = 2
    """Instances that a temporal convolution joins, the last of them the one that is scored."""
    dilations: Annotated[tuple[Count, ...], Field(min_length=1)] = (1, 2, 4)
    """Steps between those instances, one temporal convolution each."""
    inner_bag: Weight = 1
    """Weight of the inner-bag loss beside the ranking loss."""
    dropout: Share = 0.6
    """Share of the hidden units that each training step leaves out."""
    pairs: Pairs = "all"


class StilParameters(LearnedParameters):
    """STIL, after the published idea of Mettes and Snoek, 2018: a max-margin classifier of latent parts of tubes."""

    type: Literal["stil"]
    training_sub_tubes: Count = 8
    """Into how many equal parts each tube is divided in training; the boxes of the published method."""
    fraction: Annotated[float, Field(gt=0, le=1)] = 0.25
    """Share of a tube's parts, the best ones, that its score is the mean of (r; the number is not published)."""
    cost: Positive = 1
    """What a violated margin costs (C of the max-margin problem)."""
    passes: Count = 30
    """Times a round solves its problem, at most; each adds the normal bags' hardest tubes, until none is new."""
    tube_weight: Weight = 0.5
    """Reranking: weight of the whole tube's score beside a part's (the number is not published)."""
    video_weight: Weight = 0.5
    """Reranking: weight of the video's score beside a part's (the number is not published)."""
    max_iterations: Count = 10
    """Rounds of choice and solution, at most."""
    evaluate_every: Count = 1
    """Rounds between two evaluations on the held-out training videos."""


class AsaParameters(GradientParameters):
    """ASA, after the published idea of Escorcia et al., CVIU 2020: attention over actors (tubes)."""

    type: Literal["asa"]
    hidden: Count = 512
    """Units that an instance's feature is embedded in."""
    attention: Attention = 128
    video_score: VideoScore = "top1"
    dropout: Share = 0.6
    """Share of an instance's embedding that each training step leaves out."""


class MafParameters(GradientParameters):
    """MAF, after the published idea of Zhu and Newsam, BMVC 2019: temporal context and attention, no flow features."""

    type: Literal["maf"]
    augmentation: Literal["concatenate", "average", "none"] = "concatenate"
    """What the attention sees; an instance beside its temporal context, the mean of both, or no context."""
    reach: Positive = 1
    """Temporal context: an instance d videolets away weighs exp(-d / reach) (the weights are not published)."""
    attention: Attention = 128
    video_score: VideoScore = "top1"
    sparsity: Sparsity = 0.00008
    dropout: Share = 0.6
    """Share of the hidden units, of the score predictor and of the attention, that each training step leaves out."""
    pairs: Pairs = "all"


class RtfmParameters(GradientParameters):
    """After RTFM, Tian et al., ICCV 2021, on bags of tubes."""

    type: Literal["rtfm"]
    width: Count = 512
    """Dimensions of the embedding, whose magnitude counts."""
    top_divisor: Count = 10
    """k is n // top_divisor of the n tubes of a bag, at least 1."""
    margin: Positive = 2
    """Magnitude that the chosen tubes of abnormal videos are driven to."""
    margin_weight: Weight = 1
    """Weight of the magnitude margin loss in units of the margin."""
    sparsity: Sparsity = 0.008
    dropout: Share = 0.7
    """Share of the hidden units, and of the magnitudes in the choice, that each training step leaves out."""
    learning_rate: Positive = 0.001
    """Learning rate."""
    weight_decay: Weight = 0.005
    """Weight decay of the optimiser."""


class UrdmuParameters(GradientParameters):
    """After UR-DMU, Zhou et al., AAAI 2023, on bags of tubes."""

    type: Literal["urdmu"]
    width: Count = 512
    """Dimensions of the embedding and of the prototypes."""
    heads: Count = 4
    """Heads of the attention."""
    memory: Count = 60
    """Prototypes of each memory, the normal and the abnormal one."""
    top_divisor: Count = 16
    """k is n // top_divisor + 1 of the n tubes of a bag."""
    memories_weight: Weight = 0.1
    """Weight of the cross entropies of the memories."""
    triplet_weight: Weight = 0.1
    """Weight of the triplet loss."""
    divergence_weight: Weight = 0.001
    """Weight of the divergence of the normal latent."""
    distance_weight: Weight = 0.0001
    """Weight of the distance loss."""
    margin: Weight = 100
    """Distance that the norms of both latents are driven to."""
    dropout: Share = 0.6
    """Share of the score predictor's hidden units that each training step leaves out."""
    learning_rate: Positive = 0.0001
    """Learning rate."""
    weight_decay: Weight = 0.00005
    """Weight decay of the optimiser."""


class AloccParameters(GradientParameters):
    """ALOCC, Sabokrou et al., CVPR 2018, on the instances of bags: it learns from normal videos alone."""

    type: Literal["alocc"]
    network: Literal["dense", "conv"] = "dense"
    """R and D of layers over feature vectors, or of convolutions over the pictures of the extractor patches."""
    score: Literal["reconstructed", "direct"] = "reconstructed"
    """An instance's score: 1 - D(R(x)), the paper's idea, or 1 - D(x), as the released code does."""
    training_sub_tubes: Count = 8
    """Equal parts of each tube that it learns from, as inference has sub_tubes; 1 takes whole tubes."""
    noise: Weight = 0.155
    """Standard deviation of the noise that R takes away, where instances lie in [-1, 1]."""
    reconstruction_weight: Weight = 0.2
    """Weight of the mean squared error of R, beside what D says (lambda)."""
    batch_instances: Annotated[int, Field(ge=2)] = 128
    """Instances that a step takes of the normal bags of its mini-batch, at most."""
    normalise: Literal["l2", "none"] = "none"
    """Norm of every instance's feature after mean pooling; with one, no length tells an outlier. Pictures have none."""
    projection: ProjectionParameters = ProjectionParameters()
    """A linear map to fewer dimensions, fitted on instances of all training videos, without their labels; for CPUs."""
    batch_bags: Count = 30
    """Normal bags of a mini-batch; all where there are fewer. Abnormal ones are drawn too and not looked at."""
    held_out: Share = 0.2
    """Share of the training videos of each label that only choose the iteration, by VAUC. So abnormal training videos
    choose, though nothing is learned from them, as with the other methods; 0 takes the last iteration, as one class
    alone would have it."""


class MetadataOnlyParameters(TrainedParameters):
    """The file alone: size, frame rate and length of a video, and no pixel of it."""

    type: Literal["metadata_only"]
    cost: Positive = 0.1
    """What an error costs against the size of the weights (C)."""
    held_out: Share = 0
    """Share of the training videos of each label that only calibrate the false alarms: there is one iteration and no
    choice. By default all are learned from. Of few videos, `folds` calibrate, and all are learned from too."""


class RandomParameters(TubesParameters):
    """A sub-tube at random."""

    type: Literal["random"]


class UpperBoundParameters(TubesParameters):
    """The sub-tube that overlaps the ground truth best."""

    type: Literal["upper_bound"]


class UpperBoundDetectionParameters(MethodParameters):
    """In each annotated frame, the detection that overlaps the ground truth best."""

    needs: ClassVar[tuple[str, ...]] = ("frames", "tubes", "detections")
    type: Literal["upper_bound_detection"]


class WholeFrameParameters(MethodParameters):
    """The whole frame over the whole video."""

    type: Literal["whole_frame"]


class CentreBoxParameters(MethodParameters):
    """The centre box of a quarter of the frame's area, over the whole video."""

    type: Literal["centre_box"]
