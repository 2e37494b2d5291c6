"""What a plain (unquoted) scalar means.

YAML 1.1 and 1.2 disagree on many plain scalars: `010` is 8 or 10, `yes` is true or text, `12:30` is 750 or
text, `1e3` is text or 1000 (YAML 1.1 types repository; YAML 1.2.2, section 10.3.2). Only what both read
alike has a meaning here:

- `true`, `false`, `null`;
- decimal integers (`90`, `-1`);
- decimal numbers with a dot, and with a signed exponent if any (`0.779`, `1.5e-07`);
- text that looks like none of the above in any reader, which includes dates (`2026-11-30`): nothing in a
  declaration is a date to the parser, only to the rule that reads it.

All else is suspect, and the finding says what to write. What stands in quotes is text, always.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.load.limits import INTEGER_DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A plain scalar that readers disagree on: what is wrong with it, and what to write instead."""

    problem: str
    advice: str


Scalar = str | int | float | bool | None | Suspect

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+][0-9]+)?")

_BASED = re.compile(r"([-+]?)0([xXoObB])([0-9a-fA-F_]+)")
_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_DECIMAL = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

_NUMERIC_FORMS = (_INTEGER, _NUMBER, _BASED, _SIXTIES, _DECIMAL)

_SHOWN = 40
"""Characters of a number that a message shows; no number that people write is longer."""

_NUMERIC_START = frozenset("+-.0123456789")
_BASES = {"x": 16, "o": 8, "b": 2}


def _disagree(word: str, meaning: str) -> Suspect:
    return Suspect(
        problem=f"{word} is {meaning} to some readers and text to others.",
        advice=f'Write {meaning}, or "{word}" in quotes if text is meant.',
    )


def _say_nothing(word: str) -> Suspect:
    return Suspect(
        problem=f"{word} says nothing.",
        advice=f'Remove the key, or write "{word}" in quotes if text is meant.',
    )


def _spellings(*words: str) -> tuple[str, ...]:
    return tuple(spelling for word in words for spelling in (word, word.capitalize(), word.upper()))


EMPTY = Suspect(
    problem="the value is empty.",
    advice='Write a value, or remove the key; an empty block is {} or [], empty text is "".',
)

_WORDS: Mapping[str, Scalar] = {
    **{word: _disagree(word, "true") for word in _spellings("true", "yes", "on", "y")},
    **{word: _disagree(word, "false") for word in _spellings("false", "no", "off", "n")},
    **{word: _say_nothing(word) for word in ("~", "Null", "NULL")},
    "true": True,
    "false": False,
    "null": None,
    "": EMPTY,
}


def resolve_plain(text: str) -> Scalar:
    """The value of a plain scalar, or why it has none."""
    if text[:1] in _NUMERIC_START:
        return _resolve_numeric(text)
    return _WORDS.get(text, text)


def _resolve_numeric(text: str) -> Scalar:
    if len(text) > _SHOWN and any(form.fullmatch(text) for form in _NUMERIC_FORMS):
        return _refuse_length(text)
    if _INTEGER.fullmatch(text):
        return int(text) if len(text.lstrip("-")) <= INTEGER_DIGITS else _refuse_length(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else _refuse_endless(text)
    if match := _BASED.fullmatch(text):
        return _refuse_base(text, *match.groups())
    if _SIXTIES.fullmatch(text):
        return Suspect(
            problem=f"{text} is a number with base 60 to some readers and text to others.",
            advice=f'Write "{text}" in quotes.',
        )
    if _DECIMAL.fullmatch(text):
        return _refuse_decimal(text)
    return _refuse_endless(text) if _ENDLESS.fullmatch(text) else text


def _refuse_length(text: str) -> Suspect:
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    return Suspect(
        problem=f"{shown} has more digits than every reader keeps ({INTEGER_DIGITS} are safe).",
        advice="Write it in quotes if text is meant.",
    )


def _refuse_endless(text: str) -> Suspect:
    return Suspect(
        problem=f"{text} is not a finite number.",
        advice=f'Write a number, remove the key, or write "{text}" in quotes if text is meant.',
    )


def _refuse_base(text: str, sign: str, letter: str, digits: str) -> Suspect:
    digits = digits.replace("_", "")
    base = _BASES[letter.lower()]
    try:
        value = int(f"{sign}{digits}", base)
    except ValueError:
        return Suspect(
            problem=f"{text} looks like a number with base {base} but is none.",
            advice=f'Write "{text}" in quotes if text is meant.',
        )
    return Suspect(
        problem=f"{text} is a number with base {base} to some readers and text to others.",
        advice=f'Write {value}, or "{text}" in quotes if text is meant.',
    )


def _refuse_decimal(text: str) -> Suspect:
    problem = f"{text} is not read alike by all readers"
    if text.lstrip("+-").startswith("0") and text.lstrip("+-0_").isdigit():
        problem = f"{text} begins with 0, which makes it a number with base 8 to some readers"
    elif "e" in text.lower():
        problem = f"{text} is a number to some readers and text to others"
    plain = _write_plain(text)
    advice = (
        f'Write {plain}, or "{text}" in quotes if text is meant.' if plain else f'Write "{text}" in quotes.'
    )
    return Suspect(problem=f"{problem}.", advice=advice)


def _write_plain(text: str) -> str:
    """The number as it is written here; empty where no short form exists."""
    digits = text.replace("_", "")
    if digits.lstrip("+-").isdigit():
        return str(int(digits)) if len(digits) <= INTEGER_DIGITS else ""
    number = float(digits)
    if not math.isfinite(number):
        return ""
    if "e" not in digits.lower():
        return repr(number)
    if number.is_integer() and abs(number) < 10**INTEGER_DIGITS:
        return str(int(number))
    mantissa, _, exponent = repr(number).partition("e")
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}e{int(exponent):+03d}" if exponent else mantissa
