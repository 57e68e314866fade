"""What the report shows of every test video: scores over time, crops of the top-1 tube, a short clip.

REQUIRED INPUTS: predictions, annotations, tubes, frames
OUTPUTS: results/<dataset>/runs/.../illustrations/<annotator>/<video>.<key>.h5 and manifests/<table>.tsv
"""


rule illustrate:
    input:
        predictions=rules.predict.output,
        annotations=rules.annotate.output,
        tubes=ask.all_shards("link"),
        frames=ask.all_shards("decode"),
    output:
        STAGES["illustrate"].output,
    log:
        STAGES["illustrate"].log,
    benchmark:
        STAGES["illustrate"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=1000,
    params:
        settings=ask.settings("illustrate"),
        shard_map=paths.SHARD_MAP,
        tubes=ask.manifests("link"),
        frames=ask.manifests("decode"),
        method=ask.illustrated,
        tables=ask.tables,
        source=ask.raw_videos,
        pixels=ask.pixels,
    shell:
        "python -m wsstad.stages illustrate --log {log:q} --tables={params.tables:q} --source={params.source:q} --split {wildcards.split:q}"
        " --shard-map {params.shard_map:q} --frames {params.frames:q} --tubes {params.tubes:q} --predictions {input.predictions:q}"
        " --annotations {input.annotations:q} --method {params.method:q} {params.pixels:q} --manifest {output:q}"
        " 2> >(tee {log:q} >&2)"
