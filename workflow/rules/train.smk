"""Features of the training videos and their video-level labels to models, one for each fold.

REQUIRED INPUTS: tubes, features, config/datasets/<dataset>/splits/<split>.tsv, config/methods/<method>.yaml
OUTPUTS: results/<dataset>/runs/<split>/<extractor>/<detector>/<linker>/<method>/<seed>/{fold<k>.<key>.safetensors,models.tsv}
"""


def split_of(wildcards):
    return plan.tables(wildcards.dataset) / "splits" / f"{wildcards.split}.tsv"


rule train:
    input:
        tubes=all_shards(TUBES),
        image=all_shards(IMAGE),
        region=all_shards(REGION),
        quarantine=rules.audit.output,
        split=split_of,
        method=variant_of("methods", "method"),
    output:
        RUN + "/{seed}/models.tsv",
    log:
        "results/logs/train/{dataset}/{split}/{extractor}/{detector}/{linker}/{method}/{seed}.log",
    benchmark:
        "results/benchmarks/train/{dataset}/{split}/{extractor}/{detector}/{linker}/{method}/{seed}.tsv"
    conda:
        "../../envs/wsstad.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        gpu=1,
    params:
        code=code_of("train", "methods", "method"),
        tables=tables_of,
        folder=subpath(output[0], parent=True),
    shell:
        "python -m wsstad.train --tables {params.tables} --split {wildcards.split} --tubes {input.tubes}"
        " --image {input.image} --region {input.region} --method {input.method} --seed {wildcards.seed}"
        " --output {params.folder} --threads {threads} " + LOGGED
