"""Seeds of generators that draw differently at each step of a run."""


def derived_seed(seed: int, step: int) -> int:
    """Return the seed of a step, epoch or rank from the seed of a run; the draws of other steps and runs differ."""
    return seed * 1_000_003 + step  # a prime larger than the number of steps that are told apart
