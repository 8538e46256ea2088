"""Changes of a table's items: records decoded, shards in the order of their lineage, and checkpoints."""

from dynarepo._streams._callbacks import called, check_callback
from dynarepo._streams._calls import StreamCalls
from dynarepo._streams._change import Change, ChangeKind
from dynarepo._streams._errors import InvalidChangeError, StreamNotFoundError, StreamTrimmedError
from dynarepo._streams._positions import CheckpointStore, MemoryCheckpoints
from dynarepo._streams._reader import Start, StreamOptions, StreamReader
from dynarepo._streams._records import ChangeDecoder, MalformedRecordError, StreamRecord, read_record

__all__ = [
    "Change",
    "ChangeDecoder",
    "ChangeKind",
    "CheckpointStore",
    "InvalidChangeError",
    "MalformedRecordError",
    "MemoryCheckpoints",
    "Start",
    "StreamCalls",
    "StreamNotFoundError",
    "StreamOptions",
    "StreamReader",
    "StreamRecord",
    "StreamTrimmedError",
    "called",
    "check_callback",
    "read_record",
]
