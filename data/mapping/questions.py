"""What a suggestion cannot know for sure: questions with a few answers, each a change of the mapping.

A question never stops a mapping from being used: its default is what the mapping does already. Screens show it for
confirmation, and the report of an import says which defaults were taken.
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Pairs
from dataclasses import dataclass, field
from typing import Any, Literal

from data.problems import DataProblem, Problem, did_you_mean

ANSWER = "$answer"
_FORMS = {"date": re.compile(r"^\d{4}-\d{2}-\d{2}$"), "month": re.compile(r"^\d{4}-\d{2}(?:-01)?$")}
_SAYS = {
    "last_day": "{column} holds ends of a month ({count} of {of}). Is that the last day with the subscription?",
    "sum_lines": "{key} comes on several lines ({count} of them do). Is {amount} to be added up?",
    "monthly_matrix": "{count} columns are months, {first} to {last}. What do they hold?",
    "snapshot_month": "One row for each account and no dates. For which month does {column} hold?",
    "first_day": "Nothing says the day of a row. What is the day of the first one?",
    "amount_per_unit": "Is {amount} the price of one unit, or of all {quantity}?",
    "in_cents": "{column} holds whole numbers only. Are they cents?",
}


@dataclass(frozen=True)
class Question:
    """Something to confirm about one table of a mapping.

    Attributes:
        id: Stable key that screens translate; `params` fill the sentence.
        table: The table of the mapping it is about, as in `Mapping.tables`.
        options: Answers by id, each with the change it makes: a merge patch for the mapping file, where null takes
            something away and the text "$answer" stands for a date or month that is typed in.
        default: The answer the mapping carries already, "" where nothing is assumed until somebody answers.
        kind: `choice`, or the `date` or `month` to type in.
        params: What the sentence names.
        sure: How sure the default is, 0 to 1.
    """

    id: str
    table: str
    options: Pairs[str, Pairs[str, Any]]
    default: str = ""
    kind: Literal["choice", "date", "month"] = "choice"
    params: dict[str, Any] = field(default_factory=dict)
    sure: float = 0.6

    def __str__(self) -> str:
        """The question in plain English."""
        return _SAYS[self.id].format_map(self.params)

    def to_json(self) -> dict[str, Any]:
        """The form for reports: without the changes."""
        return {
            "id": self.id,
            "table": self.table,
            "question": str(self),
            "options": list(self.options),
            "default": self.default,
            "kind": self.kind,
            "params": self.params,
            "sure": self.sure,
        }


def answered(body: Pairs[str, Any], question: Question, answer: str) -> dict[str, Any]:
    """The mapping file with a question answered.

    Args:
        body: A mapping file, as `Mapping.to_json` gives it.
        question: One of the mapping's questions.
        answer: One of its options, or a date (2024-03-31) or month (2024-03) where it asks for one.

    Raises:
        DataProblem: no such answer.
    """
    typed = question.kind in _FORMS and answer not in question.options
    if typed and not _FORMS[question.kind].match(answer):
        raise _no_answer(question, answer)
    if not typed and answer not in question.options:
        raise _no_answer(question, answer)
    if typed:
        given = f"{answer}-01" if question.kind == "month" and len(answer) == 7 else answer
        patch: Any = _filled(dict(question.options[ANSWER]), given)
    else:
        patch = question.options[answer]
    merged: dict[str, Any] = merge(dict(body), patch)
    return merged


def taken(questions: Iterable[Question]) -> list[Problem]:
    """The answers a suggestion took without asking, for the report of an import that nobody confirmed on a page."""
    return [
        Problem(
            None,
            "to_confirm",
            1,
            f"an answer: {question} Taken: {question.default}. Change it on the import page or with a mapping file.",
            severity="assumed",
            params={"question": str(question), "answer": question.default},
        )
        for question in questions
        if question.default
    ]


def merge(target: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7396): objects are merged, null takes away, anything else replaces."""
    if not isinstance(patch, Pairs):
        return patch
    found = dict(target) if isinstance(target, Pairs) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merge(found.get(key), value)
    return found


def _filled(patch: Any, answer: str) -> Any:
    if isinstance(patch, Pairs):
        return {key: _filled(value, answer) for key, value in patch.items()}
    if isinstance(patch, list):
        return [_filled(value, answer) for value in patch]
    return answer if patch == ANSWER else patch


def _no_answer(question: Question, answer: str) -> DataProblem:
    known = [option for option in question.options if option != ANSWER]
    if question.kind in _FORMS:
        known.append("2024-03-31" if question.kind == "date" else "2024-03")
    return DataProblem(
        "no_such_answer",
        "{answer!r} does not answer the question {question}.{hint} Known: {known}.",
        answer=answer,
        question=question.id,
        hint=did_you_mean(answer, known),
        known=", ".join(known),
    )
