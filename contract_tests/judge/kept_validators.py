"""openapi-core with validators that are made once for each schema.

By itself it makes a validator for each value, with a copy of all format checks, and finds each node
of the document again from its root. Both take longer than the validation.
"""

from __future__ import annotations

from typing import Any

from jsonschema_path import SchemaPath
from openapi_core import Config, OpenAPI
from openapi_core.casting.schemas.factories import SchemaCastersFactory
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_core.validation.schemas.validators import SchemaValidator

_MAX_RESOLVED = 65_536
"""Places of a document that are remembered with what their references lead to."""


class KeptValidators(SchemaValidatorsFactory):
    """The schema validators of one document, each of which is made when it is first needed."""

    def __init__(self, maker: SchemaValidatorsFactory) -> None:
        super().__init__(maker.schema_validator_cls, maker.format_checker)
        self._maker = maker
        self._kept: dict[SchemaPath, SchemaValidator] = {}

    def create(
        self, spec: SchemaPath, schema: SchemaPath, *args: Any, **options: Any
    ) -> SchemaValidator:
        """Return the validator of a schema. The options are the same for all of a document."""
        validator = self._kept.get(schema)
        if validator is None:
            validator = self._kept[schema] = self._maker.create(spec, schema, *args, **options)
        return validator


def kept(document: dict[str, Any]) -> OpenAPI:
    """Return openapi-core for a document that has been checked already."""
    spec = SchemaPath.from_dict(document, resolved_cache_maxsize=_MAX_RESOLVED)
    plain = OpenAPI(spec, config=Config(spec_validator_cls=None))
    config = Config(
        spec_validator_cls=None,
        request_validator_cls=_with_kept(plain.request_validator_cls),
        response_validator_cls=_with_kept(plain.response_validator_cls),
    )
    return OpenAPI(spec, config=config)


def _with_kept(validator: Any) -> Any:
    """Return a class of validators of requests or responses that keeps those of schemas."""
    validators = KeptValidators(validator.schema_validators_factory)
    casters = SchemaCastersFactory(validators, validator.schema_casters_factory.types_caster)
    factories = {"schema_validators_factory": validators, "schema_casters_factory": casters}
    return type(validator.__name__, (validator,), factories)
