"""What the tests of pages do with Chromium."""

import importlib.resources
import json
from pathlib import Path

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def open_page(driver, path: Path, width: int = 1280, scheme: str = "light", *, printed: bool = False) -> None:
    """Open a page with nothing noted yet, `width` pixels wide; if `printed`, as it is on paper."""
    driver.get("about:blank")
    media = {"media": "", "features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for kind in ("browser", "performance"):
        driver.get_log(kind)
    driver.get(path.as_uri())
    if printed:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media | {"media": "print"})
        driver.execute_script("dispatchEvent(new Event('beforeprint'))")


def find_all(driver, selector: str) -> list:
    return driver.find_elements("css selector", selector)


def choose(driver, name: str, value: str, form: int = 0) -> None:
    """Choose a value in a form of a page, as a reader does."""
    script = "const f = document.forms[arguments[2]]; f.elements[arguments[0]].value = arguments[1];"
    script += "for (const kind of ['input', 'change'])"
    script += " f.elements[arguments[0]].dispatchEvent(new Event(kind, {bubbles: true}));"
    driver.execute_script(script, name, value, form)


def asked(driver) -> list[str]:
    """Return the addresses that a page asked for and that it does not hold itself."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if not url.startswith("data:")]


def audit(driver) -> dict:
    """Run axe-core on the page that is open; return its `violations`, `passes` and `incomplete` rules."""
    driver.set_script_timeout(120)
    # The package wraps axe-core for Playwright; only the script in it is used.
    driver.execute_script(importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text())
    run = """
        const done = arguments[arguments.length - 1];
        axe.run({runOnly: arguments[0], resultTypes: ["violations", "incomplete"]})
          .then(done, (error) => done({error: String(error)}));
    """
    return driver.execute_async_script(run, list(RULES))
