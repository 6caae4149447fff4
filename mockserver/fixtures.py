"""The files of ``fixtures/``: a catalogue and personas, checked when they are loaded."""

from pathlib import Path

from mockserver import personas
from mockserver.billing.catalogue import Catalogue
from mockserver.personas import Persona
from mockserver.world import DEFAULT_KEY, Fixtures
from mockserver.yaml_file import FileError, error_at, load_as


def load(folder: Path) -> Fixtures:
    """Catalogue and personas. Raises FileError, with file and line."""
    catalogue = _catalogue(folder / "catalogue.yaml")
    return Fixtures(catalogue, _personas(folder / "personas", catalogue))


def _catalogue(path: Path) -> Catalogue:
    catalogue = load_as(path, Catalogue)
    prices = [plan.price_cents for plan in catalogue.plans]
    if not catalogue.plans or catalogue.plans[0].slug != "free" or prices != sorted(prices):
        raise error_at(path, ["plans"], "must begin with 'free' and be sorted by price_cents")
    for index, plan in enumerate(catalogue.plans[1:], start=1):
        if plan.price_id is None:
            raise error_at(path, ["plans", index], "has no price_id")
    for index, card in enumerate(catalogue.test_cards):
        if card.declines_attach is not None and card.declines_charge is None:
            raise error_at(path, ["test_cards", index], "has declines_attach and so needs declines_charge")
    return catalogue


def _personas(folder: Path, catalogue: Catalogue) -> dict[str, Persona]:
    found: dict[str, Persona] = {}
    names: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        found[path.stem] = persona = load_as(path, Persona)
        for field, problem in personas.check(persona, catalogue):
            raise error_at(path, [field], problem)
        name = persona.key or persona.organization_id or ""
        if name in names:
            raise error_at(path, ["key"], f"'{name}' is taken by {names[name].name}")
        names[name] = path
    if DEFAULT_KEY not in names:
        raise FileError(folder, f"has no persona with the key '{DEFAULT_KEY}'")
    return found
