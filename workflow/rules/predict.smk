"""Models to predictions: the score of every sub-tube of the test videos, and the boxes of the top-1.

REQUIRED INPUTS: models (of a trained method), tubes, features
OUTPUTS: results/<dataset>/runs/.../<method>/<seed>/{fold<k>.predictions.<key>.h5,predictions.tsv}
"""


rule predict:
    input:
        tubes=ask.all_shards(names.TUBES),
        image=ask.all_shards(names.IMAGE),
        region=ask.all_shards(names.REGION),
        quarantine=rules.audit.output,
        split=ask.split,
        method=ask.variant("methods", "method"),
        models=ask.models,
    output:
        names.PREDICTIONS,
    log:
        "results/logs/predict/{dataset}/{split}/{extractor}/{detector}/{linker}/{method}/{seed}.log",
    benchmark:
        "results/benchmarks/predict/{dataset}/{split}/{extractor}/{detector}/{linker}/{method}/{seed}.tsv"
    conda:
        "../../envs/wsstad.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        code=ask.code("predict", "methods", "method"),
        tables=ask.tables,
        folder=subpath(output[0], parent=True),
        models=ask.models_flag,
    shell:
        "python -m wsstad.predict --tables {params.tables} --split {wildcards.split} --tubes {input.tubes}"
        " --image {input.image} --region {input.region} --method {input.method} --seed {wildcards.seed}"
        " {params.models} --output {params.folder} --threads {threads} 2> >(tee {log:q} >&2)"
