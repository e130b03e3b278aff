"""Writes docs/who-may-what.md and its Korean twin from catalogue/permissions.yaml.

./run --version && .venv/bin/python benchmarks/who_may_what.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from ktop.catalogue import Lang, load
from ktop.domain.party.permission import permissions, role_permissions
from ktop.domain.party.program import NOT_FOR_PROGRAMS

_WORDS: dict[str, dict[Lang, str]] = {
    "title": {"en": "Who may what", "ko": "누가 무엇을 할 수 있나"},
    "lead": {
        "en": "Made from the [list of permissions](../src/ktop/catalogue/permissions.yaml) by "
        "`benchmarks/who_may_what.py`; a test compares them. What a visitor may, everybody may. The owner of an "
        "installation without accounts may all of it.",
        "ko": "[권한 목록](../src/ktop/catalogue/permissions.yaml)에서 `benchmarks/who_may_what.py`로 만들었고 시험이 "
        "대조합니다. 방문자가 할 수 있는 일은 누구나 할 수 있습니다. 계정 없이 쓰는 설치의 주인은 모두 할 수 있습니다.",
    },
    "person": {
        "en": "Only a person, never a program's key.",
        "ko": "사람만 할 수 있고 프로그램의 키로는 할 수 없습니다.",
    },
    "permission": {"en": "may", "ko": "할 수 있는 일"},
    "roles": {"en": "role of organisations", "ko": "역할이 있는 기관"},
    "by_role": {"en": "By role", "ko": "역할별"},
    "by_permission": {"en": "By permission", "ko": "권한별"},
    "has": {"en": "who", "ko": "누가"},
    "routes": {
        "en": "Every address of pages and API asks for one of these permissions, for a person who has signed in, or "
        "for nothing (`src/ktop/web/route_access.py`); the use case behind it asks again.",
        "ko": "화면과 API의 모든 주소는 위 권한 하나를 요구하거나, 로그인한 사람이면 되거나, 누구에게나 열려 있습니다"
        "(`src/ktop/web/route_access.py`). 그 뒤의 업무도 다시 확인합니다.",
    },
}


def page(lang: Lang) -> str:
    """Return the page in a language."""
    named, had = load("permissions")["roles"], role_permissions()
    roles = [name for name in named if name not in ("owner", "visitor")]
    of_visitor = had["visitor"]
    lines = [f"# {_WORDS['title'][lang]}", "", _WORDS["lead"][lang], "", f"## {_WORDS['by_permission'][lang]}", ""]
    heads = ("", "permission", "has")
    lines += ["| " + " | ".join(_WORDS[head][lang] if head else "" for head in heads) + " |", "|---|---|---|"]
    for permission, words in permissions().items():
        who = [named[role]["name"][lang] for role in roles if permission in had[role]]
        if permission in of_visitor:
            who = [named["visitor"]["name"][lang]]
        star = "\\*" if permission in NOT_FOR_PROGRAMS else ""
        lines.append(f"| `{permission}`{star} | {words[lang]} | {', '.join(who) or '–'} |")
    lines += ["", f"\\* {_WORDS['person'][lang]}", "", f"## {_WORDS['by_role'][lang]}", ""]
    for role in roles:
        kinds = ", ".join(named[role]["organisations"])
        own = [f"`{one}`" for one in permissions() if one in had[role] - of_visitor]
        lines += [f"**{named[role]['name'][lang]}** (`{role}`; {kinds}): {', '.join(own)}.", ""]
    lines.append(_WORDS["routes"][lang])
    return "\n".join([*lines, ""])


def main(folder: Path) -> None:
    """Write both pages."""
    for lang, name in (("en", "who-may-what.md"), ("ko", "who-may-what.ko.md")):
        (folder / name).write_text(page("en" if lang == "en" else "ko"), encoding="utf-8")


if __name__ == "__main__":
    main(ROOT / "docs")
