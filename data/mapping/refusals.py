"""Files that hold nothing Farol keeps: what they are, and what to bring instead."""

from data.problems import DataProblem

_SAYS = {
    "opportunities": "{file} looks like sales opportunities, which no table of Farol holds. "
    "Leave it out, or name the table it feeds.",
    "prices": "{file} looks like a list of prices, which no table of Farol holds. "
    "Leave it out, or name the table it feeds.",
    "no_amounts": "{file} lists subscriptions without what they cost: amounts are kept with prices and items. "
    "Bring an export of subscriptions that has amounts, or a query that joins them.",
    "items": "{file} lists what is in each subscription, without customer or amount. "
    "Bring the subscriptions themselves, with their amounts.",
    "answers_apart": "{file} says who answered a survey and when, without any score. "
    "Bring the survey's own export of responses, which has both.",
    "answers_undated": "{file} holds answers to questions without the day they were given. "
    "Bring the survey's own export of responses, which has both.",
    "market": "{file} compares the institutions of a market, and Farol keeps figures of one company. "
    "Bring your own rows as observations: a metric, a day, a numerator and a denominator.",
}
REASONS = tuple(_SAYS)


def foreign(reason: str, file: str) -> DataProblem:
    """The problem of a file that feeds nothing; `reason` is `Mapping.foreign`."""
    return DataProblem(f"foreign_{reason}", _SAYS[reason], file=file)
