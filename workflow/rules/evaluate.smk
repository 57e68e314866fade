"""Predictions and annotations to metrics, over all seeds of a method.

REQUIRED INPUTS: predictions of every seed, annotations
OUTPUTS: results/<dataset>/runs/.../<method>/metrics/<annotator>.json
"""


def predictions_of(wildcards):
    seeds = plan.seeds(wildcards.dataset, wildcards.split, wildcards.method)
    return [
        (RUN + "/{seed}/predictions.tsv").format(**{**dict(wildcards), "seed": seed})
        for seed in seeds
    ]


rule evaluate:
    input:
        predictions=predictions_of,
        annotations=rules.annotate.output,
        split=split_of,
        extractor=variant_of("extractors", "extractor"),
    output:
        RUN + "/metrics/{annotator}.json",
    log:
        "results/logs/evaluate/{dataset}/{split}/{extractor}/{detector}/{linker}/{method}/{annotator}.log",
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=1000,
    params:
        code=code_of("evaluate"),
        tables=tables_of,
        gamma=lookup("evaluate/gamma", within=plan.config),
        thresholds=lookup("evaluate/thresholds", within=plan.config),
        draws=lookup("evaluate/draws", within=plan.config),
        bootstrap=lookup("evaluate/bootstrap", within=plan.config),
    shell:
        "python -m wsstad.evaluate --tables {params.tables} --dataset {wildcards.dataset} --split {wildcards.split}"
        " --extractor {input.extractor} --detector {wildcards.detector} --linker {wildcards.linker}"
        " --method {wildcards.method} --annotator {wildcards.annotator} --annotations {input.annotations}"
        " --predictions {input.predictions} --gamma {params.gamma} --thresholds {params.thresholds}"
        " --draws {params.draws} --bootstrap {params.bootstrap} --output {output} "
        + LOGGED
