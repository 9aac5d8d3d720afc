"""Updates of the teacher."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.models.teacher import start_teacher
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap


@HOOKS.register_module()
class TeacherEMAHook(Hook):
    """Update of ``model.teacher`` towards the student after every step of the optimizer.

    The teacher becomes a copy of the student when training starts; a resumed teacher is not changed. With gradient
    accumulation it moves once per step of the optimizer. A model with a teacher adds this hook; listing it, even twice,
    is harmless.
    """

    priority = 'ABOVE_NORMAL'  # a user's hooks see the teacher after it has moved

    def before_train(self, runner: Runner) -> None:
        """Start the teacher.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: The model has no teacher.
        """
        self.model = unwrap(runner.model)
        if getattr(self.model, 'teacher', None) is None:
            raise ValueError(
                f'TeacherEMAHook: {type(self.model).__name__} has no teacher; add '
                'model.teacher=dict(type=EMATeacher), or remove the hook'
            )
        start_teacher(self.model)
        self.is_first = next(hook for hook in runner.hooks if isinstance(hook, TeacherEMAHook)) is self

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Move the teacher after a step of the optimizer."""
        if self.is_first and runner.optim_wrapper.should_update():
            self.model.teacher.update_parameters(self.model.student)
