"""What operators are given: alert rules, a dashboard and a threat model speak of what there is."""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api.__main__ import serve
from api.app import make_app
from api.middleware import MAX_TARGET_BYTES
from api.parameters import MAX_PARAMETERS, MAX_VALUE_LENGTH
from api.protocol import MAX_HEAD_BYTES, MAX_IGNORED_BYTES, MAX_LINGER_SECONDS, MAX_SECONDS
from api.settings import Settings
from batch.cli import commands
from batch.generation.publish import Published
from tests.project.documents import DOCUMENTS

RULES: dict[str, Any] = yaml.safe_load(Path("docs/alerts.yml").read_text(encoding="utf-8"))
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD: dict[str, Any] = json.loads(Path("docs/dashboard.json").read_text(encoding="utf-8"))
# A line may end anywhere in a sentence.
SECURITY = " ".join(DOCUMENTS["docs/security.md"].split())
EXPRESSIONS = [
    *(alert["expr"] for alert in ALERTS),
    # What Grafana fills in before Prometheus sees it.
    *(
        target["expr"].replace("$__rate_interval", "5m")
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    ),
]
# What Prometheus adds of its own to all that it reads.
OF_PROMETHEUS = {"up"}
TARGET_LABELS = {"job", "instance"}

Samples = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def exposed(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """The labels of all samples of a service that has answered, by metric."""
    with TestClient(make_app(Settings(tmp_path_factory.mktemp("nothing")))) as client:
        for path in ("/recommendations", "/features"):
            assert client.get(f"{path}?user_id=18").status_code == 503
    with TestClient(make_app(Settings(published.file.parent.parent))) as client:
        for user_id in ("18", "nobody"):
            for path in ("/recommendations", "/features"):
                assert client.get(f"{path}?user_id={user_id}").status_code == 200
        text = client.get("/metrics").text
    samples: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(sample.labels)
    return samples


def _parts(expression: str | promql.Expr) -> list[promql.Expr]:
    """Return all parts of an expression, itself included."""
    parts: list[promql.Expr] = []
    whole = promql.parse(expression) if isinstance(expression, str) else expression
    promql.walk(whole, pre_visit=parts.append)
    return parts


def _selectors(expression: str | promql.Expr) -> list[promql.VectorSelector]:
    """Return what an expression selects, but for what Prometheus itself adds."""
    parts = (
        part.vector_selector if isinstance(part, promql.MatrixSelector) else part
        for part in _parts(expression)
    )
    selectors = [part for part in parts if isinstance(part, promql.VectorSelector)]
    return [selector for selector in selectors if selector.name not in OF_PROMETHEUS]


def _matches(matcher: promql.Matcher, labels: dict[str, str]) -> bool:
    value = labels.get(matcher.name, "")
    if matcher.op in (promql.MatchOp.Equal, promql.MatchOp.NotEqual):
        return (value == matcher.value) is (matcher.op == promql.MatchOp.Equal)
    return (re.fullmatch(matcher.value, value) is not None) is (matcher.op == promql.MatchOp.Re)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_selects_and_groups_by_what_the_service_exposes(
    exposed: Samples, expression: str
) -> None:
    for selector in _selectors(expression):
        asked = [each for each in selector.matchers.matchers if each.name not in TARGET_LABELS]
        samples = exposed[str(selector.name)]
        assert [labels for labels in samples if all(_matches(each, labels) for each in asked)]
    for part in _parts(expression):
        if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            for selector in _selectors(part.expr):
                labels = set(exposed[str(selector.name)][0])
                assert set(part.modifier.labels) <= labels | TARGET_LABELS


def test_only_the_memory_panel_and_the_alert_of_restarts_need_a_single_worker() -> None:
    """With several workers there are no metrics of processes."""
    selected = {str(each.name) for expression in EXPRESSIONS for each in _selectors(expression)}
    assert {name for name in selected if not name.startswith("recommender_")} == {
        "process_resident_memory_bytes",
        "process_start_time_seconds",
    }


def test_rules_stand_in_groups_and_each_name_is_there_once() -> None:
    assert set(RULES) == {"groups"}
    assert all(set(group) == {"name", "rules"} for group in RULES["groups"])
    assert len({alert["alert"] for alert in ALERTS}) == len(ALERTS)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_an_alert_has_the_structure_that_prometheus_wants_and_says_what_to_do(alert: dict[str, Any]) -> None:
    assert set(alert) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert re.fullmatch("(Recommender)([A-Z][a-z]+)+", alert["alert"])
    assert promql.parse_duration(alert.get("for", "1m"))
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in {"warning", "critical"}
    assert set(alert["annotations"]) == {"summary", "description"}
    assert "\n" not in alert["annotations"]["summary"]
    assert len(alert["annotations"]["description"]) > len(alert["annotations"]["summary"])
    for text in alert["annotations"].values():
        assert text.endswith(".")
        for label in re.findall(r"\$labels\.(\w+)", text):
            assert label in TARGET_LABELS or label in alert["expr"]


def test_the_dashboard_can_be_imported_and_no_panel_lies_on_another() -> None:
    assert "id" not in DASHBOARD
    (source,) = [each for each in DASHBOARD["templating"]["list"] if each["type"] == "datasource"]
    wanted = {"type": "prometheus", "uid": f"${{{source['name']}}}"}
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells: list[tuple[int, int]] = []
    for panel in panels:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["datasource"] == wanted
        assert panel["targets"]
        assert all(target["datasource"] == wanted for target in panel["targets"])
        x, y, width, height = (panel["gridPos"][name] for name in "xywh")
        assert x + width <= 24
        cells += product(range(x, x + width), range(y, y + height))
    assert len(set(cells)) == len(cells)


def test_every_variable_of_the_dashboard_is_known(exposed: Samples) -> None:
    known = {each["name"] for each in DASHBOARD["templating"]["list"]} | {"__rate_interval"}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD))) == known
    (jobs,) = [each for each in DASHBOARD["templating"]["list"] if each["name"] == "job"]
    metric = re.fullmatch(r"label_values\((\w+), job\)", jobs["query"]["query"])
    assert metric
    assert metric[1] in exposed


def test_the_threat_model_names_only_what_exists() -> None:
    files = re.findall(r"`((?:[\w.]+/)+[\w.]*|[\w-]+\.(?:py|md|txt|yml)|Dockerfile)`", SECURITY)
    assert len(set(files)) > 10
    assert [file for file in files if not Path(file).exists()] == []
    parameters = (*serve.params, *commands.commands["run"].params)
    options = {option for each in parameters for option in (*each.opts, *each.secondary_opts)}
    named = set(re.findall(r"`(--[a-z-]+)", SECURITY))
    assert named
    assert named <= options


def test_the_limits_in_the_threat_model_are_those_of_the_service() -> None:
    assert f"{MAX_TARGET_BYTES:,} bytes" in SECURITY
    assert f"{MAX_PARAMETERS} parameters of {MAX_VALUE_LENGTH} characters" in SECURITY
    assert (MAX_SECONDS, MAX_HEAD_BYTES) == (10, 64 * 1024)
    assert "after ten seconds or 64 KB" in SECURITY
    assert (MAX_LINGER_SECONDS, MAX_IGNORED_BYTES) == (2, 1024 * 1024)
    assert "up to 1 MB and for two seconds" in SECURITY
    required = Path("requirements-api.txt").read_text(encoding="utf-8").count("==")
    assert required == 9
    assert "the service has nine" in SECURITY


def _anchors(text: str) -> set[str]:
    """Return what GitHub names the titles of a document."""
    titles = re.findall(r"^#+ (.+)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", ["CHANGELOG.md", *DOCUMENTS])
def test_every_link_leads_to_a_file_and_a_title_in_it(document: str) -> None:
    text = Path(document).read_text(encoding="utf-8")
    for file, anchor in re.findall(r"\]\((?!\w+://)([^)#\s]*)#?([^)\s]*)\)", text):
        target = Path(document).parent / file if file else Path(document)
        assert target.exists()
        assert not anchor or anchor in _anchors(target.read_text(encoding="utf-8"))
