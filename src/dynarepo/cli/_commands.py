"""The command `dynarepo` and its families."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from dynarepo.cli._copying import copy_command
from dynarepo.cli._exits import Exit, told
from dynarepo.cli._exporting import export_command
from dynarepo.cli._following import stream_command
from dynarepo.cli._importing import import_command
from dynarepo.cli._listing import count_command, query_command, scan_command
from dynarepo.cli._local import local_command
from dynarepo.cli._reading import get_command
from dynarepo.cli._tables import tables_group

__all__ = ["dynarepo"]


class _CommandLine(click.Group):
    """Ends with one line where a command fails, and with the exit codes of `Exit`."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002 - click's signature
        **extra: Any,
    ) -> Any:
        """Run it; always as the whole program, so that it ends by `SystemExit`."""
        try:
            ended = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(Exit.USAGE)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence
            message, code = told(error)
        else:
            sys.exit(ended if isinstance(ended, int) else Exit.OK)
        click.echo(f"dynarepo: {message}", err=True)
        sys.exit(code)


@click.group(cls=_CommandLine, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="dynarepo")
def dynarepo() -> None:
    """
    Look after DynamoDB tables and their items.

    Exit codes: 0 done; 1 failed; 2 the call is wrong; 3 the answer is no (tables differ, no such item), or a
    part is not done; 130 interrupted. Where the environment has DYNAMODB_TABLE_NAME, DYNAMODB_REGION,
    DYNAMODB_ENDPOINT_URL or DYNAMODB_PROFILE, the options may be left out.
    """


for _command in (
    local_command,
    tables_group,
    get_command,
    query_command,
    scan_command,
    count_command,
    export_command,
    import_command,
    copy_command,
    stream_command,
):
    dynarepo.add_command(_command)
