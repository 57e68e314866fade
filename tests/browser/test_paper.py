"""The report on paper: no column is cut, nothing that only a screen can do is printed."""

from support.browsing import find_all, open_page

A4 = 1032  # CSS pixels between the margins of a landscape page


def test_no_column_is_lost_and_no_button_is_printed(chromium, page):
    open_page(chromium, page, A4, printed=True)
    cut = """
        return [...document.querySelectorAll("table")].filter((table) => {
          const box = table.parentElement.getBoundingClientRect();
          return [...table.querySelectorAll("th, td")].some((cell) => {
            const area = cell.getBoundingClientRect();
            return area.right > box.right + 1 || area.right > innerWidth || cell.scrollWidth > cell.clientWidth + 1;
          });
        }).map((table) => table.parentElement.getAttribute("aria-label"));
    """
    assert chromium.execute_script(cut) == []
    hidden = [head.text for head in find_all(chromium, "table.wide th") if not head.is_displayed()]
    assert hidden == []
    for selector in (".filter", ".top", ".save", ".play", ".unfold"):
        assert not any(element.is_displayed() for element in find_all(chromium, selector))
    assert all(card.is_displayed() for card in find_all(chromium, "article.video .inside"))
