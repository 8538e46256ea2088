"""The FastAPI module, seen through HTTP."""
