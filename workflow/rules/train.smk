"""Features of the training videos and their video-level labels to models, one for each method, seed and fold.

REQUIRED INPUTS: tubes, features, config/datasets/<dataset>/splits/<split>.tsv, config/methods/<method>.yaml of a table
OUTPUTS: results/<dataset>/runs/.../models/<method>/<seed>/fold<k>.<key>.safetensors and <table>/models.tsv
"""


rule train:
    input:
        frames=ask.all_shards(paths.FRAMES),
        tubes=ask.all_shards(paths.TUBES),
        image=ask.all_shards(paths.IMAGE),
        region=ask.all_shards(paths.REGION),
        quarantine=rules.audit.output,
    output:
        paths.MODELS,
    log:
        "results/logs/train/{dataset}/{split}/{extractor}/{detector}/{linker}/{scale}/{table}.log",
    benchmark:
        "results/benchmarks/train/{dataset}/{split}/{extractor}/{detector}/{linker}/{scale}/{table}.tsv"
    conda:
        "../../envs/wsstad.yaml"
    threads: 64  # one training each, all of one reading of the features; cut to what the machine has, or a profile says
    resources:
        mem_mb=4000,
        gpu=1,
    params:
        settings=ask.settings("train"),
        methods=ask.methods,
        scale=ask.scale,
        seeds=ask.seeds,
        tables=ask.tables,
    shell:
        "python -m wsstad.stages train --tables {params.tables} --split {wildcards.split} --frames {input.frames}"
        " --tubes {input.tubes} --image {input.image} --region {input.region} --methods {params.methods:q}"
        " --scale {params.scale:q} --seeds {params.seeds} --output {output} --threads {threads} 2> >(tee {log:q} >&2)"
