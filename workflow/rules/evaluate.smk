"""Predictions and annotations to metrics: every method of a table, over its seeds, and those compared that it declares.

REQUIRED INPUTS: predictions, annotations
OUTPUTS: results/<dataset>/runs/.../<table>/metrics/<annotator>.json
"""


rule evaluate:
    input:
        predictions=rules.predict.output,
        annotations=rules.annotate.output,
        tubes=ask.all_shards("link"),
    output:
        STAGES["evaluate"].output,
    log:
        STAGES["evaluate"].log,
    benchmark:
        STAGES["evaluate"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=1000,
    params:
        settings=ask.settings("evaluate"),
        extractor=ask.variant("extractors", "extractor"),
        tables=ask.tables,
        gamma=lookup("evaluate/gamma", within=plan.config),
        thresholds=lookup("evaluate/thresholds", within=plan.config),
        compared=ask.compared,
        branches=ask.branches,
        bootstrap=lookup("evaluate/bootstrap", within=plan.config),
        alarms_per_hour=lookup("evaluate/alarms_per_hour", within=plan.config),
    shell:
        "python -m wsstad.stages evaluate --log {log:q} --tables {params.tables} --dataset {wildcards.dataset} --split {wildcards.split}"
        " --extractor {params.extractor:q} --detector {wildcards.detector} --linker {wildcards.linker}"
        " --scale {wildcards.scale} --annotator {wildcards.annotator} --annotations {input.annotations}"
        " --predictions {input.predictions} --tubes {input.tubes} --gamma {params.gamma}"
        " --thresholds {params.thresholds} --bootstrap {params.bootstrap}"
        " --alarms-per-hour {params.alarms_per_hour} --compare {params.compared} --branches {params.branches}"
        " --output {output} 2> >(tee {log:q} >&2)"
