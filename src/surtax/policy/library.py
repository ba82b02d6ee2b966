"""The scenarios that ship with the package, and scenario files of a user's own.

A scenario file is YAML; rates and trade costs in it are PER CENT. docs/scenario-files.md describes it key by key.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from surtax.errors import InputError, exists, nearest
from surtax.policy.scenario import Change, LeftOut, Measure, Scenario
from surtax.policy.schedule import HIGHEST_RATE
from surtax.yamlfile import read_yaml

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "scenarios"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Labels = Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]


# Numbers as YAML writes them: text and true/false are none, although pydantic would read them as some.
Number = Annotated[float, Field(strict=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ChangeFile(_Strict):
    """One change: which cells, and a rate (added), a set rate or a trade cost, per cent."""

    sector: Labels
    importer: Labels | None = None
    exporter: Labels | None = None
    rate: Number | None = Field(None, description="per cent, added to the tariff in force")
    set: Number | None = Field(None, description="per cent, instead of the tariff in force")
    trade_cost: Annotated[float, Field(strict=True, gt=-100, allow_inf_nan=True)] | None = Field(
        None, description="per cent by which non-tariff trade costs rise; .inf is an embargo"
    )
    in_scope: Number | None = Field(None, ge=0, description="value of trade that the measure covers, USD million")
    imports: Number | None = Field(None, gt=0, description="value of all trade of the sector, USD million")
    taxed_share: Number | None = Field(None, ge=0, le=1, description="share of the covered value that is taxed")
    note: str = ""

    @model_validator(mode="after")
    def _one_of(self) -> ChangeFile:
        given = [n for n in ("rate", "set", "trade_cost") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of rate (added), set (instead) and trade_cost, in per cent")
        if (self.in_scope is None) != (self.imports is None):
            raise ValueError("in_scope and imports go together: their ratio is the share of trade covered")
        if self.in_scope is not None and self.imports is not None and self.in_scope > self.imports * (1 + 1e-9):
            raise ValueError("in_scope exceeds imports: more is covered than is traded")
        if "rate" not in given and (self.in_scope is not None or self.taxed_share is not None):
            raise ValueError("in_scope, imports and taxed_share are factors of rate, not of set or trade_cost")
        return self


class MeasureFile(_Strict):
    """A legal measure and its changes."""

    id: str
    title: str = ""
    instrument: str = ""
    citation: str = ""
    source: str = ""
    importer: Labels | None = None
    exporter: Labels | None = None
    changes: list[ChangeFile] = Field(min_length=1)


class LeftOutFile(_Strict):
    """Something not carried, and why."""

    what: str
    why: str


def _date_text(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value


def _day(value: str) -> str:
    if value:
        try:
            value = dt.date.fromisoformat(value).isoformat()
        except ValueError:
            raise ValueError("a day written as year-month-day, such as 2025-05-06") from None
    return value


class ScenarioFile(_Strict):
    """A scenario file."""

    schema_: Literal["surtax-scenario/1"] = Field("surtax-scenario/1", alias="schema")
    name: str = ""
    title: str = ""
    description: str = ""
    date: Annotated[str, BeforeValidator(_date_text), AfterValidator(_day)] = ""
    extends: str | None = Field(None, description="name or path of a scenario to start from")
    only: list[str] | None = Field(None, description="measures of `extends` to keep; the default is all")
    measures: list[MeasureFile] = Field(default_factory=list)
    left_out: list[LeftOutFile] = Field(default_factory=list)
    allow_rates_above: Number = Field(100 * HIGHEST_RATE, description="per cent; higher rates are refused")


def scenario_names() -> tuple[str, ...]:
    """Names of the scenarios that ship with the package."""
    return tuple(sorted(p.stem for p in SHIPPED.glob("*.yaml")))


def load_scenario(name: str | Path) -> Scenario:
    """Load a scenario by name, or from a YAML file.

    Raises
    ------
    InputError
        no such scenario (nearest names offered) or file; unknown keys, wrong values (with their line).
    """
    text = str(name)
    if text in scenario_names():
        return _read(SHIPPED / f"{text}.yaml", ())
    path = Path(text)
    if path.suffix.lower() in (".yaml", ".yml") or exists(path):
        return _read(path, ())
    known = scenario_names()
    hint = nearest(text, known) or f"; known: {', '.join(known)}"
    raise InputError(f"unknown scenario {text!r}{hint} (or give the path of a YAML file)")


def _read(path: Path, chain: tuple[Path, ...]) -> Scenario:
    path = path.resolve()
    if path in chain:
        raise InputError(f"{path.name} extends itself, through {' → '.join(p.name for p in chain)}.")
    file = read_yaml(path, ScenarioFile)
    start = Scenario()
    if file.extends:
        beside = path.parent / file.extends
        parent = beside if exists(beside) else SHIPPED / f"{file.extends}.yaml"
        if not exists(parent):
            raise InputError(
                f"{path.name} extends an unknown scenario {file.extends!r}{nearest(file.extends, scenario_names())}"
            )
        start = _read(parent, (*chain, path))
        if file.only is not None:
            try:
                start = start.only(*file.only)
            except InputError as problem:
                raise InputError(f"{path.name}, `only`: {problem}") from None
    elif file.only is not None:
        raise InputError(f"{path.name}: `only` picks measures of the scenario named by `extends`, which is missing.")
    measures = tuple(_measure(m, path, file.allow_rates_above) for m in file.measures)
    ids = [m.id for m in (*start.measures, *measures)]
    twice = {i for i in ids if ids.count(i) > 1}
    if twice:
        raise InputError(f"{path.name}: measure id {min(twice)!r} stands twice.")
    return Scenario(
        name=file.name or path.stem,
        title=file.title or start.title,
        description=file.description or start.description,
        date=file.date or start.date,
        measures=(*start.measures, *measures),
        left_out=(*start.left_out, *(LeftOut(x.what, x.why) for x in file.left_out)),
    )


def _measure(m: MeasureFile, path: Path, highest: float) -> Measure:
    changes = []
    for i, c in enumerate(m.changes):
        importer, exporter = c.importer or m.importer, c.exporter or m.exporter
        if importer is None or exporter is None:
            raise InputError(
                f"{path.name}: measure {m.id!r}, change {i + 1}: say importer and exporter, there or for the measure."
            )
        for rate in (c.rate, c.set):
            if rate is not None and rate > highest:
                raise InputError(
                    f"{path.name}: measure {m.id!r}, change {i + 1}: {rate:g} %: rates in files are per cent (25 "
                    f"for 25 %); "
                    f"if it is meant, say `allow_rates_above: {rate:g}`."
                )
            if c.set is not None and c.set <= -100:
                raise InputError(
                    f"{path.name}: measure {m.id!r}, change {i + 1}: at −100 % or less there is no price left."
                )
        factors: dict[str, float] = {}
        add = None
        if c.rate is not None:
            add = c.rate / 100
            factors["rate, per cent"] = c.rate
            if c.in_scope is not None and c.imports is not None:
                factors |= {"in scope, USD million": c.in_scope, "imports, USD million": c.imports}
                add *= c.in_scope / c.imports
            if c.taxed_share is not None:
                factors["taxed share"] = c.taxed_share
                add *= c.taxed_share
        changes.append(
            Change(
                tuple(importer),
                tuple(exporter),
                tuple(c.sector),
                add=add,
                set=None if c.set is None else c.set / 100,
                trade_cost=None if c.trade_cost is None else 1 + c.trade_cost / 100,
                factors=tuple(factors.items()),
                note=c.note,
            )  # fmt: skip
        )
    return Measure(m.id, m.title, m.instrument, m.citation, m.source, tuple(changes))


_RATE = re.compile(r"\s*(?P<sign>[+-]?)\s*(?P<number>\d+(?:\.\d*)?|\.\d+)\s*%?\s*")
# A label in quotation marks; an apostrophe within a name (Côte d'Ivoire) opens none.
_QUOTED = re.compile(r"""(?P<before>^|<-|[:,])(?P<space>\s*)(?P<mark>["'])(?P<label>.*?)(?P=mark)(?=\s*(?:[:,=]|<-))""")


def with_one_off(scenario: Scenario, text: str, allow_rates_above: float = 100 * HIGHEST_RATE) -> Scenario:
    """Apply a change written as `USA<-CAN:C29=+25`: the tariff of USA on CAN's C29 rises by 25 percentage points.

    `=25` sets the tariff to 25 %; `=+25` and `=-5` add; without a sector all goods are meant; `*` is every country
    or sector; several labels are joined by commas. Labels are codes or full names, such as `United States`; one that
    holds a comma, a colon or a sign of the grammar stands in quotation marks.

    Parameters
    ----------
    allow_rates_above : per cent; higher rates are refused.

    Raises
    ------
    InputError
        the text does not read so, or the rate is too high.
    """
    # Structure is looked for where no label in quotation marks is.
    bare = _QUOTED.sub(lambda m: m["before"] + m["space"] + "_" * (len(m["label"]) + 2), text)
    arrow, equals = bare.find("<-"), bare.rfind("=")
    rate = _RATE.fullmatch(text, equals + 1) if equals > arrow else None
    colon = bare.rfind(":", arrow + 2, equals) if rate else -1
    end = colon if colon >= 0 else equals
    parts = [(0, arrow), (arrow + 2, end)] + ([(colon + 1, equals)] if colon >= 0 else [])
    blocks = [_labels_of(text[a:b], bare[a:b]) for a, b in parts] if rate and arrow >= 0 else []
    if rate is None or not blocks or not all(label for block in blocks for label in block):
        raise InputError(
            f'--set {text!r}: write IMPORTER<-EXPORTER:SECTOR=+RATE, such as "USA<-CAN:C29=+25" (per cent; = sets, '
            f"=+ and =- add; labels that hold a comma or a colon stand in quotation marks)."
        )
    per_cent = float(rate["number"]) * (-1 if rate["sign"] == "-" else 1)
    if per_cent > allow_rates_above:
        raise InputError(
            f"--set {text!r}: {per_cent:g} %: rates here are per cent (=+25 for 25 %); if it is meant, give "
            f"--allow-rates-above {per_cent:g}."
        )
    return scenario.tariff(
        importer=blocks[0],
        exporter=blocks[1],
        sector=blocks[2] if colon >= 0 else ["goods"],
        measure=f"set {text.strip()}",
        allow_rates_above=np.inf,
        **{"add" if rate["sign"] else "set": per_cent / 100},
    )


def _labels_of(text: str, bare: str) -> list[str]:
    """Labels between the commas that stand outside quotation marks, without the marks."""
    cuts = [-1, *(i for i, c in enumerate(bare) if c == ","), len(text)]
    labels = []
    for a, b in itertools.pairwise(cuts):
        label = text[a + 1 : b].strip()
        if "_" in bare[a + 1 : b] and len(label) >= 2 and label[0] == label[-1] and label[0] in "\"'":
            label = label[1:-1].strip()
        labels.append(label)
    return labels
