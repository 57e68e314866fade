"""Results -> tables, the report, pictures and verdicts. Computes no metric."""
