"""`surtax duty`, `surtax measures` and `surtax law diff`: the law at the terminal.

Nothing heavy is imported: a duty needs the standard library and click.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.cli.lawfiles import law_option, load_law
from surtax.errors import InputError, SurtaxError

if TYPE_CHECKING:
    from surtax.law.answer import Answer, Finding
    from surtax.law.book import Change, Law, Spell

REFUSED = 2
_QUIET = ("out-of-scope", "not-in-force", "origin")
_EMPTY: dict[str, Any] = {"total_rate": None, "total_amount": None, "measures": []}


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{what} {text!r} is not a number") from None


def _metals(text: str | None) -> float | dict[str, float] | None:
    """Read `0.4`, or `steel=0.3,aluminum=0.1`."""
    if text is None:
        return None
    if "=" not in text:
        return _number(text, "--metal-content")
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        name = {"aluminium": "aluminum"}.get(name.strip(), name.strip())
        found[name] = _number(share, f"--metal-content of {name}")
    return found


def _quantities(texts: tuple[str, ...]) -> dict[str, float]:
    """Read `120kg`, `120 kg` or `kg=120`."""
    return _units(texts, "--quantity", "write 120kg, or No.=3")


def _unit_values(texts: tuple[str, ...]) -> dict[str, float]:
    """Read `1.85/kg` or `kg=1.85`."""
    return _units(tuple(t.replace("/", "", 1) for t in texts), "--unit-value", "write 1.85/kg, or No.=30")


def _units(texts: tuple[str, ...], option: str, help_text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in texts:
        unit, equals, amount = text.partition("=")
        if not equals:
            cut = next((i for i, c in enumerate(text) if not (c.isdigit() or c in ".eE+-")), len(text))
            amount, unit = text[:cut], text[cut:]
        if not unit.strip():
            raise InputError(f"{option} {text!r} has no unit; {help_text}")
        found[unit.strip()] = _number(amount, option)
    return found


@click.command("duty", short_help="The duty on a product, with reasons.")
@click.argument("code")
@click.option("--importer", required=True, metavar="ISO3", help="Who levies the duty, such as USA.")
@click.option("--origin", required=True, metavar="ISO3", help="Where the goods originate, such as CAN.")
@click.option("--on", "on", required=True, metavar="DATE|FIRST..LAST", help="Day of entry, or a period.")
@click.option(
    "--preference",
    default="none",
    show_default=True,
    metavar="none|usmca|…",
    help="Preference claimed.",
)
@click.option("--us-content", type=float, metavar="SHARE", help="US content, a share of the customs value.")
@click.option("--ca-mx-content", type=float, metavar="SHARE", help="Canadian and Mexican content, a share.")
@click.option("--metal-content", metavar="SHARE", help="Metal content: 0.4, or steel=0.3,aluminum=0.1.")
@click.option("--value", type=float, metavar="AMOUNT", help="Customs value, in the importer's currency.")
@click.option("--quantity", multiple=True, metavar="120kg", help="Quantity with its unit; may be repeated.")
@click.option(
    "--unit-value",
    multiple=True,
    metavar="1.85/kg",
    help="Customs value per unit: an ad-valorem equivalent where a rate per unit meets no quantity.",
)
@click.option("--otherwise", metavar="CODE", help="Chapters 98, 99: the item the goods would otherwise have.")
@click.option(
    "--fact",
    "facts",
    multiple=True,
    metavar="NAME",
    help="A fact a measure asks for (answers name them); may be repeated.",
)
@click.option("--as-known", metavar="DATE", help="The law as the texts signed by that day had it.")
@law_option(folders=True)
@click.option("--all", "everything", is_flag=True, help="Also list measures out of scope or not in force.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--line", "as_line", is_flag=True, help="Print one line.")
def duty(code: str, as_json: bool, as_line: bool, everything: bool, **given: Any) -> None:
    """Say what is due on product CODE (HS digits, dots or not), measure by measure, and why.

    With --on FIRST..LAST it prints the history, a block (with --line a line) for each period in which nothing changes.
    Shares are between 0 and 1 of the customs value. Rates are per cent.

    A refusal (the data do not give the duty, on any of the days asked) says why and exits with 2.

    \b
    surtax duty 8703.23.01 --importer USA --origin CAN --on 2025-05-06 --preference usmca --us-content 0.4
    surtax duty 7208.36.00 --importer CAN --origin USA --on 2025-01-01..2026-07-23 --line
    surtax duty 7208.36.00 --importer CAN --origin USA --on 2026-01-05 --fact use_in_manufacture
    """  # noqa: D301 - click reads the character
    try:
        spells = _asked(code, given)
    except SurtaxError as error:
        if as_json:
            _print_json({"schema": "surtax-duty-1", "status": "refused", "reason": str(error), **_EMPTY})
        else:
            click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    if as_json:
        _print_json(_json(spells))
    elif as_line:
        for spell in spells:
            click.echo(one_line(spell))
    else:
        click.echo("\n\n".join(table(spell, everything) for spell in spells))
    if any(spell.answer.status == "refused" for spell in spells):
        sys.exit(REFUSED)


def _asked(code: str, given: dict[str, Any]) -> list[Spell]:
    from surtax.law.book import Spell

    law, known = load_law(given.pop("law_files"), folders=True), given.pop("as_known")
    law = law if known is None else law.as_known(known)
    on = given.pop("on")
    given["metal_content"] = _metals(given["metal_content"])
    given["quantity"] = _quantities(given["quantity"])
    given["unit_value"] = _unit_values(given["unit_value"])
    if ".." in on:
        return law.history(code, on=on, **given)
    return [Spell(on, on, law.duty(code, on=on, **given))]


def _json(spells: list[Spell]) -> dict[str, Any]:
    if len(spells) == 1 and spells[0].first == spells[0].last:
        return spells[0].answer.as_json()
    return {
        "schema": "surtax-duty-history-1",
        "spells": [{"from": s.first, "to": s.last, "answer": s.answer.as_json()} for s in spells],
    }


def _print_json(data: dict[str, Any]) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _when(spell: Spell) -> str:
    return spell.first if spell.first == spell.last else f"{spell.first} to {spell.last}"


def _percent(rate: float | None) -> str:
    return "specific" if rate is None else f"{rate:.6g}%"


def one_line(spell: Spell) -> str:
    """Return the answer on one line: days, total, and what it is made of."""
    answer = spell.answer
    if answer.status == "refused":
        return f"{_when(spell)}  refused: {answer.reason}"
    parts = " + ".join(f"{f.id} {_percent(f.effective_rate)}" for f in answer.applied) or "no measure applies"
    label = "" if answer.status == "complete" else f"  [{answer.status}]"
    label += "  [edited law]" if answer.edits else ""
    amount = "" if answer.total_amount is None else f"  {answer.total_amount:,.2f} {answer.currency}"
    band = "" if answer.bounds is None else f"  ({_percent(answer.bounds[0])} with every remission that may be open)"
    return f"{_when(spell)}  {_percent(answer.total_rate)}{amount}  = {parts}{band}{label}"


def table(spell: Spell, everything: bool = False) -> str:
    """Return the answer as a table with reasons."""
    answer = spell.answer
    asked = answer.line.as_json()
    head = f"{asked['product']} from {asked['origin']} into {asked['importer']}, {_when(spell)}"
    lines = [f"{head}, preference {asked['preference']}", ""]
    shown = [f for f in answer.measures if everything or not _quiet(f)]
    width = max((len(f.id) for f in shown), default=0)
    for f in sorted(shown, key=lambda f: (f.applies is not True, f.applies is not None)):
        lines += _rows(f, width, everything)
    if rest := len(answer.measures) - len(shown):
        lines.append(f"  {rest} other measure(s) do not reach this line (--all lists them)")
    return "\n".join([*lines, "", *_totals(answer)])


def _quiet(f: Finding) -> bool:
    return f.code in _QUIET or (f.kind == "remission" and f.code == "nothing-owed")


def _rows(f: Finding, width: int, everything: bool) -> list[str]:
    rate = _percent(f.effective_rate) if f.applies else ("unknown" if f.applies is None else "-")
    amount = "" if f.amount is None or not f.applies else f"  {f.amount:,.2f}"
    reason = f.reason
    if f.facts and not everything:
        words = " or ".join(f.facts)
        reason = f"would remit {-(f.rate or 0.0):g}% of the surtax with --fact {words} (--all says what that means)"
    note = "" if f.confidence == "primary" else f" [{f.confidence}]"
    inset = " " * (width + 15)
    return [
        *_wrapped(f"  {f.id:<{width}}  {rate:>9}{amount}  {reason}{note}", inset),
        *_wrapped(f"{inset}{f.citation}" + (f" ({f.instrument})" if f.applies or everything else ""), inset),
    ]


def _wrapped(text: str, inset: str = "  ") -> list[str]:
    """Break a line at the terminal's width (100 where there is none), keeping its own indentation."""
    width = max(80, min(shutil.get_terminal_size((100, 24)).columns, 140))
    return textwrap.wrap(
        text, width, subsequent_indent=inset, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    ) or [""]


def _totals(answer: Answer) -> list[str]:
    lines = []
    if answer.status == "refused":
        lines.append(f"refused: {answer.reason}")
    else:
        amount = "" if answer.total_amount is None else f", {answer.total_amount:,.2f} {answer.currency}"
        label = "" if answer.status == "complete" else f" ({answer.status})"
        lines.append(f"total {_percent(answer.total_rate)}{amount}{label}")
        if answer.bounds is not None:
            low, high = answer.bounds
            lines.append(f"between {_percent(low)} with every remission that may be open and {_percent(high)} without")
        if answer.reason:
            lines.append(answer.reason)
    lines += [f"taken as given: {text}" for text in answer.assumptions]
    lines += answer.edits
    return [part for line in lines for part in _wrapped(line)]


@click.command("measures", short_help="The measures in the law, or a check of your own.")
@click.option("--importer", metavar="ISO3", help="Only those of one importer.")
@click.option("--on", "on", metavar="DATE", help="Only those with a rate in force on a day.")
@click.option(
    "--check",
    "folder",
    type=click.Path(exists=True, file_okay=False),
    help="Check a folder of law.",
)
@law_option(folders=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def measures(
    importer: str | None, on: str | None, folder: str | None, law_files: tuple[Path, ...], as_json: bool
) -> None:
    """List the measures; with --check DIR, say whether the measure files of a folder are sound."""
    from surtax.law.dates import NEVER, iso, ordinal
    from surtax.law.line import country

    try:
        if folder is not None and law_files:
            raise InputError("--check looks at a folder alone; give --law apart")
        law = load_law(law_files if folder is None else (Path(folder),), folders=True)
        day = None if on is None else ordinal(on)
        if importer is not None:
            importer = country(importer, "--importer")
            law.jurisdiction(importer)
    except SurtaxError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    rows = [
        {
            "id": m.id,
            "importer": m.levied_by,
            "kind": m.kind,
            "from": iso(m.start),
            "to": None if m.end >= NEVER else iso(m.end),
            "origins": str(m.origins),
            "title": m.title,
            "instrument": m.instrument,
            "confidence": m.confidence,
        }
        for m in sorted(law.measures.values(), key=lambda m: (m.levied_by, m.id))
        if importer in (None, m.levied_by) and (day is None or any(r.in_force(day) for r in m.rates))
    ]
    if as_json:
        _print_json({"schema": "surtax-measures-1", "measures": rows, "edits": list(law.edits)})
        return
    width = max((len(str(r["id"])) for r in rows), default=0)
    for r in rows:
        until = r["to"] or "…"
        click.echo(f"{r['importer']}  {r['id']:<{width}}  {r['from']} to {until:<10}  {r['kind']:<15}  {r['title']}")
    for text in law.edits:
        click.echo(text)
    if folder is not None:
        click.echo(f"{folder}: {len(rows)} measures, no faults")


@click.group("law", short_help="The law as a whole.")
def law() -> None:
    """Ask about the law as a whole."""


@law.command("diff", short_help="What changed between two days, or by edits.")
@click.argument("before")
@click.argument("after", required=False)
@click.option("--importer", metavar="ISO3", help="Only one importer's law.")
@click.option("--origin", metavar="ISO3", help="Only measures that reach goods of one origin.")
@law_option(folders=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff(
    before: str,
    after: str | None,
    importer: str | None,
    origin: str | None,
    law_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Say what the law holds on one day and not on the other (dates as YYYY-MM-DD).

    With one day and --law, say what the edited law holds on that day and the law does not.

    \b
    surtax law diff 2025-06-03 2025-06-04 --importer USA --origin CAN
    surtax law diff 2025-07-01 --law steel-at-25.yaml
    """  # noqa: D301 - click reads the character
    from surtax.law.line import country

    try:
        changes, known = _differences(before, after, law_files)
        if importer is not None:
            importer = country(importer, "--importer")
            known[-1].jurisdiction(importer)
        origin = None if origin is None else country(origin, "--origin")
    except SurtaxError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    changes = [
        c
        for c in changes
        if importer in (None, c.importer)
        and (origin is None or any(origin in k.measures[c.measure].origins for k in known if c.measure in k.measures))
    ]
    edits = list(known[-1].edits)
    if as_json:
        names = ("measure", "importer", "what", "text", "citation")
        rows = [{name: getattr(c, name) for name in names} for c in changes]
        _print_json({"schema": "surtax-law-diff-1", "changes": rows, "edits": edits})
        return
    for c in changes:
        click.echo(f"{c.importer}  {c.measure}  {c.what}: {c.text}  [{c.citation}]")
    if not changes:
        click.echo(f"nothing changes {f'between {before} and {after}' if after else f'on {before}'}")
    for text in edits:
        click.echo(text)


def _differences(before: str, after: str | None, law_files: tuple[Path, ...]) -> tuple[list[Change], list[Law]]:
    """The changes, and the laws that they are between."""
    from surtax.errors import is_folder

    edited = load_law(law_files, folders=True)
    if after is not None:
        return edited.diff(before, after), [edited]
    if not edited.edits:
        raise InputError("give two days, or one day and --law FILE: edited law against the law on that day")
    base = load_law(tuple(p for p in law_files if is_folder(p)), folders=True)
    return edited.diff_from(base, before), [base, edited]
