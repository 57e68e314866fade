"""Frames and tubes to features, one for each clip of the whole image and of each tube.

REQUIRED INPUTS: frames, tubes, config/extractors/<extractor>.yaml and its weights
OUTPUTS: results/<dataset>/features/<extractor>/{image,region/<detector>/<linker>}/<video>.<key>.h5 and manifests
"""


rule extract_image:
    input:
        frames=STAGES["decode"].output,
    output:
        STAGES["extract_image"].output,
    log:
        STAGES["extract_image"].log,
    benchmark:
        STAGES["extract_image"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        gpu=1,
    params:
        settings=ask.settings("extract_image"),
        extractor=ask.variant("extractors", "extractor"),
        tables=ask.tables,
        source=ask.raw_videos,
        shard_map=paths.SHARD_MAP,
        weights_folder=ask.weights,
    shell:
        "python -m wsstad.stages extract --log {log:q} --shard-map {params.shard_map:q} --shard {wildcards.shard:q} --manifest {output:q}"
        " --frames {input.frames:q} --tables={params.tables:q} --source={params.source:q} --extractor {params.extractor:q}"
        " --weights={params.weights_folder:q} --threads {threads} 2> >(tee {log:q} >&2)"


rule extract_region:
    input:
        frames=STAGES["decode"].output,
        tubes=STAGES["link"].output,
    output:
        STAGES["extract_region"].output,
    log:
        STAGES["extract_region"].log,
    benchmark:
        STAGES["extract_region"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        gpu=1,
    params:
        settings=ask.settings("extract_region"),
        extractor=ask.variant("extractors", "extractor"),
        tables=ask.tables,
        source=ask.raw_videos,
        shard_map=paths.SHARD_MAP,
        weights_folder=ask.weights,
    shell:
        "python -m wsstad.stages extract --log {log:q} --shard-map {params.shard_map:q} --shard {wildcards.shard:q} --manifest {output:q}"
        " --frames {input.frames:q} --tubes {input.tubes:q} --tables={params.tables:q} --source={params.source:q}"
        " --extractor {params.extractor:q} --weights={params.weights_folder:q} --threads {threads} 2> >(tee {log:q} >&2)"
