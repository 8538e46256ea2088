"""What can go wrong, in this application's own words; a library's error behind it is the `__cause__`."""

from typing import ClassVar

from examples.pipelines.models import RunStatus


class PipelinesError(Exception):
    """
    The base of them.

    Attributes:
        status: The HTTP status that it means.
        retry_after: Seconds after which the same request may succeed.
        detail: What is wrong, for the client.
        context: What it is about, by name.
    """

    status: ClassVar[int] = 409
    retry_after: ClassVar[int | None] = None

    def __init__(self, detail: str, **context: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.context = context


class NotFoundError(PipelinesError):
    status = 404


class PipelineNotFoundError(NotFoundError):
    def __init__(self, pipeline_id: str) -> None:
        super().__init__("there is no such pipeline", pipeline_id=pipeline_id)


class TableConfigNotFoundError(NotFoundError):
    def __init__(self, pipeline_id: str, table_name: str) -> None:
        super().__init__("the pipeline has no such table", pipeline_id=pipeline_id, table_name=table_name)


class RunNotFoundError(NotFoundError):
    def __init__(self, pipeline_id: str, run_id: str) -> None:
        super().__init__("the pipeline has no such run", pipeline_id=pipeline_id, run_id=run_id)


class PipelineAlreadyExistsError(PipelinesError):
    def __init__(self, pipeline_id: str) -> None:
        super().__init__("there is a pipeline of this id", pipeline_id=pipeline_id)


class PipelineInactiveError(PipelinesError):
    def __init__(self, pipeline_id: str) -> None:
        super().__init__("the pipeline is not active; activate it to start a run", pipeline_id=pipeline_id)


class PipelineBusyError(PipelinesError):
    def __init__(self, pipeline_id: str) -> None:
        super().__init__(
            "the pipeline has running runs; finish them before it is deleted", pipeline_id=pipeline_id
        )


class PipelineChangedError(PipelinesError):
    """Somebody else wrote first."""

    status = 412

    def __init__(self, pipeline_id: str, expected: int | None, found: int | None) -> None:
        super().__init__(
            "the pipeline was changed since it was read; read it again",
            pipeline_id=pipeline_id,
            expected=expected,
            found=found,
        )


class RunAlreadyFinishedError(PipelinesError):
    def __init__(self, pipeline_id: str, run_id: str, run_status: RunStatus) -> None:
        super().__init__(
            "the run is finished already", pipeline_id=pipeline_id, run_id=run_id, run_status=run_status
        )


class LogFullError(PipelinesError):
    def __init__(self, pipeline_id: str, run_id: str) -> None:
        super().__init__("the log of the run takes no more lines", pipeline_id=pipeline_id, run_id=run_id)


class TablesNotWrittenError(PipelinesError):
    """A batch ended early: `failed` were not written, of `unknown` nobody can know; put both again."""

    status = 503
    retry_after = 1

    def __init__(self, pipeline_id: str, written: int, failed: list[str], unknown: list[str]) -> None:
        super().__init__(
            "not all tables were written; put the others again",
            pipeline_id=pipeline_id,
            written=written,
            failed=failed,
            unknown=unknown,
        )
