"""One module a rule: flags, keys and wiring. What computes lives in the other rooms."""
