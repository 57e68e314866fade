"""wsstad: from raw surveillance video to the benchmark table.

    frames -> detections -> tubes -> features -> runs (models, predictions, metrics) -> tables, report

Each rule file says what depends on what; the package workflow/wsstad says how.
"""

from snakemake.utils import min_version

min_version("9.25")


configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/decode.smk"
include: "workflow/rules/detect.smk"
include: "workflow/rules/link.smk"
include: "workflow/rules/extract.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/describe.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/annotate.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/tabulate.smk"
include: "workflow/rules/overlay.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/illustrate.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        rules.benchmark.input,
        rules.report.output,


rule overlays:
    input:
        ask.apart("overlay"),


rule scores:
    input:
        ask.apart("verdict"),
