"""Words on screen: the language in force, and data made harmless in Markdown."""

import re
import unicodedata
from typing import Any

import streamlit as st

from ui import link
from words import LANGUAGES, catalogue

_LIVE = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$^&\"'=/@])")
_ADDRESS = re.compile(r"(?i)(?<=https:)(?=//)|(?<=http:)(?=//)|(?<=www)(?=\.)|(?=@)")
_WORD_JOINER = "\u2060"  # invisible; the browser's Markdown makes links of bare addresses, escaped or not
_LANGUAGE = "language"


def escaped(value: Any) -> str:
    """Text from data as Markdown that shows exactly this text: no links, images, colours or formulas fire."""
    return _LIVE.sub(r"\\\1", _ADDRESS.sub(_WORD_JOINER, " ".join(str(value).split())))


def folded(text: str) -> str:
    """Lower case, without accents."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if not unicodedata.combining(c))


def choose_language(asked: str, header: str) -> str:
    """The language of a link, else the first of the browser's that we speak, else English."""
    if asked in LANGUAGES:
        return asked
    ranked = []
    for number, part in enumerate(header.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), number, tag.lower()))
        except ValueError:
            continue
    for _, _, tag in sorted(ranked):
        for locale in LANGUAGES:
            if tag.split("-")[0] == locale.split("_")[0]:
                return locale
    return "en"


def use_language(asked: str, preferred: str = "") -> str:
    """Settle the language of this run: the link's, the session's, the workspace's, the browser's."""
    if asked not in LANGUAGES:
        asked = st.session_state.get(_LANGUAGE) or preferred
    st.session_state[_LANGUAGE] = choose_language(asked, st.context.headers.get("Accept-Language") or "")
    return str(st.session_state[_LANGUAGE])


def language() -> str:
    """The language in force, as a locale id."""
    return str(st.session_state.get(_LANGUAGE) or use_language(link.current().lang))


def t(id: str, /, **params: Any) -> str:
    """A sentence of the catalogue in the language in force; texts among the parameters must be escaped already."""
    return catalogue.text(id, language(), **params)
