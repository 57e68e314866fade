"""Published annotations to the one canonical table. Nothing but `evaluate` reads it.

REQUIRED INPUTS: config/datasets/<dataset>/dataset.yaml and the annotation files that it names
OUTPUTS: results/<dataset>/annotations/<annotator>.tsv
"""


def annotations_of(wildcards):
    return plan.annotations(wildcards.dataset, wildcards.annotator)


def dataset_of(wildcards):
    return plan.tables(wildcards.dataset) / "dataset.yaml"


rule annotate:
    input:
        annotations=annotations_of,
        dataset=dataset_of,
    output:
        "results/{dataset}/annotations/{annotator}.tsv",
    log:
        "results/logs/annotate/{dataset}/{annotator}.log",
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=1000,
    params:
        code=code_of("annotate"),
        tables=tables_of,
        source=source_of,
    shell:
        "python -m wsstad.annotate --tables {params.tables} --source {params.source:q}"
        " --annotator {wildcards.annotator} --output {output} " + LOGGED
