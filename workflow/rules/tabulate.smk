"""Metrics to the benchmark tables: one for each dataset and one for all.

REQUIRED INPUTS: the metrics of every configured run, config/paper/table{1..5}.tsv
OUTPUTS: results/<dataset>/tables/benchmark.{tsv,md} and results/tables/benchmark.{tsv,md}
"""

PAPER = [f"{workflow.basedir}/config/paper/table{number}.tsv" for number in range(1, 6)]


rule tabulate_dataset:
    input:
        metrics=ask.metrics,
        paper=PAPER,
    output:
        tsv="results/{dataset}/tables/benchmark.tsv",
        md="results/{dataset}/tables/benchmark.md",
    log:
        "results/logs/tabulate/{dataset}.log",
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=500,
    params:
        code=ask.code("tabulate"),
    shell:
        "python -m wsstad.tabulate --metrics {input.metrics} --paper {input.paper:q}"
        " --output-tsv {output.tsv} --output-md {output.md} 2> >(tee {log:q} >&2)"


rule tabulate:
    input:
        metrics=[path for dataset in plan.datasets() for path in plan.metrics(dataset)],
        paper=PAPER,
    output:
        tsv="results/tables/benchmark.tsv",
        md="results/tables/benchmark.md",
    log:
        "results/logs/tabulate.log",
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=500,
    params:
        code=ask.code("tabulate"),
    shell:
        "python -m wsstad.tabulate --metrics {input.metrics} --paper {input.paper:q}"
        " --output-tsv {output.tsv} --output-md {output.md} 2> >(tee {log:q} >&2)"
