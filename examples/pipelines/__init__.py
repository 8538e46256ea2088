"""
Data pipelines over HTTP: a whole FastAPI application on dynarepo. `python -m examples.pipelines` runs it.

Three domains, each in a file with its queries (on a reading repository) and its commands (on a writing one):
the configuration of pipelines, that of their tables, and the logs of their runs.
"""
