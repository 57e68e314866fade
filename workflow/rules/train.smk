"""Features of the training videos and their video-level labels to models, one for each fold.

REQUIRED INPUTS: tubes, features, config/datasets/<dataset>/splits/<split>.tsv, config/methods/<method>.yaml
OUTPUTS: results/<dataset>/runs/<split>/<extractor>/<detector>/<linker>/<method>/<seed>/{fold<k>.<key>.safetensors,models.tsv}
"""


rule train:
    input:
        tubes=ask.all_shards(names.TUBES),
        image=ask.all_shards(names.IMAGE),
        region=ask.all_shards(names.REGION),
        quarantine=rules.audit.output,
        split=ask.split,
        method=ask.variant("methods", "method"),
    output:
        names.MODELS,
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
        code=ask.code("train", "methods", "method"),
        tables=ask.tables,
        folder=subpath(output[0], parent=True),
    shell:
        "python -m wsstad.train --tables {params.tables} --split {wildcards.split} --tubes {input.tubes}"
        " --image {input.image} --region {input.region} --method {input.method} --seed {wildcards.seed}"
        " --output {params.folder} --threads {threads} 2> >(tee {log:q} >&2)"
