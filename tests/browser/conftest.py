"""Chromium without a window, and the pages that it opens."""

import shutil
from pathlib import Path

import pytest

from support import pages
from unit.commands.running.test_console import NOW, at_work, beat, stage
from unit.reporting.compare.test_gathering import gather, write_pair
from unit.reporting.page import test_verdict_page
from wsstad.artefacts import storage
from wsstad.commands.running.live_page import LivePage
from wsstad.reporting.page import compared

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A driver of Debian's Chromium, which notes what the console says and what is asked of a network."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(programs):
        pytest.skip("chromium and chromedriver are not here; tests/install.sh browser installs them on Debian")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(programs[1]))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def page(tmp_path_factory) -> Path:
    """The report of a run whose names were chosen to do harm."""
    folder = tmp_path_factory.mktemp("page")
    return pages.make(folder, title=pages.HOSTILE, kind=f"</script>{pages.HOSTILE}")


@pytest.fixture(scope="session")
def long_page(tmp_path_factory) -> Path:
    """The report of a run with as many test videos as UCF-Crime has."""
    return pages.make(tmp_path_factory.mktemp("long"), videos=290)


@pytest.fixture(scope="session")
def comparison(tmp_path_factory):
    """The page of two made-up runs, whose names were chosen to do harm."""
    folder = write_pair(tmp_path_factory.mktemp("comparison"))
    storage.write_text(
        folder / "page.html", compared.page(gather(folder), ["detector.threshold: 25 -> 12"], pixels=True)
    )
    return folder / "page.html"


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verdicts")
    storage.write_text(folder / "verdicts.html", test_verdict_page.page(folder, film=False, thumbnail=b""))
    return folder / "verdicts.html"


@pytest.fixture(scope="session")
def status(tmp_path_factory):
    """The page of a run that has ended, with a failed job."""
    path = tmp_path_factory.mktemp("status") / "status.html"
    stages = [stage(12, 12, name="decode small", ended=at_work(12)), stage(3, 12, failed=beat(state="failed"))]
    LivePage(path).show(stages, NOW, last=["wsstad: detect failed"])
    return path
