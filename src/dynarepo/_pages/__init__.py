"""Pages, batches and cursors."""

from dynarepo._pages._at_once import all_at_once
from dynarepo._pages._batch_get import read_batch
from dynarepo._pages._batch_write import BatchWriter
from dynarepo._pages._caller import Caller, RecordingChannel
from dynarepo._pages._loader import load
from dynarepo._pages._native_reader import NativeReader
from dynarepo._pages._parallel import read_segments
from dynarepo._pages._reader import PageReader
from dynarepo._pages._result import PaginationResult

__all__ = [
    "BatchWriter",
    "Caller",
    "NativeReader",
    "PageReader",
    "PaginationResult",
    "RecordingChannel",
    "all_at_once",
    "load",
    "read_batch",
    "read_segments",
]
