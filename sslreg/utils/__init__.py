"""Files, progress, processes and the environment: usable from every layer."""
