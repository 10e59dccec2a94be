"""Counts are summed over processes, survive a killed one, and are shown in Prometheus's format."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from idp.adapters.metrics import Metrics, forget_dead_processes
from idp.domain.platform.metrics import Metric


@pytest.fixture
def metrics(tmp_path: Path) -> Iterator[Metrics]:
    metrics = Metrics(tmp_path)
    yield metrics
    metrics.close()


def shown(folder: Path) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(Metrics(folder).exposition().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in families
        for sample in family.samples
    }


def count_and_die(folder: Path, times: int) -> None:
    metrics = Metrics(folder)
    for _ in range(times):
        metrics.count(Metric.MAILS, outcome="sent")
    os._exit(9)  # no time to say anything


def test_processes_are_summed_and_a_killed_one_has_lost_nothing(tmp_path: Path, metrics: Metrics) -> None:
    context = get_context("fork")
    processes = [context.Process(target=count_and_die, args=(tmp_path, times)) for times in (3, 4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(20)
    metrics.count(Metric.MAILS, outcome="sent")
    assert shown(tmp_path)["mire_mails_total", ("sent",)] == 8


def test_a_fork_counts_in_a_file_of_its_own(tmp_path: Path, metrics: Metrics) -> None:
    metrics.count(Metric.JOBS, kind="k", outcome="done")

    def again() -> None:
        metrics.count(Metric.JOBS, kind="k", outcome="done")

    process = get_context("fork").Process(target=again)
    process.start()
    process.join(20)
    metrics.count(Metric.JOBS, kind="k", outcome="done")
    assert shown(tmp_path)["mire_jobs_total", ("done", "k")] == 3


def test_threads_lose_no_count(tmp_path: Path, metrics: Metrics) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: metrics.count(Metric.INTROSPECTIONS, active="true"), range(800)))
    assert shown(tmp_path)["mire_introspections_total", ("true",)] == 800


@pytest.mark.parametrize("metric", list(Metric))
def test_every_metric_is_shown_with_its_meaning(tmp_path: Path, metrics: Metrics, metric: Metric) -> None:
    metrics.count(metric, **dict.fromkeys(metric.value.labels, "x"))
    text = Metrics(tmp_path).exposition().decode()
    assert f"# HELP {metric.value.name}_total {metric.value.help}" in text
    assert f"# TYPE {metric.value.name}_total counter" in text


def test_a_label_that_the_definition_lacks_is_a_mistake(tmp_path: Path, metrics: Metrics) -> None:
    with pytest.raises(KeyError):
        metrics.count(Metric.MAILS)


def test_a_start_forgets_the_dead_and_keeps_the_living(tmp_path: Path, metrics: Metrics) -> None:
    metrics.count(Metric.MAILS, outcome="sent")
    (tmp_path / "counter_999999999.db").touch()
    forget_dead_processes(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"counter_{os.getpid()}.db"]
