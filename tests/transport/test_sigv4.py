"""The signature, against botocore's own signer."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dynarepo._transport._direct import _host_header
from dynarepo._transport._sigv4 import Signer

REQUESTS = 10_000
OPERATIONS = ("GetItem", "PutItem", "Query", "TransactWriteItems")
REGIONS = ("eu-west-1", "us-gov-west-1", "ap-southeast-3")
URLS = (
    "https://dynamodb.eu-west-1.amazonaws.com",
    "https://dynamodb.eu-west-1.amazonaws.com:443/",
    "https://Example.COM:8443",
    "http://127.0.0.1:8000",
    "http://localhost:80",
    "http://[::1]:4566/",
)


def random_credentials(chance: random.Random) -> Credentials:
    secret = base64.b64encode(chance.randbytes(30)).decode()
    token = base64.b64encode(chance.randbytes(chance.randrange(1, 300))).decode()
    return Credentials(
        f"AKIA{chance.randrange(10**16):016}", secret, token if chance.random() < 0.5 else None
    )


def test_generated_requests_are_signed_as_botocore_signs_them() -> None:
    chance = random.Random(20_260_101)  # noqa: S311 - no secret is made of it
    signers = {(url, region): Signer(_host_header(url), region) for url in URLS for region in REGIONS}
    credentials = [random_credentials(chance) for _ in range(40)]
    second = 1_700_000_000
    for _ in range(REQUESTS):
        url, region, used = chance.choice(URLS), chance.choice(REGIONS), chance.choice(credentials)
        second += chance.choice((0, 0, 0, 1, 86_400, -3_600))
        operation, body = chance.choice(OPERATIONS), chance.randbytes(chance.randrange(200))
        ours = signers[url, region].headers(operation, body, used, now=second + chance.random())
        assert ours == botocores(url, region, used, second, operation, body)


def botocores(
    url: str, region: str, credentials: Credentials, second: int, operation: str, body: bytes
) -> dict[str, str]:
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
    }
    request = AWSRequest("POST", url, headers=headers, data=body)
    with patch("botocore.auth.get_current_datetime", return_value=datetime.fromtimestamp(second, UTC)):
        SigV4Auth(credentials, "dynamodb", region).add_auth(request)
    return {"Host": _host_header(url), **dict(request.headers.items())}
