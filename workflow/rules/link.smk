"""Detections to unary and multivariate tubes.

REQUIRED INPUTS: detections, config/linkers/<linker>.yaml
OUTPUTS: results/<dataset>/tubes/<detector>/<linker>/<video>.<key>.h5 and a manifest for each shard
"""


rule link:
    input:
        detections=STAGES["detect"].output,
    output:
        STAGES["link"].output,
    log:
        STAGES["link"].log,
    benchmark:
        STAGES["link"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=500,
    params:
        settings=ask.settings("link"),
        linker=ask.variant("linkers", "linker"),
        shard_map=paths.SHARD_MAP,
    shell:
        "python -m wsstad.stages link --log {log:q} --shard-map {params.shard_map:q} --shard {wildcards.shard:q} --manifest {output:q}"
        " --detections {input.detections:q} --linker {params.linker:q} 2> >(tee {log:q} >&2)"
