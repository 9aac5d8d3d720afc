"""Files, progress, processes and the environment: what every layer above may use."""
