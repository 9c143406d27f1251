"""A pair of the declared map in words: what is expected, why, and what the data say."""

from kpis.catalogue import Pair, default_pairs
from kpis.evidence.result import Evidence
from ui.here import Here
from ui.signals.board import DOTS
from ui.text import escaped
from words import evidence as words


def title(here: Here, pair: Pair) -> str:
    """Indicator and outcome. Markdown-safe."""
    return f"{escaped(here.tell.short(pair.leading))} ▸ {escaped(here.tell.short(pair.lagging))}"


def sign_words(here: Here, sign: str) -> str:
    """What is expected of the indicator before the outcome rises."""
    return here.tell.t("pairs.sign_plus" if sign == "+" else "pairs.sign_minus")


def lead_words(here: Here, months: tuple[int, int]) -> str:
    """The lead that is expected: 1–4 months ahead."""
    low, high = months
    return here.tell.t("pairs.lead_one", n=high) if low == high else here.tell.t("pairs.lead", low=low, n=high)


def why_words(here: Here, pair: Pair) -> str:
    """The reason as plain text: the default's in the reader's language, the company's as it was typed."""
    return here.tell.t(f"pairs.why_{'_'.join(pair.names)}") if as_default(pair) else pair.rationale


def as_default(pair: Pair) -> bool:
    """Whether the reason is the one of the default map."""
    return any(one.names == pair.names and one.rationale == pair.rationale for one in default_pairs())


def source(here: Here, pair: Pair) -> str | None:
    """Where the opinion comes from."""
    if not as_default(pair):
        return None
    cited = pair.source.removeprefix("secondary, ").removeprefix("read: ")
    if cited.startswith("judgement"):
        return here.tell.t("pairs.judgement")
    return here.tell.t("pairs.source", source=escaped(cited))


def found_words(here: Here, one: Evidence) -> str:
    """Evidence in a line: dots, grade, kind of link and lead; or why it was not tested. Markdown-safe."""
    tell = here.tell
    if one.refusal is not None:
        why = words.remark("why", one.refusal.id, one.refusal.params, tell.locale)
        return f"{tell.t('pairs.not_tested')}. {escaped(why)}"
    grade = words.grade_word(one.grade, tell.locale)
    parts = [f"{DOTS.get(one.grade, '')} {grade[:1].upper()}{grade[1:]}".strip()]
    if one.tag and one.grade != "no_sign":
        parts.append(words.tag_word(one.tag, tell.locale))
    if one.lead_months:
        parts.append(tell.t("pairs.lead_one", n=one.lead_months))
    return " · ".join(parts)
