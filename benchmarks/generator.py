"""Measures the validity and speed of a thousand values of every contract schema and hard schema.

    .venv/bin/python -m benchmarks.generator [--others FOLDER]

Prints a table and writes ``benchmarks/GENERATOR.md``. With ``--others``, two other generators make
values of the hard schemas as well. Install them with ``pip install --target FOLDER/jsf jsf`` and
``npm install --prefix FOLDER/js json-schema-faker``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import generator_others
from benchmarks.machine import hardware
from mockserver import packaged
from mockserver.generator import Generator, NoValue
from mockserver.openapi.contract import JSON, Contract
from mockserver.openapi.schemas import (
    ResponseSchemas,
    Schema,
    Validator,
    compile_schema,
    standalone,
)
from tests.generator.hard import COMPONENTS, HARD, IMPOSSIBLE, IMPOSSIBLE_COMPONENTS

TIMES = 1_000
MEDIAN_TARGET = 5.0
RESULTS = Path(__file__).parent / "GENERATOR.md"


@dataclass(frozen=True, slots=True)
class Row:
    """The results for one schema; times in milliseconds."""

    name: str
    valid: int
    compiling: float
    median: float
    ninety_ninth: float


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generator", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--others", type=Path, help="the folder with json-schema-faker and jsf")
    arguments = parser.parse_args()
    contract = Contract.load(packaged.spec())
    tables = {
        "Responses of the contract": rows(documented(contract), contract.schemas),
        "Hard schemas": rows(HARD, COMPONENTS),
    }
    others = generator_others.valid_shares(arguments.others) if arguments.others else {}
    text = report(tables, refusals(), others)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


def documented(contract: Contract) -> dict[str, Schema]:
    """Return the distinct response schemas of a contract, by where they are first used."""
    schemas: dict[str, Schema] = {}
    known: set[str] = set()
    for operation in contract.operations.values():
        for status, response in operation.node["responses"].items():
            schema = contract.follow(response)["content"][JSON]["schema"]
            if (text := json.dumps(schema)) not in known:
                known.add(text)
                schemas[f"{operation.operation_id} {status}"] = schema
    return schemas


def rows(schemas: dict[str, Schema], components: Schema) -> list[Row]:
    """Measure each schema."""
    generator = Generator(components, seed=1)
    return [_row(name, schema, generator, components) for name, schema in schemas.items()]


def _row(name: str, schema: Schema, generator: Generator, components: Schema) -> Row:
    open_schemas = ResponseSchemas(components, closed=False)
    open_validator = open_schemas.dialect.compile(standalone(schema, open_schemas))
    judges: list[Validator] = [compile_schema(schema, components, closed=True), open_validator]
    began = time.perf_counter()
    maker = generator.compile(schema)
    compiling = (time.perf_counter() - began) * 1_000
    valid, times = _made(maker.make, judges)
    return Row(
        name, valid, compiling, statistics.median(times), statistics.quantiles(times, n=100)[98]
    )


def _made(make: Callable[[object], Any], judges: list[Validator]) -> tuple[int, list[float]]:
    valid, times = 0, []
    for key in range(TIMES):
        began = time.perf_counter()
        value = make(key)
        times.append((time.perf_counter() - began) * 1_000)
        valid += all(judge.is_valid(value) for judge in judges)
    return valid, times


def refusals() -> list[tuple[str, str, float]]:
    """Return the error sentences for unsatisfiable schemas, with their times in milliseconds."""
    generator = Generator(IMPOSSIBLE_COMPONENTS, seed=1)
    found = []
    for name, (schema, _) in IMPOSSIBLE.items():
        began = time.perf_counter()
        try:
            sentence = f"made {generator.compile(schema).make(0)!r}"
        except NoValue as error:
            sentence = str(error)
        found.append((name, sentence, (time.perf_counter() - began) * 1_000))
    return found


def report(
    tables: dict[str, list[Row]], refused: list[tuple[str, str, float]], others: dict[str, str]
) -> str:
    """Return the results as Markdown."""
    parts = _summary(tables)
    if others:
        parts += [
            "## Comparison on the hard schemas",
            "| | valid values | schemas with valid values only |\n| --- | --- | --- |\n"
            + "\n".join(f"| {name} | {share} |" for name, share in (_own(tables) | others).items()),
            generator_others.HOW,
        ]
    for title, found in tables.items():
        parts += [f"## {title}", _table(found)]
    parts += [
        "## Unsatisfiable schemas",
        "| schema | error | ms |\n| --- | --- | --- |\n"
        + "\n".join(
            f"| {name} | {sentence.replace('|', chr(92) + '|')} | {taken:.0f} |"
            for name, sentence, taken in refused
        ),
        "## Machine",
        "| | |\n| --- | --- |\n"
        + "\n".join(f"| {name} | {value} |" for name, value in hardware().items()),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(tables: dict[str, list[Row]]) -> list[str]:
    every = [row for found in tables.values() for row in found]
    slowest = max(every, key=lambda row: row.median)
    valid = sum(row.valid for row in every)
    return [
        "# Values from schemas",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m benchmarks.generator`, which "
        f"writes this file: {TIMES:,} values of each schema, validated by the server's validator, "
        "open and closed. Times are in milliseconds. On a shared machine the 99th percentile "
        "mostly reflects the load of others.",
        "| | target | measured | met |\n| --- | --- | --- | --- |\n"
        f"| valid | all | {valid:,} of {len(every) * TIMES:,} "
        f"| {_met(valid == len(every) * TIMES)} |\n"
        f"| largest median of a schema | < {MEDIAN_TARGET:g} ms "
        f"| {slowest.median:.2f} ms ({slowest.name}) "
        f"| {_met(slowest.median < MEDIAN_TARGET)} |",
    ]


def _own(tables: dict[str, list[Row]]) -> dict[str, str]:
    hard = tables["Hard schemas"]
    share = sum(row.valid for row in hard) / (TIMES * len(hard))
    return {
        "this generator": f"{share:.1%} | {sum(row.valid == TIMES for row in hard)} of {len(hard)}"
    }


def _table(found: list[Row]) -> str:
    lines = ["| schema | valid | median | p99 | compile time |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row.name} | {row.valid / TIMES:.1%} | {row.median:.2f} | {row.ninety_ninth:.2f} "
        f"| {row.compiling:.0f} |"
        for row in found
    ]
    valid = sum(row.valid for row in found) / (TIMES * len(found))
    median = statistics.median(row.median for row in found)
    lines.append(
        f"| **all {len(found)}** | {valid:.1%} | {median:.2f} "
        f"| {max(row.ninety_ninth for row in found):.2f} | |"
    )
    return "\n".join(lines)


def _met(met: bool) -> str:
    return "yes" if met else "**no**"


if __name__ == "__main__":
    main()
