"""Reads mail in this process: histories are written by us, and ten thousand of them shall not wait for worker processes."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, Unpack

from gateway.pipeline.settings import ParseSettings
from gateway.pipeline.worker import Workers

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class InlineWorkers(Workers):
    """Workers that are not there: the work is done at once, without limits."""

    def __init__(self) -> None:
        super().__init__(ParseSettings())

    async def run(self, function: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments) -> Result:
        """Do the work."""
        return function(*arguments)
