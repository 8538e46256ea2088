"""What users hold: connections, repositories, transactions, tables."""

from dynarepo._repository._admin import TableAdmin
from dynarepo._repository._batch import Batch
from dynarepo._repository._connection import DynamoDBConnection
from dynarepo._repository._gateway import TableGateway
from dynarepo._repository._options import QueryOptions, ScanOptions
from dynarepo._repository._read import AsyncReadRepository
from dynarepo._repository._repository import AsyncDynamoDBRepository
from dynarepo._repository._transaction import WriteTransaction
from dynarepo._repository._union import AsyncUnionRepository
from dynarepo._repository._write import AsyncWriteRepository

__all__ = [
    "AsyncDynamoDBRepository",
    "AsyncReadRepository",
    "AsyncUnionRepository",
    "AsyncWriteRepository",
    "Batch",
    "DynamoDBConnection",
    "QueryOptions",
    "ScanOptions",
    "TableAdmin",
    "TableGateway",
    "WriteTransaction",
]
