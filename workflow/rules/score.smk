"""Footage without labels to the scores and verdicts of a trained model.

REQUIRED INPUTS: a model and its card; frames, tubes and features of the footage, made by what the card names
OUTPUTS: results/<name>/scores/<model>/<video>.<key>.{tubes.json,scores.csv,timeline.png,overlay.mp4}, manifests,
         results/<name>/scores/<model>/verdicts.{tsv,txt,html}
TARGETS: scores
"""


rule score:
    input:
        frames=STAGES["decode"].output,
        tubes=ask.footage("link"),
        image=ask.footage("extract_image"),
        region=ask.footage("extract_region"),
    output:
        STAGES["score"].output,
    log:
        STAGES["score"].log,
    benchmark:
        STAGES["score"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=ask.settings("score"),
        tables=ask.tables,
        source=ask.raw_videos,
        shard_map=paths.SHARD_MAP,
        model=ask.model,
        alarms_per_hour=ask.scoring("alarms_per_hour"),
        threshold=ask.threshold_flag,
        overlay=ask.overlay_flag,
        crf=ask.scoring("crf"),
    shell:
        "python -m wsstad.stages score --log {log:q} --shard-map {params.shard_map:q} --shard {wildcards.shard:q} --manifest {output:q}"
        " --frames {input.frames:q} --tubes {input.tubes:q} --image {input.image:q} --region {input.region:q}"
        " --tables={params.tables:q} --source={params.source:q} --model={params.model:q}"
        " --alarms-per-hour {params.alarms_per_hour:q} {params.threshold:q} {params.overlay:q} --crf {params.crf:q} --threads {threads} 2> >(tee {log:q} >&2)"


rule verdict:
    input:
        scores=ask.all_shards("score"),
    output:
        STAGES["verdict"].output,
    log:
        STAGES["verdict"].log,
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=500,
    params:
        settings=ask.settings("verdict"),
        shard_map=paths.SHARD_MAP,
        scores=ask.manifests("score"),
        tables=ask.tables,
        model=ask.model,
    shell:
        "python -m wsstad.stages verdict --log {log:q} --shard-map {params.shard_map:q} --scores {params.scores:q} --tables={params.tables:q} --model={params.model:q}"
        " --output {output:q} 2> >(tee {log:q} >&2)"
