"""One page on the whole run, to be opened in a browser: results/report.html, also inside `snakemake --report`.

REQUIRED INPUTS: metrics, models, predictions and illustrations of the tables that `report: tables` names
OUTPUTS: results/report.html
"""


rule report:
    input:
        metrics=ask.shown("evaluate"),
        models=ask.shown("train"),
        predictions=ask.shown("predict"),
        quarantine=ask.shown("audit"),
        illustrations=ask.shown("illustrate"),
    output:
        report(STAGES["report"].output, caption="../report/page.rst", category="Report"),
    log:
        STAGES["report"].log,
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=2000,
    params:
        settings=ask.settings("report"),
        config=ask.assignments,
    shell:
        "python -m wsstad.stages report --log {log:q} --config {params.config:q} --output {output:q} 2> >(tee {log:q} >&2)"
