"""The OpenAPI document and its page."""

import re
from io import StringIO

import pytest
from django.core.management import call_command


def test_the_schema_validates_without_a_warning(tmp_path):
    target = tmp_path / "schema.yaml"
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(target), stdout=StringIO()
    )
    assert "openapi: 3" in target.read_text()


@pytest.fixture
def schema(client, db):
    return client.get("/api/v1/schema/", {"format": "json"}).json()


def operations(schema):
    return [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_tells_its_problems(schema):
    for path, method, operation in operations(schema):
        answers = operation["responses"]
        assert {"400", "401", "403"} <= set(answers), (path, method)
        if "{" in path:
            assert "404" in answers, (path, method)
        for status, answer in answers.items():
            if int(status) >= 400:
                assert set(answer["content"]) == {"application/problem+json"}


def test_what_goes_over_the_wire_is_in_camel_case(schema):
    for name, component in schema["components"]["schemas"].items():
        for field in component.get("properties", {}):
            assert re.fullmatch("[a-z][a-zA-Z0-9]*", field), (name, field)


def test_the_page_names_every_operation_and_loads_nothing_from_elsewhere(client, schema):
    page = client.get("/api/v1/docs/").content.decode()
    for _, _, operation in operations(schema):
        assert f'id="{operation["operationId"]}"' in page
    assert not re.search(r"<(script|link|img)[^>]*=[\"'](https?:)?//", page)
    assert not re.search(r"<style|style=|<script>", page)
