"""Raw videos to frames: every decodable frame once, upright, on the clip grid, with an index.

REQUIRED INPUTS: config/datasets/<dataset>/videos.tsv and the videos that it names; only objects are inputs, to be fetched
OUTPUTS: results/<dataset>/frames/<video>.<key>.{mp4,h5} and a manifest for each shard
"""


rule decode:
    input:
        objects,
    output:
        STAGES["decode"].output,
    log:
        STAGES["decode"].log,
    benchmark:
        STAGES["decode"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=1000,
    params:
        settings=ask.settings("decode"),
        tables=ask.tables,
        source=ask.raw_videos,
        shard_map=paths.SHARD_MAP,
        store=lookup("decode/store", within=plan.config),
        crf=lookup("decode/crf", within=plan.config),
        damaged=lookup("decode/damaged", within=plan.config),
        max_pixels=lookup("decode/max_pixels", within=plan.config),
        checksums=ask.checksums,
    shell:
        "python -m wsstad.stages decode --log {log:q} --shard-map {params.shard_map:q} --shard {wildcards.shard:q} --manifest {output:q}"
        " --tables={params.tables:q} --source={params.source:q} --store {params.store:q} --crf {params.crf:q}"
        " --damaged {params.damaged:q} --max-pixels {params.max_pixels:q} {params.checksums:q} 2> >(tee {log:q} >&2)"
