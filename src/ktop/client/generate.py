"""Writes the client's operations from the OpenAPI document of an installation.

    curl -s https://ktop.example/api/v1/openapi.json | python src/ktop/client/generate.py > operations.py

A class for each group of operations (the document's tags), a method for each operation, a ``TypedDict`` for each shape.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

#: Groups that programs cannot use: they ask for the session of a person's browser.
_OF_PEOPLE = frozenset(("account",))
#: The client adds these itself, for all operations.
_OF_THE_CLIENT = frozenset(("lang",))
_WIDTH = 116
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "object": "Any"}

Document = Mapping[str, Any]


def source_of(document: Document) -> str:
    """Return the source of ``ktop/client/operations.py`` for an OpenAPI document."""
    groups: dict[str, list[tuple[str, str, Document]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    kept = {tag: groups[tag] for tag in sorted(groups) if tag not in _OF_PEOPLE}
    methods = {tag: "\n".join(_method(*one, document) for one in operations) for tag, operations in kept.items()}
    shapes = _used(document, "\n".join(methods.values()))
    parts = [
        '"""Every operation of the API; made by ``ktop.client.generate``, not by hand."""',
        "from __future__ import annotations",
        "from collections.abc import Iterator",
        "from typing import Any, Literal, NotRequired, TypedDict",
        "from ktop.client.asking import Connection, part",
        *(_shape(name, document["components"]["schemas"][name]) for name in shapes),
        *(_group(tag, made) for tag, made in methods.items()),
        _client(document, list(kept)),
    ]
    return (
        "\n\n".join([parts[0], parts[1], "\n".join(parts[2:4]), parts[4]]) + "\n\n\n" + "\n\n\n".join(parts[5:]) + "\n"
    )


def _client(document: Document, tags: list[str]) -> str:
    lines = [
        "class Client(Connection):",
        *_docstring(
            f"All operations of {document['info']['title']}, version {document['info']['version']}, by group.", 4
        ),
        "",
    ]
    for tag in tags:
        lines += [
            "    @property",
            f"    def {tag}(self) -> {_class(tag)}Operations:",
            *_docstring(f"Operations on {tag}.", 8),
        ]
        lines += [f"        return {_class(tag)}Operations(self)", ""]
    return "\n".join(lines).rstrip()


def _group(tag: str, methods: str) -> str:
    head = [f"class {_class(tag)}Operations:", *_docstring(f"Operations on {tag}.", 4), ""]
    head += ["    def __init__(self, connection: Connection) -> None:", "        self._connection = connection", ""]
    return "\n".join(head) + "\n" + methods


def _method(method: str, path: str, operation: Document, document: Document) -> str:
    """Return one operation as a method; one that lists pages has a second that goes through all of them."""
    name = _method_name(operation)
    parameters = [one for one in operation.get("parameters", []) if one["name"] not in _OF_THE_CLIENT]
    placed = [_name(one["name"]) for one in parameters if one["in"] == "path"]
    asked = {_name(one["name"]): one for one in parameters if one["in"] == "query"}
    changes = any(one["in"] == "header" and one["name"].lower() == "if-match" for one in parameters)
    given, sent = _body(operation)
    answer, reading = _answer(operation)
    signature = [*(f"{one}: str" for one in placed), *given]
    needed = [one for one, parameter in asked.items() if parameter.get("required")]
    signature += ["*"] * bool(asked or changes or method == "POST")
    signature += [f"{one}: {_type(asked[one]['schema'])}" for one in needed]
    optional = [f"{one}: {_optional(asked[one]['schema'])} = None" for one in asked if one not in needed]
    passed = [f'"{method}"', _address(path, placed)]
    if asked:
        passed.append("query={" + ", ".join(f'"{one["name"]}": {python}' for python, one in asked.items()) + "}")
    passed += sent
    if method == "POST":
        optional.append("idempotency_key: str | None = None")
        passed.append("idempotency_key=idempotency_key")
    if changes:
        optional.append("version: str | None = None")
        passed += ["version=version", "changes=True"]
    said = [operation["description"], "", f"{method} {path}"]
    if changes:
        said.append("``version`` is the ETag of what is changed; without it, the one that this client read last.")
    call = f"self._connection.ask({', '.join(passed)})"
    body = [f"        found: {answer} = {call}{reading}", "        return found"] if reading else [f"        {call}"]
    lines = _defined(name, [*signature, *optional], answer, "\n".join(said), body)
    if "after" in asked and "items" in _shape_of(answer, document).get("properties", {}):
        lines += ["", *_through_all(name, [*signature, *optional], answer, document, list(asked))]
    return "\n".join(lines) + "\n"


def _through_all(name: str, signature: list[str], answer: str, document: Document, names: list[str]) -> list[str]:
    """Return the method that gives the items of all pages."""
    item = _type(_shape_of(answer, document)["properties"]["items"]["items"])
    given = [one for one in signature if not one.startswith("after:")]
    positional = [one.split(":")[0] for one in given[: given.index("*")]]
    call = ", ".join([*positional, *(f"{one}={one}" for one in names)])
    body = [f"        yield from self._connection.pages(lambda after: self.{name}({call}))"]
    return _defined(f"all_{name}", given, f"Iterator[{item}]", "Go through all pages of it.", body)


def _defined(name: str, signature: list[str], answer: str, said: str, body: list[str]) -> list[str]:
    while signature and signature[-1] == "*":
        signature = signature[:-1]
    return [f"    def {name}({', '.join(['self', *signature])}) -> {answer}:", *_docstring(said, 8), *body]


def _body(operation: Document) -> tuple[list[str], list[str]]:
    """Return how a method takes the body of its request, and how it hands it on."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return [f"body: {_type(content['application/json']['schema'])}"], ["body=body"]
    if "application/x-www-form-urlencoded" in content:
        return [f"form: {_type(content['application/x-www-form-urlencoded']['schema'])}"], ["form=dict(form)"]
    return (["content: bytes"], ["content=content"]) if content else ([], [])


def _answer(operation: Document) -> tuple[str, str]:
    """Return the type of an operation's answer, and how it is read from the response."""
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            content = answer.get("content", {})
            if "application/json" in content and content["application/json"].get("schema"):
                return _type(content["application/json"]["schema"]), ".json()"
            if content:
                return "bytes", ".content"
    return "None", ""


def _type(schema: Document) -> str:
    """Return the type of a JSON Schema as Python writes it."""
    if "$ref" in schema:
        return _class(schema["$ref"].rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(json.dumps(value, ensure_ascii=False) for value in values)}]"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            kinds = dict.fromkeys(_type(one) for one in schema[several])
            return "Any" if "Any" in kinds else " | ".join(sorted(kinds, key=lambda kind: kind == "None"))
    if schema.get("type") == "array":
        return f"list[{_type(schema.get('items', {}))}]"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties", True)
        return f"dict[str, {_type(values) if isinstance(values, dict) else 'Any'}]"
    return _PLAIN.get(schema.get("type", ""), "Any")


def _optional(schema: Document) -> str:
    kind = _type(schema)
    return kind if kind.endswith("None") or kind == "Any" else f"{kind} | None"


def _shape(name: str, schema: Document) -> str:
    lines = [f"class {_class(name)}(TypedDict):", *_docstring(schema.get("description") or schema["title"], 4), ""]
    needed = schema.get("required", [])
    for field, kept in schema.get("properties", {}).items():
        if not field.isidentifier() or keyword.iskeyword(field):
            raise ValueError(f"{name}.{field} is no name in Python")
        kind = _type(kept)
        lines.append(f"    {field}: {kind if field in needed else f'NotRequired[{kind}]'}")
        lines += _docstring(kept["description"], 4) if kept.get("description") else []
    return "\n".join(lines).rstrip()


def _shape_of(answer: str, document: Document) -> Document:
    schemas = document["components"]["schemas"]
    found: Document = next((shape for name, shape in schemas.items() if _class(name) == answer), {})
    return found


def _used(document: Document, source: str) -> list[str]:
    """Return the names of the shapes that methods use, and of those within them, by name."""
    schemas = document["components"]["schemas"]
    named = {name for name in schemas if re.search(rf"\b{_class(name)}\b", source)}
    waiting = sorted(named)
    while waiting:
        for inner in _named_in(schemas[waiting.pop()]):
            if inner not in named:
                named.add(inner)
                waiting.append(inner)
    return sorted(named, key=_class)


def _named_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _named_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _named_in(value)


def _class(name: str) -> str:
    """Return a name as one of a class: rooms that have shapes of the same name are told apart by the room's."""
    parts = name.split("__")
    kept = parts[-2:] if len(parts) > 1 else [re.sub(r"^Body_(\w+?)_api_v1_\w+$", r"\1_body", name)]
    return "".join(word[:1].upper() + word[1:] for one in kept for word in one.split("_"))


def _method_name(operation: Document) -> str:
    return _name(operation["operationId"].split("_api_v1_")[0])


def _name(name: str) -> str:
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def _address(path: str, placed: list[str]) -> str:
    return ("f" if placed else "") + '"' + re.sub(r"\{(\w+)\}", r"{part(\1)}", path) + '"'


def _docstring(said: str, indent: int) -> list[str]:
    """Return a text as a docstring, indented."""
    margin = " " * indent
    first, *rest = said.replace("\\", "\\\\").strip().split("\n", 1)
    text = " ".join(first.split())
    if not rest and len(text) + indent + 6 <= _WIDTH:
        return [f'{margin}"""{text}"""']
    paragraphs = [text, *(" ".join(one.split()) for one in (rest[0].split("\n") if rest else []))]
    lines: list[str] = []
    for one in paragraphs:
        lines += textwrap.wrap(one, _WIDTH - indent - 3) or [""]
    return [f'{margin}"""{lines[0]}', *(f"{margin}{line}".rstrip() for line in lines[1:]), f'{margin}"""']


if __name__ == "__main__":
    sys.stdout.write(source_of(json.load(sys.stdin)))
