"""Test videos to look at: the predicted tube, the truth, and a timeline of the scores.

REQUIRED INPUTS: frames, tubes, predictions, annotations
OUTPUTS: results/<dataset>/runs/.../<table>/overlays/<annotator>/<method>/<seed>/<video>.<key>.mp4 and manifests
TARGETS: overlays
"""


rule overlay:
    input:
        frames=STAGES["decode"].output,
        tubes=STAGES["link"].output,
        predictions=rules.predict.output,
        annotations=rules.annotate.output,
    output:
        STAGES["overlay"].output,
    log:
        STAGES["overlay"].log,
    benchmark:
        STAGES["overlay"].benchmark
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=1500,
    params:
        settings=ask.settings("overlay"),
        tables=ask.tables,
        source=ask.raw_videos,
        shard_map=paths.SHARD_MAP,
        alarms_per_hour=lookup("evaluate/alarms_per_hour", within=plan.config),
        crf=lookup("overlays/crf", within=plan.config),
    shell:
        "python -m wsstad.stages overlay --log {log:q} --shard-map {params.shard_map:q} --shard {wildcards.shard:q} --manifest {output:q}"
        " --tables={params.tables:q} --source={params.source:q} --split {wildcards.split:q} --frames {input.frames:q}"
        " --tubes {input.tubes:q} --predictions {input.predictions:q} --annotations {input.annotations:q}"
        " --method {wildcards.method:q} --seed {wildcards.seed:q} --alarms-per-hour {params.alarms_per_hour:q}"
        " --crf {params.crf:q} 2> >(tee {log:q} >&2)"
