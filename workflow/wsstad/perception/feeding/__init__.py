"""How frames and clips reach a network: processes that read ahead, and batches that span videos."""
