"""
Counts the mutants that the tests kill, and fails where a part of the library is below the goal.

    python -m integration.mutation scores.json                   # every module
    python -m integration.mutation scores.json _retry _cursor    # some; the others' scores stay as they are
    python -m integration.mutation scores.json --again           # but for what was killed in the same module

More tests kill more, never less: so after a test was added, `--again` has the same result in less time.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from integration.mutation.judging import Baseline, Judgement, Verdict, baseline, judge, preload
from integration.mutation.mutants import Mutant, mutants_of, sample
from integration.mutation.scores import Score, groups, read_scores, table, write_scores
from integration.mutation.targets import Target, targets

_GOAL: Final = 0.85
_SAMPLES: Final = {"serializer": 15}
_SAMPLE: Final = 60


def main() -> int:
    """Judge the mutants of the chosen modules, and write down the scores."""
    arguments = _arguments()
    os.environ["CI"] = "1"  # Hypothesis draws the same examples each time
    chosen = [each for each in targets() if not arguments.modules or each.path.stem in arguments.modules]
    scores = read_scores(arguments.result)
    preload()
    with tempfile.TemporaryDirectory() as reports:
        report = Path(reports, "durations.json")
        known = {tests: baseline(tests, report) for tests in sorted({each.tests for each in chosen})}
        for each in chosen:
            before = scores.get(str(each.path)) if arguments.again else None
            scores[str(each.path)] = _judged(each, known[each.tests], arguments, before)
            write_scores(arguments.result, scores)
        for tests in known:
            # What the mutants did to the machine must not be what killed the last of them.
            baseline(tests, report)
    arguments.result.with_suffix(".md").write_text(table(scores))
    _say(table(scores))
    return int(any(score.share < _GOAL for score in groups(scores)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m integration.mutation")
    parser.add_argument("result", type=Path, help="the file of the scores; a table is put beside it")
    parser.add_argument("modules", nargs="*", help="names of modules, such as _retry")
    parser.add_argument("--again", action="store_true", help="judge only what was not killed")
    parser.add_argument("--sample", type=int, help="at most so many mutants of a module")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_intermixed_args()


def _judged(target: Target, known: Baseline, arguments: argparse.Namespace, before: Score | None) -> Score:
    mutants = mutants_of(target.path)
    chosen = sample(mutants, arguments.sample or _SAMPLES.get(target.group, _SAMPLE))
    score = Score.of(target, len(mutants))
    waiting = chosen
    if before is not None and before.is_of_the_same(score):
        score.killed = [each.digest for each in chosen if each.digest in before.killed]
        waiting = [each for each in chosen if each.digest not in before.killed]
    for mutant, verdict in _verdicts(target, waiting, known, arguments.workers) if waiting else ():
        if verdict is Verdict.SURVIVED:
            score.survived.append(mutant.described)
        else:
            (score.killed if verdict is Verdict.KILLED else score.timeout).append(mutant.digest)
    _say(f"{target.path}: {len(waiting)} mutants judged, {len(score.survived)} survived\n")
    return score


def _verdicts(
    target: Target, mutants: list[Mutant], known: Baseline, workers: int
) -> Iterator[tuple[Mutant, Verdict]]:
    # The module as it is goes first: a judge that does not spare it would kill everything.
    sources = [target.path.read_text, *(mutant.source for mutant in mutants)]
    verdicts = dict(judge([Judgement(target, source, known) for source in sources], workers))
    if verdicts[0] is not Verdict.SURVIVED:
        raise RuntimeError(f"{target.path}: its tests fail without a change")
    for number, mutant in enumerate(mutants, start=1):
        yield mutant, verdicts[number]


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
