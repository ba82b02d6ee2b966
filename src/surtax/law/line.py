"""A line: the consignment whose duty is asked, checked and in the engine's own units."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError
from surtax.law import codes
from surtax.law.dates import iso, ordinal
from surtax.law.rates import unit_name

if TYPE_CHECKING:
    import datetime as dt

METALS = ("steel", "aluminum", "copper")


@dataclass(frozen=True, slots=True)
class Line:
    """One consignment on one day.

    Attributes
    ----------
    importer, origin : str
        ISO 3166 alpha-3 codes.
    product : str
        Bare digits.
    day : int
        Ordinal of the day of entry.
    preference : str
        The programme claimed, such as `usmca`, or `none`.
    value : float or None
        Customs value, in the importer's currency.
    us_content, ca_mx_content : float or None
        Shares of the customs value; None is not stated.
    metal : float or None
        Share of whichever metal a measure asks for.
    metals : dict of str to float
        Shares by metal (`steel`, `aluminum`, `copper`), where stated.
    quantities : dict of str to float
        Quantity by unit.
    unit_values : dict of str to float
        Customs value per unit, by unit: makes ad-valorem equivalents of rates per unit where no quantity is
        stated.
    otherwise : str or None
        Chapters 98 and 99: the item under which the goods would otherwise be classified.
    facts : frozenset of str
        Facts stated to be true.
    """

    importer: str
    origin: str
    product: str
    day: int
    preference: str = "none"
    value: float | None = None
    us_content: float | None = None
    ca_mx_content: float | None = None
    metal: float | None = None
    metals: Mapping[str, float] = field(default_factory=dict)
    quantities: Mapping[str, float] = field(default_factory=dict)
    unit_values: Mapping[str, float] = field(default_factory=dict)
    otherwise: str | None = None
    facts: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """Return what was asked, for the answer."""
        data: dict[str, Any] = {
            "product": codes.dotted(self.product),
            "importer": self.importer,
            "origin": self.origin,
            "on": iso(self.day),
            "preference": self.preference,
            "value": self.value,
            "us_content": self.us_content,
            "ca_mx_content": self.ca_mx_content,
            "metal_content": dict(self.metals) or self.metal,
            "quantity": dict(self.quantities) or None,
            "unit_value": dict(self.unit_values) or None,
            "otherwise": None if self.otherwise is None else codes.dotted(self.otherwise),
            "facts": sorted(self.facts) or None,
        }
        return {k: v for k, v in data.items() if v is not None}


def make_line(
    product: str,
    *,
    importer: str,
    origin: str,
    on: str | dt.date,
    preference: str = "none",
    value: float | None = None,
    us_content: float | None = None,
    ca_mx_content: float | None = None,
    metal_content: float | Mapping[str, float] | None = None,
    quantity: Mapping[str, float] | None = None,
    unit_value: Mapping[str, float] | None = None,
    otherwise: str | None = None,
    facts: Iterable[str] = (),
) -> Line:
    """Check what a user says of a consignment, and return it as a `Line`.

    Raises
    ------
    InputError
        Naming the argument that is wrong and how to write it.
    """
    metals: dict[str, float] = {}
    metal: float | None = None
    if isinstance(metal_content, Mapping):
        for name, part in metal_content.items():
            if name not in METALS:
                raise InputError(f"metal content of {name!r}: the metals are {', '.join(METALS)}")
            metals[name] = _share(part, f"metal content of {name}")
        if sum(metals.values()) > 1 + 1e-9:
            raise InputError("the metal contents add up to more than the customs value (shares, 0 to 1)")
    elif metal_content is not None:
        metal = _share(metal_content, "metal content")
    quantities = {}
    for unit, amount in (quantity or {}).items():
        quantities[unit_name(unit) or unit] = _amount(amount, f"quantity in {unit}")
    unit_values = {}
    for unit, amount in (unit_value or {}).items():
        name = unit_name(unit) or unit
        unit_values[name] = _amount(amount, f"unit value per {unit}")
        if not unit_values[name]:
            raise InputError(f"unit value per {unit} is zero; give the customs value of one {unit}")
    if not isinstance(preference, str) or not re.fullmatch(r"[a-z][a-z0-9-]*", preference):
        raise InputError(f"preference {preference!r}: write none, usmca or another programme's name in small letters")
    return Line(
        importer=country(importer, "importer"),
        origin=country(origin, "origin"),
        product=codes.digits(product),
        day=ordinal(on),
        preference=preference,
        value=None if value is None else _amount(value, "value"),
        us_content=None if us_content is None else _share(us_content, "US content"),
        ca_mx_content=None if ca_mx_content is None else _share(ca_mx_content, "Canadian and Mexican content"),
        metal=metal,
        metals=metals,
        quantities=quantities,
        unit_values=unit_values,
        otherwise=None if otherwise is None else codes.digits(otherwise),
        facts=frozenset(facts),
    )


def country(text: str, name: str) -> str:
    """Return a country code in capitals, or say how to write it (`name` is the argument's)."""
    if isinstance(text, str) and re.fullmatch(r"[A-Za-z]{3}", text, re.ASCII):
        return text.upper()
    raise InputError(f"{name} {text!r} is not an ISO 3166 alpha-3 code such as USA, CAN or DEU")


def _share(value: float, name: str) -> float:
    number = _number(value, name)
    if not 0 <= number <= 1:
        raise InputError(f"{name} {value!r} is a share of the customs value: between 0 and 1, not per cent")
    return number


def _amount(value: float, name: str) -> float:
    number = _number(value, name)
    if number < 0:
        raise InputError(f"{name} {value!r} is negative")
    return number


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool):
        raise InputError(f"{name} {value!r} is not a number")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} {value!r} is not a number") from None
    if not math.isfinite(number):
        raise InputError(f"{name} {value!r} is not a finite number")
    return number
