"""Models to their cards: beside each, what footage must go through to be scored by it.

REQUIRED INPUTS: models of a table, the YAML files of the detector, the linker and the extractor
OUTPUTS: results/<dataset>/runs/.../models/<method>/<seed>/fold<k>.<key>.card.json and <table>/cards.tsv
"""


rule describe:
    input:
        models=rules.train.output,
    output:
        STAGES["describe"].output,
    log:
        STAGES["describe"].log,
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=500,
    params:
        settings=ask.settings("describe"),
        methods=ask.methods,
        detector=ask.variant("detectors", "detector"),
        linker=ask.variant("linkers", "linker"),
        extractor=ask.variant("extractors", "extractor"),
        decode=ask.decoding,
    shell:
        "python -m wsstad.stages describe --log {log:q} --models {input.models:q} --methods {params.methods:q}"
        " --dataset {wildcards.dataset:q} --split {wildcards.split:q}"
        " --detector {params.detector:q} --linker {params.linker:q} --extractor {params.extractor:q}"
        " --decode {params.decode:q} --output {output:q} 2> >(tee {log:q} >&2)"
