"""The settings of a run in its report."""

from sslreg.reports.training.settings_section import settings_section
from sslreg.reports.training.sharpness_section import sharpness_section
from tests import toy

from .runs import observed


def test_the_report_finds_the_temperatures_of_a_joined_head(tmp_path):
    cfg = toy.config(tmp_path)
    alignment = dict(type='AlignmentLoss', weight=0.1)
    cfg.model.head = dict(type='AlignedHead', head=cfg.model.head, alignment=alignment)
    run = observed(tmp_path, cfg)
    settings = settings_section(run).figures['settings']
    assert settings['temperatures'] == 'student 0.1, teacher 0.07 (at the end)'
    assert set(sharpness_section(run).figures['distributions']) == {'untrained network', 'trained network'}
