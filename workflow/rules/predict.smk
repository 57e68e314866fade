"""Models to predictions: the score of every sub-tube of the test videos, and the boxes of the top-1.

REQUIRED INPUTS: models (of the methods that are trained), detections, tubes, features
OUTPUTS: results/<dataset>/runs/.../predictions/<method>/<seed>/fold<k>.<key>.h5 and <table>/predictions.tsv
"""


rule predict:
    input:
        frames=ask.all_shards("decode"),
        detections=ask.detections,
        tubes=ask.all_shards("link"),
        image=ask.all_shards("extract_image"),
        region=ask.all_shards("extract_region"),
        quarantine=rules.audit.output,
        models=rules.train.output,
    output:
        STAGES["predict"].output,
    log:
        STAGES["predict"].log,
    benchmark:
        STAGES["predict"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=ask.settings("predict"),
        shard_map=paths.SHARD_MAP,
        frames=ask.manifests("decode"),
        tubes=ask.manifests("link"),
        image=ask.manifests("extract_image"),
        region=ask.manifests("extract_region"),
        methods=ask.methods,
        scale=ask.scale,
        seeds=ask.seeds,
        detections=ask.detections_flag,
        tables=ask.tables,
    shell:
        "python -m wsstad.stages predict --log {log:q} --tables={params.tables:q} --split {wildcards.split:q} --shard-map {params.shard_map:q}"
        " --frames {params.frames:q} {params.detections:q} --tubes {params.tubes:q} --image {params.image:q} --region {params.region:q}"
        " --methods {params.methods:q} --scale {params.scale:q} --seeds {params.seeds:q} --models {input.models:q}"
        " --output {output:q}"
        " --threads {threads} 2> >(tee {log:q} >&2)"
