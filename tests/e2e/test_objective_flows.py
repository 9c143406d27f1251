"""In a real browser: deep links on a cold server, languages, drilling down, phone, dark, no other host."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Start

pytestmark = pytest.mark.browser
expect: Any = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
expect.set_options(timeout=60_000)


class Visit:
    """A page of a browser, with the hosts it called and the errors it logged."""

    def __init__(self, browser: Any, **options: Any) -> None:
        usual = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US"}
        self.context = browser.new_context(**{**usual, **options})
        self.page = self.context.new_page()
        self.called: list[str] = []
        self.page.on("request", lambda request: self.called.append(request.url))

    def foreign(self) -> list[str]:
        """Requests that left this machine."""
        own = re.compile(r"^(https?|wss?)://localhost[:/]|^(data|blob):")
        return [url for url in self.called if not own.match(url)]


@pytest.fixture
def visit(chromium: Any) -> Iterator[Any]:
    open_visits: list[Visit] = []

    def start(**options: Any) -> Visit:
        open_visits.append(Visit(chromium, **options))
        return open_visits[-1]

    yield start
    for one in open_visits:
        one.context.close()


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Logo churn"),
        pytest.param("pt_BR", "Logo churn", marks=pytest.mark.slow),
        pytest.param("es", "Churn de clientes", marks=pytest.mark.slow),
    ],
)
def test_a_cold_server_asked_first_for_a_deep_link(started: Start, visit: Any, lang: str, title: str) -> None:
    one = visit()
    one.page.goto(f"{started()}/retention?kpi=logo_churn&f.plan=Pro&grain=quarter&lang={lang}")
    expect(one.page.locator("h1").first).to_contain_text(title)
    expect(one.page.get_by_text(re.compile("(plan|plano): Pro")).first).to_be_visible()
    expect(one.page.get_by_text("Page not found")).to_have_count(0)
    expect(one.page.locator("[data-testid=stTopNavLink], [data-testid=stTopNavSection]").first).to_be_visible()
    assert "f.plan=Pro" in one.page.url
    assert "grain=quarter" in one.page.url
    assert not one.foreign()


def test_a_card_opens_its_kpi_and_back_returns(server: str, visit: Any) -> None:
    page = visit().page
    page.goto(f"{server}/retention?lang=en&workspace=sample")
    page.locator(".st-key-card_nrr a").click()
    expect(page.locator("h1").first).to_contain_text("Net revenue retention")
    assert "kpi=nrr" in page.url
    expect(page.get_by_text("Sums to").first).to_be_visible()
    page.locator(".st-key-back a").click()
    expect(page.locator("h1").first).to_have_text("Retention")
    assert "kpi=" not in page.url


def test_filters_stay_when_changing_pages(server: str, visit: Any) -> None:
    page = visit().page
    page.goto(f"{server}/financial?lang=en&workspace=sample&f.plan=Pro")
    expect(page.locator("h1").first).to_have_text("Financial")
    expect(page.get_by_text("plan: Pro").first).to_be_visible()
    page.get_by_text("Overview", exact=True).first.click()
    expect(page.locator(".st-key-card_quality")).to_be_visible()
    expect(page.get_by_text(re.compile("plan: Pro")).first).to_be_visible()
    expect(page).to_have_url(re.compile("f.plan=Pro"))


def test_charts_are_drawn_and_described(server: str, visit: Any) -> None:
    page = visit().page
    page.goto(f"{server}/retention?lang=pt_BR&workspace=sample")
    charts = page.locator(".stVegaLiteChart svg.marks, .stVegaLiteChart [role=graphics-document]")
    expect(charts.nth(6)).to_be_visible()
    expect(page.locator("[aria-label*='em ']").first).to_be_attached()
    texts = page.locator(".st-key-panel_lagging svg text").all_text_contents()
    assert any(re.search(r"\b(jan|abr|jul|out) \d\d", t) for t in texts)


def test_the_browser_chooses_the_language(server: str, visit: Any) -> None:
    page = visit(locale="es-MX").page
    page.goto(f"{server}/quality?workspace=sample")
    expect(page.locator("h1").first).to_have_text("Calidad")


@pytest.mark.parametrize("path", ["/", "/retention", "/financial?kpi=mrr"])
def test_a_phone_in_the_dark_needs_no_sideways_scroll(server: str, visit: Any, path: str) -> None:
    one = visit(viewport={"width": 390, "height": 844}, color_scheme="dark")
    one.page.goto(server + path)
    expect(one.page.locator("h1").first).to_be_visible()
    expect(one.page.locator(".stVegaLiteChart svg").first).to_be_visible()
    wide = one.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 390
    assert not one.foreign()


def test_an_empty_workspace_leads_to_the_import(server: str, visit: Any) -> None:
    page = visit().page
    page.goto(f"{server}/?workspace=empty&lang=en")
    expect(page.get_by_text("See your first chart in two minutes")).to_be_visible()
    page.locator(".st-key-nothing_yet button").click()
    expect(page).to_have_url(re.compile("/import"))
