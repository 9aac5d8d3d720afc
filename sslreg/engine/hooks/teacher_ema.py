from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap


@HOOKS.register_module()
class TeacherEMAHook(Hook):
    """Move ``model.teacher`` towards the student after every step of the optimizer.

    The teacher becomes the student's copy when training starts, since ``init_weights()`` runs after construction; a
    resumed teacher is left as it is. With gradient accumulation it moves once per real step.
    """

    def before_train(self, runner: Runner) -> None:
        """Copy the student unless the teacher has moved before.

        Raises:
            ValueError: The model has no teacher.
        """
        self.model = unwrap(runner.model)
        if getattr(self.model, 'teacher', None) is None:
            raise ValueError(
                f'TeacherEMAHook: {type(self.model).__name__} has no teacher; add '
                'model.teacher=dict(type=EMATeacher), or remove the hook'
            )
        if self.model.teacher.steps == 0:
            self.model.teacher.module.load_state_dict(self.model.student.state_dict())
            self.model.teacher.steps += 1

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        if runner.optim_wrapper.should_update():
            self.model.teacher.update_parameters(self.model.student)
