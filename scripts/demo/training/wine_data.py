"""The wine-quality data: read from a path or URL, or generated with the same columns."""

from __future__ import annotations

import csv
import hashlib
import io
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = (
    "fixed acidity",
    "volatile acidity",
    "citric acid",
    "residual sugar",
    "chlorides",
    "free sulfur dioxide",
    "total sulfur dioxide",
    "density",
    "pH",
    "sulphates",
    "alcohol",
)
TARGET = "quality"
COLUMNS = (*FEATURES, TARGET)

# winequality-white.csv as the UCI Machine Learning Repository publishes it (semicolons, 4,898 rows,
# doi:10.24432/C56S3T); the same SHA-256 stands in several independent public loaders of that file.
UCI_WHITE_SHA256 = "76c3f809815c17c07212622f776311faeb31e87610d52c26d87d6e361b169836"

SAMPLE = "sample"
SAMPLE_ROWS = 1600
SAMPLE_SEED = 2009
_TIMEOUT = 30


class DataError(Exception):
    """The data cannot be used. Says where it is from, what is wrong and what was expected."""


@dataclass(frozen=True, kw_only=True)
class WineData:
    """The table and where it is from. `sha256` is over the bytes of the CSV."""

    table: pd.DataFrame
    origin: str
    name: str
    sha256: str

    @property
    def is_uci_white(self) -> bool:
        """Whether these are the public white-wine data, byte for byte."""
        return self.sha256 == UCI_WHITE_SHA256


def read_data(place: str) -> WineData:
    """The data at a path or http(s) URL; generated if `place` says sample or nothing. Raises DataError."""
    if place in ("", SAMPLE):
        content = generate_sample()
        return WineData(
            table=parse_csv(content, "the generated sample"),
            origin=f"generated sample, seed {SAMPLE_SEED}",
            name=f"wine-quality-{SAMPLE}",
            sha256=hashlib.sha256(content).hexdigest(),
        )
    content = _fetch(place)
    return WineData(
        table=parse_csv(content, place),
        origin=place,
        name="wine-quality",
        sha256=hashlib.sha256(content).hexdigest(),
    )


def parse_csv(content: bytes, place: str) -> pd.DataFrame:
    """The eleven features and the target, in this order, from comma- or semicolon-separated text."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{place}: not UTF-8 text (byte {error.start}); expected a CSV file.") from error
    header = text.split("\n", 1)[0]
    separator = ";" if header.count(";") >= header.count(",") else ","
    try:
        table = pd.read_csv(io.StringIO(text), sep=separator)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{place}: not a table: {error}; expected a CSV file.") from error
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise DataError(f"{place}: column {', '.join(missing)} missing; expected {', '.join(COLUMNS)}.")
    table = table[list(COLUMNS)]
    unfit = [column for column in COLUMNS if not pd.api.types.is_numeric_dtype(table[column])]
    if unfit or table.isna().any().any():
        where = ", ".join(unfit) or ", ".join(table.columns[table.isna().any()])
        raise DataError(f"{place}: column {where} holds something else than numbers, or nothing in places.")
    return table.astype(dict.fromkeys(FEATURES, "float64"))


def generate_sample(rows: int = SAMPLE_ROWS, seed: int = SAMPLE_SEED) -> bytes:
    """A CSV with the real data's columns and plausible ranges; the same bytes for the same arguments.

    Quality follows alcohol, acidity, sugar and density as it roughly does in real wines, with noise, so
    that stronger regularisation makes a worse model here too.
    """
    random = np.random.default_rng(seed)
    alcohol = random.normal(10.5, 1.2, rows).clip(8.0, 14.2)
    sugar = random.gamma(1.4, 4.5, rows).clip(0.6, 30.0)
    free = random.normal(35.0, 16.0, rows).clip(2.0, 120.0)
    volatile = random.gamma(7.0, 0.04, rows).clip(0.08, 1.1)
    columns = (
        (random.normal(6.85, 0.84, rows).clip(3.8, 14.2), 1),
        (volatile, 2),
        (random.normal(0.33, 0.12, rows).clip(0.0, 1.6), 2),
        (sugar, 1),
        (random.gamma(5.0, 0.009, rows).clip(0.009, 0.35), 3),
        (free, 0),
        ((free + random.normal(103.0, 35.0, rows)).clip(9.0, 440.0), 0),
        ((0.9975 - 0.0012 * (alcohol - 9.0) + 0.0004 * sugar).clip(0.987, 1.039), 5),
        (random.normal(3.19, 0.15, rows).clip(2.7, 3.8), 2),
        (random.normal(0.49, 0.11, rows).clip(0.22, 1.1), 2),
        (alcohol, 1),
    )
    taste = (
        5.9
        + 0.34 * (alcohol - 10.5)
        - 2.0 * (volatile - 0.28)
        + 0.004 * (free - 35.0)
        + 0.02 * (sugar - 6.3)
        + random.normal(0.0, 0.7, rows)
    )
    quality = taste.round().clip(3, 9).astype(int)

    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in range(rows):
        writer.writerow([*(f"{values[row]:.{digits}f}" for values, digits in columns), quality[row]])
    return text.getvalue().encode("utf-8")


def _fetch(place: str) -> bytes:
    try:
        if place.startswith(("http://", "https://")):
            with urllib.request.urlopen(place, timeout=_TIMEOUT) as answer:  # noqa: S310 - checked above
                content: bytes = answer.read()
                return content
        return Path(place).read_bytes()
    except OSError as error:
        raise DataError(
            f"{place}: cannot be read ({error}). Give the path or URL of the wine-quality CSV, "
            "or leave data out to train on a generated sample."
        ) from error
