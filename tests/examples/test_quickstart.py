"""The quickstart runs and says what it did."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.py"

LINES = """\
table       shop made from the model, on http://127.0.0.1:PORT
save        o-001
get_one     equal to what was saved, value and type
create      ItemAlreadyExistsError - the first one is kept
update      o-001 is paid
update      ConditionFailedError - it is paid already
batch_write 58 orders
iter_query  25 orders, o-001 to o-025
iter_query  25 orders, o-026 to o-050
iter_query  9 orders, o-051 to o-059
query       ['o-059', 'o-058', 'o-057'] newest first, over 1000
cursor      ['o-056', 'o-055', 'o-054'] right behind them
index       1 paid, 58 open
batch_get   ['o-007', None, 'o-008'] in the order asked
transaction created one, updated one, deleted one: all or nothing
transaction [None, 'ConditionalCheckFailed'] - nothing was done
delete      True then False
scan        58 orders in four segments
"""


def test_the_quickstart_prints_what_it_did_and_nothing_else() -> None:
    command = [sys.executable, str(QUICKSTART)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.stderr, ran.returncode) == ("", 0)
    assert re.sub(r"(?<=127\.0\.0\.1:)\d+", "PORT", ran.stdout) == LINES
