"""
The service's limits, as numbers with names.

Source: "Quotas in Amazon DynamoDB" and "Constraints in Amazon DynamoDB" of AWS's developer guide.
"""

from __future__ import annotations

from typing import Final

MAX_PARTITION_KEY_BYTES: Final = 2048
MAX_SORT_KEY_BYTES: Final = 1024
MAX_ATTRIBUTE_NAME_BYTES: Final = 65_535
MAX_KEY_NAME_BYTES: Final = 255
MAX_DEPTH: Final = 32
MAX_SIGNIFICANT_DIGITS: Final = 38
MAX_NUMBER_EXPONENT: Final = 125
MIN_NUMBER_EXPONENT: Final = -130

MAX_BATCH_GET_KEYS: Final = 100
MAX_BATCH_WRITE_ITEMS: Final = 25
MAX_BATCH_WRITE_BYTES: Final = 16 * 1024 * 1024
MAX_TRANSACTION_OPERATIONS: Final = 100
MAX_CLIENT_TOKEN_CHARACTERS: Final = 36
#: The service knows a token for ten minutes; less what the last pause and the way to it may take.
MAX_CLIENT_TOKEN_SECONDS: Final = 590

MAX_EXPRESSION_BYTES: Final = 4096
MAX_EXPRESSION_OPERATORS: Final = 300
MAX_IN_OPERANDS: Final = 100

MAX_SEGMENTS: Final = 1_000_000
MAX_PAGE_SIZE: Final = 2**31 - 1
MAX_GLOBAL_INDEXES: Final = 20
MAX_LOCAL_INDEXES: Final = 5
MAX_INDEX_KEY_PARTS: Final = 4
