"""Metrics to tables: one for each dataset and one for all, as numbers, Markdown and LaTeX.

REQUIRED INPUTS: the metrics of every configured block, config/tables/<table>.yaml, config/paper/
OUTPUTS: results/<dataset>/tables/<table>.{tsv,comparisons.tsv,md,tex}, and the same in results/tables/
TARGETS: each table by its name, such as table2
"""


rule tabulate_dataset:
    input:
        metrics=ask.metrics,
    output:
        STAGES["tabulate_dataset"].outputs,
    log:
        STAGES["tabulate_dataset"].log,
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=500,
    params:
        settings=ask.settings("tabulate"),
        title=ask.title,
        paper=ask.paper_flag,
    shell:
        "python -m wsstad.stages tabulate --log {log:q} --title={params.title:q} --metrics {input.metrics:q} {params.paper:q}"
        " --output {output:q} 2> >(tee {log:q} >&2)"


use rule tabulate_dataset as tabulate with:
    output:
        STAGES["tabulate"].outputs,
    log:
        STAGES["tabulate"].log,


for table in plan.table_names():

    rule:
        name:
            table
        input:
            ask.everything(table),
