"""
One command: `python -m examples.distributed_scan`.

It starts a DynamoDB inside the process and four processes of Dask's beside it, and scans 500 items.
"""

import asyncio
import os
import secrets
from decimal import Decimal

from distributed import Client, LocalCluster

from dynarepo import DynamoDBConfig, DynamoDBConnection
from dynarepo.testing import local_dynamodb
from examples.distributed_scan.segments import Checkpoint, Job, Product, connect
from examples.distributed_scan.tasks import run_all


async def main() -> None:
    job = Job("search-names", segments=8, products="products", checkpoints="checkpoints", page_size=20)
    async with local_dynamodb() as config:
        os.environ.update(_environment(config))
        async with connect() as connection:
            await _prepare(connection, job)
        print(await asyncio.to_thread(_scan, job))


def _scan(job: Job) -> str:
    with (
        LocalCluster(n_workers=4, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        summary = run_all(client, job)
    return f"{summary.items} items worth {summary.total}, in {job.segments} segments on 4 processes"


def _environment(config: DynamoDBConfig) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL_DYNAMODB": str(config.endpoint_url),
        "AWS_DEFAULT_REGION": str(config.region),
        "SCAN_CURSOR_KEY": secrets.token_hex(32),
    }


async def _prepare(connection: DynamoDBConnection, job: Job) -> None:
    tables = connection.table_admin()
    await tables.create_table(Product, table_name=job.products)
    await tables.create_table(Checkpoint, table_name=job.checkpoints)
    products = connection.repository(Product, table_name=job.products)
    await products.batch_write(
        Product(sku=f"sku-{number}", name=f"Product {number}", price=Decimal(number) / 100)
        for number in range(500)
    )


if __name__ == "__main__":
    asyncio.run(main())
