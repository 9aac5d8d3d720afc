"""Parts of a config without a ``type`` whose keys are fixed."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from sslreg.arguments import Bounds, NonNegativeInt, PositiveInt


@dataclass
class AutoScaleLR:
    """Keys of ``auto_scale_lr``."""

    config_key: ClassVar[str] = 'auto_scale_lr'
    base_batch_size: PositiveInt
    enable: bool = False


@dataclass
class EnvironmentConfig:
    """Keys of ``env_cfg``, which ``Runner.setup_env`` reads."""

    config_key: ClassVar[str] = 'env_cfg'
    cudnn_benchmark: bool = False
    mp_cfg: dict[str, Any] | None = None
    dist_cfg: dict[str, Any] | None = None
    resource_limit: PositiveInt = 4096


@dataclass
class ProcessesConfig:
    """Keys of ``env_cfg.mp_cfg``, which ``mmengine.utils.dl_utils.set_multi_processing`` reads."""

    config_key: ClassVar[str] = 'mp_cfg'
    mp_start_method: Literal['fork', 'spawn', 'forkserver'] | None = 'fork'
    opencv_num_threads: NonNegativeInt | None = 0


@dataclass
class RandomnessConfig:
    """Keys of ``randomness``, the arguments of ``Runner.set_randomness``."""

    config_key: ClassVar[str] = 'randomness'
    seed: Annotated[int, Bounds(least=0, most=2**32 - 1)] | None
    diff_rank_seed: bool = False
    deterministic: bool = False


@dataclass
class RuntimeSettings:
    """Keys of a config that are plain values."""

    config_key: ClassVar[str] = 'the config'
    resume: bool = False
    load_from: str | None = None
    work_dir: str | None = None
    log_level: Literal['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG', 'NOTSET'] | int = 'INFO'
    default_scope: str | None = None
    experiment_name: str | None = None
