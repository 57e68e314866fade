"""The gate before training: which videos are quarantined, and whether they are too many.

REQUIRED INPUTS: all manifests of the stages that can quarantine a video
OUTPUTS: results/<dataset>/quarantine/<extractor>/<detector>/<linker>.tsv
"""


rule audit:
    input:
        image=ask.all_shards("extract_image"),
        region=ask.all_shards("extract_region"),
    output:
        STAGES["audit"].output,
    log:
        STAGES["audit"].log,
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=500,
    params:
        settings=ask.settings("audit"),
        shard_map=paths.SHARD_MAP,
        image=ask.manifests("extract_image"),
        region=ask.manifests("extract_region"),
        budget=lookup("quarantine/budget", within=plan.config),
        videos=lookup("quarantine/videos", within=plan.config),
        strict=["--strict"] if plan.config["quarantine"]["strict"] else [],
    shell:
        "python -m wsstad.stages audit --log {log:q} --shard-map {params.shard_map:q} --manifests {params.image:q} {params.region:q}"
        " --budget {params.budget:q} --videos {params.videos:q} {params.strict:q} --output {output:q} 2> >(tee {log:q} >&2)"
