"""Reads a rule file that people edit: plain YAML, small, without tricks, and every complaint names its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ktop.kernel.errors import InputError

LONGEST_RULE_BYTES = 200_000
_DEEPEST = 12


class Entry(dict[str, Any]):
    """A mapping of a rule file that knows the line it begins on, and that of each of its keys (from 1)."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def wrong(self, key: str | None, reason: str, **params: Any) -> InputError:
        """Return the error of one of its keys, or of all of it."""
        return InputError(
            f"programmes.rule_{reason}", line=self.lines.get(key or "", self.line), entry=key or "", **params
        )

    def need(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """Return a value that must be there and of a kind; raises ``InputError`` with its line where it is not."""
        if key not in self:
            raise self.wrong(key, "missing")
        return self.maybe(key, kind)

    def maybe(self, key: str, kind: type | tuple[type, ...], otherwise: Any = None) -> Any:
        """Return a value of a kind, or ``otherwise`` where it is not there."""
        value = self.get(key)
        if value is None:
            return otherwise
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(key, "kind")
        return value

    def only(self, *keys: str) -> None:
        """Raise ``InputError`` for a key that means nothing here: a slip of the pen must not loosen a rule."""
        for key in self:
            if key not in keys:
                raise self.wrong(key, "unknown_key", known=", ".join(keys))

    def words(self, key: str) -> dict[Any, str]:
        """Return a text in both languages."""
        found = self.need(key, Entry)
        found.only("ko", "en")
        return {lang: found.need(lang, str) for lang in ("ko", "en")}

    def entries(self, key: str) -> Iterator[Entry]:
        """Give the mappings of a list that may be missing."""
        for item in self.maybe(key, list, []):
            if not isinstance(item, Entry):
                raise self.wrong(key, "kind")
            yield item


def read_rule_file(source: bytes) -> Entry:
    """Return the content of a rule file.

    Raises ``InputError`` with the line for what is no YAML, too large or too deep, uses anchors, or has a key twice.
    """
    if len(source) > LONGEST_RULE_BYTES:
        raise InputError("programmes.rule_too_long", kb=LONGEST_RULE_BYTES // 1000)
    try:
        text = source.decode("utf-8-sig")
        for token in yaml.scan(text, yaml.SafeLoader):
            if isinstance(token, yaml.tokens.AnchorToken | yaml.tokens.AliasToken | yaml.tokens.TagToken):
                raise InputError("programmes.rule_anchor", line=token.start_mark.line + 1)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InputError("programmes.rule_no_yaml", line=mark.line + 1 if mark else 1) from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise InputError("programmes.rule_no_yaml", line=1) from error
    found = None if node is None else _value(node, 0)
    if not isinstance(found, Entry):
        raise InputError("programmes.rule_no_mapping")
    return found


def _value(node: yaml.Node, depth: int) -> Any:
    line = node.start_mark.line + 1
    if depth > _DEEPEST:
        raise InputError("programmes.rule_too_deep", line=line)
    if isinstance(node, yaml.MappingNode):
        entry = Entry(line)
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if key in entry:
                raise InputError("programmes.rule_twice", line=key_node.start_mark.line + 1, entry=key)
            entry.lines[key] = key_node.start_mark.line + 1
            entry[key] = _value(value_node, depth + 1)
        return entry
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, depth + 1) for item in node.value]
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:  # a lone "=" has a meaning of its own, 2026-02-30 is no day
        raise InputError("programmes.rule_no_yaml", line=line) from error


def plain(value: Any) -> Any:
    """Return the content as ordinary dicts and lists."""
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value
