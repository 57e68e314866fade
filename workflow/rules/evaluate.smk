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
        shard_map=paths.SHARD_MAP,
        tubes=ask.manifests("link"),
        extractor=ask.variant("extractors", "extractor"),
        tables=ask.tables,
        gamma=lookup("evaluate/gamma", within=plan.config),
        thresholds=lookup("evaluate/thresholds", within=plan.config),
        compared=ask.compared,
        branches=ask.branches,
        bootstrap=lookup("evaluate/bootstrap", within=plan.config),
        alarms_per_hour=lookup("evaluate/alarms_per_hour", within=plan.config),
    shell:
        "python -m wsstad.stages evaluate --log {log:q} --tables={params.tables:q} --dataset {wildcards.dataset:q} --split {wildcards.split:q}"
        " --extractor {params.extractor:q} --detector {wildcards.detector:q} --linker {wildcards.linker:q}"
        " --scale {wildcards.scale:q} --annotator {wildcards.annotator:q} --annotations {input.annotations:q}"
        " --predictions {input.predictions:q} --shard-map {params.shard_map:q} --tubes {params.tubes:q} --gamma {params.gamma:q}"
        " --thresholds {params.thresholds:q} --bootstrap {params.bootstrap:q}"
        " --alarms-per-hour {params.alarms_per_hour:q} --compare {params.compared:q} --branches {params.branches:q}"
        " --output {output:q} 2> >(tee {log:q} >&2)"
