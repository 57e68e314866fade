"""The pages of a comparison and of verdicts as a browser shows them, usable without a mouse."""

from support.browsing import find_all, open_page


def test_videos_of_a_comparison_stand_side_by_side_and_sort_by_how_much_they_moved(chromium, comparison):
    open_page(chromium, comparison)
    for card in find_all(chromium, "article.pair"):
        first, second = card.find_elements("css selector", ".side")
        assert first.location["y"] == second.location["y"]
        assert len(card.find_elements("css selector", "video")) == 2
    table = find_all(chromium, "#videos table")[0]
    heads = table.find_elements("css selector", "thead button")
    # The page scrolls smoothly, so a mouse would have to wait.
    chromium.execute_script("arguments[0].click()", next(head for head in heads if head.text == "S_loc"))
    cells = [cell.get_attribute("data-order") for cell in table.find_elements("css selector", "tbody td:nth-child(4)")]
    values = [float(value) for value in cells if value]
    assert values == sorted(values, reverse=True)
    assert cells[len(values) :] == [""] * (len(cells) - len(values)), "videos without boxes last"


def test_verdicts_are_filtered_and_ordered(chromium, verdicts):
    open_page(chromium, verdicts)

    def shown():
        return [card.get_attribute("data-label") for card in find_all(chromium, "article.video") if card.is_displayed()]

    assert shown() == ["alarm", "alarm", "quiet", "not scored"]
    chromium.find_element("css selector", "select[name=label] option:nth-child(3)").click()
    assert shown() == ["quiet"]
    assert chromium.find_element("css selector", "output").text == "1 video"
    chromium.find_element("css selector", "select[name=label] option:nth-child(1)").click()
    chromium.find_element("css selector", "select[name=order] option[value=name]").click()
    names = [card.get_attribute("data-name") for card in find_all(chromium, "article.video")]
    assert names[1:] == ["cam 1/loud.mp4", "cut.mp4", "quiet.mp4"]
