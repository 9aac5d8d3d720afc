"""Experiments after scoring: training without memorised images, and pruning units that memorise."""
