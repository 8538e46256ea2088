"""A table read and changed by many processes: every segment of the scan is a task of Dask's."""
