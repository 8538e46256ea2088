"""Checkpoints in a DynamoDB table: one item for each shard."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from dynarepo._repository import AsyncDynamoDBRepository
from dynarepo.exceptions import InvalidRequestError

__all__ = ["ShardPosition", "TableCheckpoints"]


class ShardPosition(BaseModel):
    """
    How far a consumer has read one shard.

    Attributes:
        consumer: The name of the consumer, and the stream.
        shard_id: The shard.
        position: The sequence number of the last change that was processed, or what stands for none.
    """

    consumer: str
    shard_id: str
    position: str

    class Meta:
        """Its table, which is best one of its own."""

        partition_key = "consumer"
        sort_key = "shard_id"


class TableCheckpoints:
    """
    Checkpoints that a repository keeps, so that they outlive the process.

        positions = connection.repository(ShardPosition, table_name="positions")
        checkpoints = TableCheckpoints(positions, "invoices")
        async for change in orders.changes(start="oldest", checkpoints=checkpoints): ...

    Give them a table of their own: in the one that is followed, each of them would be a change. Two runs at a
    time under one name both get every change, and the positions are those of the one that saved last.

    Args:
        repository: Stores them; of a subclass of `ShardPosition`, where a table needs other keys.
        consumer: The name under which this consumer goes on.
    """

    def __init__(self, repository: AsyncDynamoDBRepository[ShardPosition], consumer: str) -> None:
        if not isinstance(consumer, str) or not consumer:
            raise InvalidRequestError("a consumer has a name, under which it goes on")
        self._repository = repository
        self._consumer = consumer

    async def load(self, stream_arn: str) -> Mapping[str, str]:
        """
        Give what was saved for a stream.

        Costs one consistent Query for each 1 MB of positions.
        """
        kept = self._repository.iter_query_items(self._name(stream_arn), consistent=True)
        return {each.shard_id: each.position async for each in kept}

    async def save(self, stream_arn: str, positions: Mapping[str, str | None]) -> None:
        """
        Keep it.

        Costs one write of an item of less than 1 KB for each position.
        """
        name = self._name(stream_arn)
        kept = [
            ShardPosition(consumer=name, shard_id=shard_id, position=position)
            for shard_id, position in positions.items()
            if position is not None
        ]
        gone = [(name, shard_id) for shard_id, position in positions.items() if position is None]
        if len(kept) == 1:
            await self._repository.save(kept[0])
        elif kept:
            await self._repository.batch_write(kept)
        if gone:
            await self._repository.batch_delete(gone)

    def _name(self, stream_arn: str) -> str:
        return f"{self._consumer} {stream_arn}"
