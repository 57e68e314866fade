"""Features of the training videos and their video-level labels to models, one for each method, seed and fold.

REQUIRED INPUTS: tubes, features, config/datasets/<dataset>/splits/<split>.tsv, config/methods/<method>.yaml of a table
OUTPUTS: results/<dataset>/runs/.../models/<method>/<seed>/fold<k>.<key>.safetensors and <table>/models.tsv
"""


rule train:
    input:
        frames=ask.all_shards("decode"),
        tubes=ask.all_shards("link"),
        image=ask.all_shards("extract_image"),
        region=ask.all_shards("extract_region"),
        quarantine=rules.audit.output,
    output:
        STAGES["train"].output,
    log:
        STAGES["train"].log,
    benchmark:
        STAGES["train"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    threads: 64  # one training each, all of one reading of the features; cut to what the machine has, or a profile says
    resources:
        mem_mb=4000,
        gpu=1,
    params:
        settings=ask.settings("train"),
        shard_map=paths.SHARD_MAP,
        frames=ask.manifests("decode"),
        tubes=ask.manifests("link"),
        image=ask.manifests("extract_image"),
        region=ask.manifests("extract_region"),
        methods=ask.methods,
        scale=ask.scale,
        seeds=ask.seeds,
        tables=ask.tables,
    shell:
        "python -m wsstad.stages train --log {log:q} --tables={params.tables:q} --split {wildcards.split:q} --shard-map {params.shard_map:q}"
        " --frames {params.frames:q} --tubes {params.tubes:q} --image {params.image:q} --region {params.region:q} --methods {params.methods:q}"
        " --scale {params.scale:q} --seeds {params.seeds:q} --output {output:q} --threads {threads} 2> >(tee {log:q} >&2)"
