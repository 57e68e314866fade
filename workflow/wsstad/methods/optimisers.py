"""Adam and Adagrad.

Those of torch.optim cost every process two to three seconds, for they import the compiler with the first parameter.
Their formulas are these, and the tests hold these to them. `step` passes over the gradients and then drops them.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


class Optimiser:
    """What all share: `parameters`, learning rate, weight decay, and a state of named lists of tensors."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, learning_rate: float, weight_decay: float = 0.0) -> None:
        self.parameters: list[Tensor] = list(parameters)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.state: dict[str, list[Tensor]] = {}

    def step(self) -> None:
        """Move the parameters that have a gradient, and forget the gradients."""
        raise NotImplementedError

    def forget_gradients(self) -> None:
        """Drop the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def save(self) -> dict[str, Tensor]:
        """Return the state as tensors by name."""
        return {f"{name}/{i}": its for name, values in self.state.items() for i, its in enumerate(values)}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over the state that `save` returned."""
        for name, values in self.state.items():
            for i, its in enumerate(values):
                its.copy_(tensors[f"{name}/{i}"].reshape(its.shape))

    def _zeros(self) -> list[Tensor]:
        return [torch.zeros_like(parameter, requires_grad=False) for parameter in self.parameters]

    def _gradients(self) -> list[Tensor]:
        missing = [parameter.shape for parameter in self.parameters if parameter.grad is None]
        if missing:
            raise ValueError(f"no gradient for parameters of shapes {missing}")
        return [parameter.grad for parameter in self.parameters if parameter.grad is not None]


class Adam(Optimiser):
    """Adam with its usual constants, in one pass over the memory."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, learning_rate: float, weight_decay: float = 0.0) -> None:
        super().__init__(parameters, learning_rate=learning_rate, weight_decay=weight_decay)
        steps = [torch.zeros((), device=parameter.device) for parameter in self.parameters]
        self.state = {"mean": self._zeros(), "square": self._zeros(), "step": steps}

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters by their gradients and drop these."""
        torch._foreach_add_(self.state["step"], 1)
        torch._fused_adam_(
            self.parameters,
            self._gradients(),
            self.state["mean"],
            self.state["square"],
            [],
            self.state["step"],
            lr=self.learning_rate,
            beta1=0.9,
            beta2=0.999,
            weight_decay=self.weight_decay,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
        self.forget_gradients()


class Adagrad(Optimiser):
    """Adagrad, the optimiser of [Sultani 2018]."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, learning_rate: float, weight_decay: float = 0.0) -> None:
        super().__init__(parameters, learning_rate=learning_rate, weight_decay=weight_decay)
        self.state = {"sum": self._zeros()}

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters by their gradients and drop these."""
        for parameter, gradient, total in zip(self.parameters, self._gradients(), self.state["sum"], strict=True):
            gradient = gradient.add(parameter, alpha=self.weight_decay) if self.weight_decay else gradient
            total.addcmul_(gradient, gradient)
            parameter.addcdiv_(gradient, total.sqrt().add_(1e-10), value=-self.learning_rate)
        self.forget_gradients()


OPTIMISERS: dict[str, type[Adam | Adagrad]] = {"adam": Adam, "adagrad": Adagrad}
