"""Published annotations to the one canonical table. No stage up to and including `predict` reads it.

REQUIRED INPUTS: config/datasets/<dataset>/dataset.yaml and the annotation files that it names
OUTPUTS: results/<dataset>/annotations/<annotator>.tsv
"""


rule annotate:
    output:
        STAGES["annotate"].output,
    log:
        STAGES["annotate"].log,
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=1000,
    params:
        settings=ask.settings("annotate"),
        tables=ask.tables,
        source=ask.source,
    shell:
        "python -m wsstad.stages annotate --log {log:q} --tables={params.tables:q} --source={params.source:q}"
        " --annotator {wildcards.annotator:q} --output {output:q} 2> >(tee {log:q} >&2)"
