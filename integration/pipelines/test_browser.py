"""The page and the OpenAPI page in a real browser, which has no network but loopback."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from dynarepo import DynamoDBConfig
from examples.pipelines.app import create_app
from integration.behaviour.stores import SentOperations
from integration.pipelines.serving import new_pipeline

_MISSING = "install Chromium, its driver and Selenium: apt-get install chromium-driver; pip install selenium"
pytest.importorskip("selenium", reason=_MISSING)

from selenium import webdriver  # noqa: E402 - only where it is installed
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.remote.webelement import WebElement  # noqa: E402
from selenium.webdriver.support import expected_conditions as shown  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

_BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(_BROWSER is None or _DRIVER is None, reason=_MISSING)

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1400",
)
_SECONDS = 30


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Start a browser with a profile of its own; Selenium is given both programs, and so fetches none."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(_BROWSER)
    for option in (*_OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(_DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def site(app_config: DynamoDBConfig, client: httpx.AsyncClient, prefix: str) -> Iterator[str]:
    """Serve the application on loopback, in a thread with an event loop of its own; its tables are empty."""
    app = create_app(app_config, tables_prefix=prefix, logger=SentOperations())
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    # It listens from here on, so that nobody has to wait until the server does.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def api(site: str) -> Iterator[httpx.Client]:
    """Ask the same application without the browser."""
    with httpx.Client(base_url=site) as client:
        yield client


@pytest.fixture
def page(browser: webdriver.Chrome, site: str) -> webdriver.Chrome:
    """Open the page and wait for its lists."""
    browser.get(f"{site}/")
    wait(browser, lambda _: browser.find_elements(By.CSS_SELECTOR, "#failures li"))
    return browser


def wait(browser: webdriver.Chrome, condition: Callable[[webdriver.Chrome], Any]) -> Any:
    return WebDriverWait(browser, _SECONDS).until(condition)


def by_css(browser: webdriver.Chrome, selector: str) -> WebElement:
    found: WebElement = wait(browser, shown.visibility_of_element_located((By.CSS_SELECTOR, selector)))
    return found


def wait_for_text(browser: webdriver.Chrome, selector: str, text: str) -> None:
    wait(browser, shown.text_to_be_present_in_element((By.CSS_SELECTOR, selector), text))


def create(browser: webdriver.Chrome, pipeline_id: str) -> None:
    """Fill the form in and send it."""
    form = by_css(browser, "#create")
    for name, text in (("pipeline_id", pipeline_id), ("owner", "ada")):
        field = form.find_element(By.NAME, name)
        field.clear()
        field.send_keys(text)
    Select(form.find_element(By.NAME, "environment")).select_by_visible_text("staging")
    form.find_element(By.CSS_SELECTOR, "button[type=submit]").click()


def requested_hosts(browser: webdriver.Chrome) -> set[str]:
    """Give scheme and host of everything that the page has loaded."""
    script = "return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)"
    return set(browser.execute_script(script))


def test_a_pipeline_that_is_created_on_the_page_is_listed_without_a_reload(
    page: webdriver.Chrome, api: httpx.Client, site: str
) -> None:
    page.execute_script("window.isTheSame = true")
    create(page, "orders-browser")
    row = by_css(page, "[data-pipeline=orders-browser]")
    assert [cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")][:6] == [
        "orders-browser",
        "staging",
        "ada",
        "active",
        "0",
        "0",
    ]
    wait_for_text(page, "#news", "orders-browser is created")
    assert page.execute_script("return window.isTheSame")
    assert api.get("/pipelines/orders-browser").json()["environment"] == "staging"
    assert requested_hosts(page) == {site}


def test_a_refusal_is_shown_with_its_detail(page: webdriver.Chrome, api: httpx.Client) -> None:
    api.post("/pipelines", json=new_pipeline("orders-browser"))
    create(page, "orders-browser")
    wait_for_text(page, "#problem", "409 Conflict: there is a pipeline of this id")
    create(page, "No Id")
    wait_for_text(page, "#problem", "pipeline_id: String should match pattern")


def test_a_pipeline_is_deactivated_only_as_it_is_shown(browser: webdriver.Chrome, site: str) -> None:
    with httpx.Client(base_url=site) as api:
        api.post("/pipelines", json=new_pipeline("orders-browser"))
        browser.get(f"{site}/")
        deactivate = "[aria-label='deactivate orders-browser']"
        button = by_css(browser, deactivate)
        api.patch("/pipelines/orders-browser", json={"owner": "grace"}, headers={"If-Match": '"1"'})
        button.click()
        wait_for_text(browser, "#problem", "412 Precondition Failed: the pipeline was changed")
        wait_for_text(browser, "[data-pipeline=orders-browser]", "grace")
        by_css(browser, deactivate).click()
        wait_for_text(browser, "[data-pipeline=orders-browser]", "inactive")
        wait(browser, shown.invisibility_of_element_located((By.ID, "problem")))
        assert api.get("/pipelines/orders-browser").json()["is_active"] is False


def test_a_run_is_started_and_finished_on_the_page(browser: webdriver.Chrome, site: str) -> None:
    with httpx.Client(base_url=site) as api:
        api.post("/pipelines", json=new_pipeline("orders-browser"))
        browser.get(f"{site}/")
        by_css(browser, "[aria-label='run orders-browser']").click()
        wait_for_text(browser, "#running", "orders-browser")
        by_css(browser, "[aria-label='finish as failed the run of orders-browser']").click()
        wait_for_text(browser, "#running", "nothing")
        wait_for_text(browser, "#failures", "stopped by hand")
        wait_for_text(browser, "[data-pipeline=orders-browser] .failed", "1")
        assert api.get("/pipelines/orders-browser").json()["failure_count"] == 1


def test_the_openapi_page_shows_every_operation_and_needs_no_other_host(
    browser: webdriver.Chrome, site: str
) -> None:
    browser.get(f"{site}/docs")
    by_css(browser, ".opblock")
    paths = httpx.get(f"{site}/openapi.json").json()["paths"]
    wanted = sorted(f"{method.upper()} {path}" for path, methods in paths.items() for method in methods)
    blocks = browser.find_elements(By.CSS_SELECTOR, ".opblock-summary")
    found = [
        f"{block.find_element(By.CSS_SELECTOR, '.opblock-summary-method').text} "
        f"{block.find_element(By.CSS_SELECTOR, '[data-path]').get_attribute('data-path')}"
        for block in blocks
    ]
    assert len(wanted) == 19
    assert sorted(found) == wanted
    assert requested_hosts(browser) == {site}
