"""One page on the whole run, to be opened in a browser: results/report.html, also inside `snakemake --report`.

REQUIRED INPUTS: metrics, models and illustrations of the tables that `report: tables` names
OUTPUTS: results/report.html
"""


rule report:
    input:
        metrics=ask.shown(paths.METRICS),
        models=ask.shown(paths.MODELS),
        quarantine=ask.shown(paths.QUARANTINE),
        illustrations=ask.shown(paths.ILLUSTRATIONS),
    output:
        report(paths.REPORT, caption="../report/page.rst", category="Report"),
    log:
        "results/logs/report/page.log",
    conda:
        "../../envs/wsstad.yaml"
    resources:
        mem_mb=2000,
    params:
        settings=ask.settings("report"),
        config=ask.assignments,
    shell:
        "python -m wsstad.stages report --config {params.config:q} --output {output} 2> >(tee {log:q} >&2)"
