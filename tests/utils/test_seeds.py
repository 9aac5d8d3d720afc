from sslreg.utils.seeds import derived_seed


def test_seeds_of_runs_and_steps_all_differ():
    assert len({derived_seed(seed, step) for seed in range(3) for step in (0, 1, 10_007, 1_000_002)}) == 12


def test_values_stay_those_of_checkpoints_written_before():
    assert derived_seed(0, 7) == 7
    assert derived_seed(2, 5) == 2_000_011
