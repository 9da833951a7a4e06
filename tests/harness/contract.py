# SPDX-License-Identifier: Apache-2.0
"""The published schema of webhook payloads, held against what really arrives."""

import json
import pathlib

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs/webhooks/payload.schema.json"


def validator():
    """Stricter than what is published: a member that the schema does not know is an error, too."""
    schema = json.loads(SCHEMA.read_text())
    for closed in (schema, schema["$defs"]["data"], schema["$defs"]["record"], schema["$defs"]["attention"]):
        closed["additionalProperties"] = False
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def problems_of(body, held_against=validator()):
    """One sentence for each rule that the body (bytes, text or parsed) breaks."""
    try:
        payload = json.loads(body) if isinstance(body, (bytes, str)) else body
    except ValueError as error:
        return [f"no JSON: {error}"]
    return [f"{'/'.join(map(str, error.absolute_path)) or 'the body'}: {error.message}" for error in held_against.iter_errors(payload)]
