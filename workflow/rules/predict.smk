"""Models to predictions: the score of every sub-tube of the test videos, and the boxes of the top-1.

REQUIRED INPUTS: models (of a trained method), tubes, features
OUTPUTS: results/<dataset>/runs/.../<method>/<seed>/{fold<k>.predictions.<key>.h5,predictions.tsv}
"""


def models_of(wildcards):
    if plan.is_trained(wildcards.method):
        return (RUN + "/{seed}/models.tsv").format(**wildcards)
    return []


def models_flag(wildcards, input):
    return f"--models {input.models}" if input.models else ""


rule predict:
    input:
        tubes=all_shards(TUBES),
        image=all_shards(IMAGE),
        region=all_shards(REGION),
        quarantine=rules.audit.output,
        split=split_of,
        method=variant_of("methods", "method"),
        models=models_of,
    output:
        RUN + "/{seed}/predictions.tsv",
    log:
        "results/logs/predict/{dataset}/{split}/{extractor}/{detector}/{linker}/{method}/{seed}.log",
    benchmark:
        "results/benchmarks/predict/{dataset}/{split}/{extractor}/{detector}/{linker}/{method}/{seed}.tsv"
    conda:
        "../../envs/wsstad.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        code=code_of("predict", "methods", "method"),
        tables=tables_of,
        folder=subpath(output[0], parent=True),
        models=models_flag,
    shell:
        "python -m wsstad.predict --tables {params.tables} --split {wildcards.split} --tubes {input.tubes}"
        " --image {input.image} --region {input.region} --method {input.method} --seed {wildcards.seed}"
        " {params.models} --output {params.folder} --threads {threads} " + LOGGED
