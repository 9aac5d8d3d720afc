from sslreg.memorization.config_differences import config_differences


def test_differences_are_named_by_their_place():
    a = dict(views=[dict(gray=0.2, size=8)], type='x', only=1)
    b = dict(views=[dict(gray=0.5, size=8)], type='x')
    assert config_differences(a, b, 'config') == ['config.views[0].gray=0.2 and 0.5', 'config.only=1 and None']


def test_lists_of_other_lengths_differ_as_a_whole():
    assert config_differences([1], [1, 2], 'ks') == ['ks=[1] and [1, 2]']
    assert config_differences((1, 2), [1, 2], 'ks') == []


def test_a_class_is_its_name():
    assert config_differences(dict(type=dict), dict(type='dict')) == []
    assert config_differences(dict(type=dict), dict(type='list')) != []
