"""Frames to detections: what the detector sees in every frame.

REQUIRED INPUTS: frames, config/detectors/<detector>.yaml and its weights, or the file of boxes that it names
OUTPUTS: results/<dataset>/detections/<detector>/<video>.<key>.h5 and a manifest for each shard
"""


rule detect:
    input:
        frames=STAGES["decode"].output,
    output:
        STAGES["detect"].output,
    log:
        STAGES["detect"].log,
    benchmark:
        STAGES["detect"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        gpu=1,
    params:
        settings=ask.settings("detect"),
        detector=ask.variant("detectors", "detector"),
        tables=ask.tables,
        source=ask.raw_videos,
        boxes=ask.source,
        shard_map=paths.SHARD_MAP,
        weights_folder=ask.weights,
    shell:
        "python -m wsstad.stages detect --log {log:q} --shard-map {params.shard_map:q} --shard {wildcards.shard:q} --manifest {output:q}"
        " --frames {input.frames:q} --tables={params.tables:q} --source={params.source:q} --detector {params.detector:q}"
        " --boxes={params.boxes:q} --weights={params.weights_folder:q} --threads {threads} 2> >(tee {log:q} >&2)"
