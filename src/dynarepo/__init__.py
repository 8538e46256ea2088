"""An async repository for Amazon DynamoDB: Pydantic models stay pure data, the repository persists them."""

__version__ = "0.1.0"
