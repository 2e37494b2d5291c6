"""What people write: the base of every declaration, and the forms of single values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Version = Annotated[
    int, Field(ge=1, description="Registry version: an integer from 1, never an alias or stage.")
]
Percent = Annotated[int, Field(ge=0, le=100)]
Duration = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]*[smhd]$|^0[smhd]$", description="A whole number and a unit: 90m, 24h, 7d."),
]
Share = Annotated[str, Field(pattern=r"^(100|[1-9]?[0-9])%$", description="A percentage such as 20%.")]
Quantity = Annotated[
    str,
    Field(
        pattern=r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$",
        description="A Kubernetes quantity in quotes or with a unit: 200m, 512Mi.",
    ),
]
Bounds = Annotated[
    str,
    Field(
        pattern=r"^(<=|>=|==|!=|<|>)[0-9]+(\.[0-9]+)*(, ?(<=|>=|==|!=|<|>)[0-9]+(\.[0-9]+)*)*$",
        description="Bounds of a version, separated by commas: <=2.20, or >=2.9,<3.",
    ),
]
Timestamp = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?$",
        description="A UTC date or time: 2026-11-30 (its end) or 2026-11-30T12:00Z.",
    ),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ClockTime = Annotated[
    str,
    Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description='A time of the day in quotes, from "00:00" to "23:59".',
    ),
]
WeekTime = Annotated[
    str,
    Field(
        pattern=r"^((mon|tue|wed|thu|fri|sat|sun) )?([01][0-9]|2[0-3]):[0-5][0-9]$",
        description='The next time the clock shows this ("08:00"), or shows it on that day ("mon 08:00").',
    ),
]
Digest = Annotated[
    str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="The word sha256, a colon, and 64 hex digits.")
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="64 hex digits in small letters.")]
Address = Annotated[
    str,
    Field(
        pattern=r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$",
        description="A server's address without credentials: http://prometheus.monitoring:9090.",
    ),
]


class Declaration(BaseModel):
    """Base of everything declared: strict, frozen, and closed to unknown keys."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
    )
