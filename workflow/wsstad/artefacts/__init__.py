"""How results are kept: files, keys, manifests, shards of videos, and the child process that isolates one."""
