"""Where the three models are stored: their tables, and the making of them."""

from dataclasses import dataclass

from pydantic import BaseModel

from dynarepo import TableAdmin
from examples.pipelines.models import PipelineConfig, PipelineRun, TableConfig


@dataclass(frozen=True, slots=True)
class TableNames:
    pipelines: str
    tables: str
    runs: str

    @classmethod
    def prefixed(cls, prefix: str) -> "TableNames":
        return cls(f"{prefix}pipelines", f"{prefix}tables", f"{prefix}runs")

    @property
    def models(self) -> tuple[tuple[type[BaseModel], str], ...]:
        return (PipelineConfig, self.pipelines), (TableConfig, self.tables), (PipelineRun, self.runs)


async def create_tables(admin: TableAdmin, names: TableNames) -> bool:
    """Make the tables that are missing, and tell whether all of them were."""
    existing = await admin.list_tables()
    missing = [(model, name) for model, name in names.models if name not in existing]
    for model, name in missing:
        await admin.create_table(model, table_name=name)
    return len(missing) == len(names.models)


async def verify_tables(admin: TableAdmin, names: TableNames) -> None:
    """Raise `TableMismatchError` where a table is not as its model declares, or `TableNotFoundError`."""
    for model, name in names.models:
        await admin.verify(model, table_name=name)
