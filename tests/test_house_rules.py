"""The rules of style that a machine can check."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted([*(ROOT / "flows").rglob("*.py"), *(ROOT / "subscribers").rglob("*.py")])
TRACKED_TOP = {
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "flows",
    "templates",
    "subscribers",
    "tests",
    "deploy",
}
# Pure rooms decide and never act: no SQL, no HTTP, no AWS.
PURE = [
    "flows/articles/parse.py",
    "flows/articles/clean.py",
    "flows/articles/identify.py",
    "flows/articles/page.py",
    "flows/articles/page_head.py",
    "flows/articles/main_text.py",
    "flows/articles/walls.py",
    "flows/articles/measure.py",
    "flows/articles/tongue.py",
    "flows/articles/robots.py",
    "flows/articles/rhythm.py",
    "flows/articles/swift.py",
    "flows/stories/cluster.py",
    "flows/stories/closeness.py",
    "flows/stories/linkage.py",
    "flows/stories/expansion.py",
    "flows/stories/decay.py",
    "flows/stories/features.py",
    "flows/stories/rank.py",
    "flows/stories/explain.py",
    "flows/stories/blurb.py",
    "flows/stories/answers.py",
    "flows/stories/backtest.py",
    "flows/stories/budget.py",
    "flows/stories/calibration.py",
    "flows/stories/channels.py",
    "flows/stories/drift.py",
    "flows/stories/exploring.py",
    "flows/stories/fitting.py",
    "flows/stories/gate.py",
    "flows/stories/grounding.py",
    "flows/stories/levers.py",
    "flows/stories/position.py",
    "flows/stories/quality.py",
    "flows/stories/safety.py",
    "flows/stories/taste.py",
    "flows/stories/taught.py",
    "flows/stories/tiers.py",
    "flows/editions/suggesting.py",
    "flows/editions/lost.py",
    "flows/editions/desk/marking.py",
    "flows/editions/draft.py",
    "flows/editions/workflow.py",
    "flows/editions/seal.py",
    "flows/editions/preflight.py",
    "flows/letters/letter.py",
    "flows/letters/ledger.py",
    "flows/events/parse.py",
    "flows/events/effects.py",
    "flows/events/bots.py",
    "flows/events/places.py",
    "subscribers/consent.py",
    "subscribers/cadence.py",
]
IMPURE = {
    "sqlalchemy",
    "aiohttp",
    "httpx",
    "requests",
    "urllib3",
    "boto3",
    "botocore",
    "fastapi",
    "starlette",
    "prefect",
}
OUTGOING = {"httpx", "requests", "urllib3", "http.client", "urllib.request", "aiohttp", "pycurl"}


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def tracked() -> list[str]:
    asked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        pytest.skip("not a git checkout: what is tracked cannot be listed")
    return asked.stdout.split()


def test_the_top_level_holds_only_what_the_customer_fixed() -> None:
    tops = {name.split("/")[0] for name in tracked()}
    assert {top for top in tops if not top.startswith(".")} <= TRACKED_TOP


@pytest.mark.parametrize("name", PURE)
def test_pure_rooms_import_no_sql_http_or_aws(name: str) -> None:
    tops = {module.split(".")[0] for module in imports_of(ROOT / name)}
    assert not tops & IMPURE


def test_only_the_verbs_and_the_timetable_import_prefect() -> None:
    allowed = {"collect", "curate", "deliver", "listen", "learn", "tidy", "timetable", "announcing"}
    found = {
        str(path.relative_to(ROOT))
        for path in CODE
        if any(module.split(".")[0] == "prefect" for module in imports_of(path))
    }
    assert found <= {f"flows/{name}.py" for name in allowed}


def test_E11_one_client_for_everything_that_leaves_the_house() -> None:
    """Only articles/ (the guarded client) opens HTTP connections; SES and SQS go through boto3."""
    found = {
        str(path.relative_to(ROOT))
        for path in CODE
        if imports_of(path) & OUTGOING or any(m.split(".")[0] in OUTGOING for m in imports_of(path))
    }
    assert all(name.startswith("flows/articles/") for name in found), found


def test_no_module_hides_one_of_the_standard_library() -> None:
    """Prefect puts flows/ first on sys.path: flows/calendar.py would be `import calendar` for everyone."""
    hidden = {path.stem for path in (ROOT / "flows").iterdir()} & set(sys.stdlib_module_names)
    assert hidden - {"__init__"} == set()


def test_modules_are_rooms_and_not_halls() -> None:
    long = {str(p.relative_to(ROOT)): n for p in CODE if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert not long, f"more than one idea? {long}"


def test_every_public_thing_says_what_it_is() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in CODE
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and node.name != "main"
        and ast.get_docstring(node) is None
        and not _is_enum(node)  # its members speak
        and len(node.body) > 3
    ]
    assert not silent, silent


def _is_enum(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases)


def test_every_module_says_its_one_idea() -> None:
    assert not [
        str(p.relative_to(ROOT)) for p in CODE if p.read_text() and not ast.get_docstring(ast.parse(p.read_text()))
    ]


def test_the_map_names_every_room() -> None:
    drawn = (ROOT / "flows" / "__init__.py").read_text("utf-8")
    rooms = [
        path.relative_to(ROOT / "flows").as_posix()
        for path in CODE
        if path.is_relative_to(ROOT / "flows") and path.name != "__init__.py"
    ]
    missing = [room for room in rooms if not re.search(rf"\b{re.escape(Path(room).stem)}\b", drawn)]
    assert not missing, f"draw these in flows/__init__.py: {missing}"


def test_nothing_is_vendored_minified_or_fetched_from_elsewhere() -> None:
    names = tracked()
    assert not [name for name in names if re.search(r"\.min\.(js|css)$|vendor/|node_modules/|(^|/)uv\.lock$", name)]
    for page in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.css")]:
        text = page.read_text("utf-8")
        assert not re.search(r"""(src|href)=["']https?://|@import|url\(["']?https?:""", text), page
