"""The report as a tool: what is searched, filtered, switched and linked shows exactly what was asked for."""

import json
from dataclasses import replace

import pytest

from support import pages
from support.browsing import choose, find_all, open_page
from wsstad.evaluation import results


def shown(driver):
    """Return the names of the videos that are shown, in their order."""
    script = "return [...document.querySelectorAll('article.video')].filter((c) => c.offsetParent)"
    return driver.execute_script(f"{script}.map((c) => c.dataset.name)")


def switch_of(driver, section="s0"):
    return json.loads(driver.find_element("id", f"{section}-switch").get_property("textContent"))


def address(driver):
    return driver.execute_script("return decodeURIComponent(location.hash)")


def follow(driver, path, fragment):
    """Open a page anew by a link with a fragment."""
    open_page(driver, path)
    driver.get("about:blank")
    driver.get(f"{path.as_uri()}{fragment}")


def test_a_search_shows_the_videos_whose_names_have_the_letters(chromium, page):
    open_page(chromium, page)
    chromium.find_element("css selector", "input[name=q]").send_keys("V00")
    assert shown(chromium) == [f"v{i:03d}" for i in range(10)]
    assert address(chromium) == "#q=V00"
    choose(chromium, "q", "no such video")
    assert shown(chromium) == []
    assert "reset" in chromium.find_element("css selector", "output").text


def test_filters_combine_and_reset_shows_all(chromium, page):
    open_page(chromium, page)
    choose(chromium, "class", "fall")
    assert shown(chromium) == ["v002", "v006", "v010"]
    choose(chromium, "q", "10")
    assert shown(chromium) == ["v010"]
    assert chromium.find_element("css selector", "output").text == "1 video"
    chromium.execute_script("document.querySelector('button[type=reset]').click()")
    chromium.execute_async_script("setTimeout(arguments[0], 50)")
    assert len(shown(chromium)) == 12
    assert address(chromium) == ""


def test_only_misses_and_only_false_alarms_are_those_of_the_run_that_is_shown(chromium, page):
    open_page(chromium, page)
    data = switch_of(chromium)
    names = [f"v{i:03d}" for i in range(12)]
    for number in (0, 3, 5):
        run = data["runs"][number]
        choose(chromium, "method", run["method"])
        choose(chromium, "seed", run["seed"])
        rows = dict(zip(names, run["rows"], strict=True))
        choose(chromium, "only", "misses")
        assert shown(chromium) == [n for n in names[::2] if rows[n][1] <= data["miss"]]
        choose(chromium, "only", "alarms")
        assert shown(chromium) == [n for n in names[1::2] if rows[n][4] > run["thresholds"]["0"]]
    option = chromium.find_element("css selector", "option[value=misses]")
    assert option.get_property("textContent") == "misses (S_loc at most 0.1)"


def test_false_alarms_cannot_be_asked_for_where_no_threshold_is_known(chromium, tmp_path):
    pages.write(tmp_path, videos=4, pictures=False)
    (path,) = tmp_path.rglob("metrics/boxes.json")
    block = results.read(path)
    results.write(path, replace(block, results=tuple(replace(row, alarms=None) for row in block.results)))
    open_page(chromium, pages.report(tmp_path))
    option = chromium.find_element("css selector", "option[value=alarms]")
    assert not option.is_enabled()
    assert "no threshold is known" in option.get_property("textContent")
    assert find_all(chromium, ".timeline .threshold") == []


def test_a_fold_is_shown_alone_and_scores_are_ordered_inside_each(chromium, tmp_path):
    open_page(chromium, pages.make(tmp_path, videos=8, pictures=False, folds=2))
    choose(chromium, "fold", "1")
    assert shown(chromium) == ["v002", "v003", "v006", "v007"]
    cards = [card for card in find_all(chromium, "article.video") if card.is_displayed()]
    for card in cards:
        assert "fold 1" in card.text
        assert "/mgpr/0/fold1." in card.find_element("css selector", ".command").get_property("textContent")
    choose(chromium, "fold", "")
    choose(chromium, "order", "score")
    cards = [
        (card.get_attribute("data-fold"), -float(card.get_attribute("data-score")))
        for card in find_all(chromium, "article.video")
    ]
    assert cards == sorted(cards)
    assert [fold for fold, _ in cards] == ["0"] * 4 + ["1"] * 4
    choose(chromium, "order", "sloc")
    values = [float(card.get_attribute("data-sloc")) for card in find_all(chromium, "article.video")]
    assert values == sorted(values)


def test_another_method_and_seed_has_its_scores_line_and_model(chromium, page):
    open_page(chromium, page)
    data = switch_of(chromium)
    card = find_all(chromium, "article.video")[0]
    first = card.text, card.find_element("css selector", ".line0").get_attribute("points")
    choose(chromium, "method", "dmrm")
    choose(chromium, "seed", "1")
    run = next(run for run in data["runs"] if (run["method"], run["seed"]) == ("dmrm", "1"))
    score, s_loc, start, stop, *_ = run["rows"][0]
    assert card.find_element("css selector", ".score").text == f"{score:.2f}"
    assert card.find_element("css selector", ".sloc").text == f"{s_loc:.2f}"
    assert card.find_element("css selector", ".of-run").text == "dmrm, seed 1"
    top = card.find_element("css selector", ".top1")
    assert float(top.get_attribute("x")) == pytest.approx(1000 * start / 9.6)
    assert float(top.get_attribute("width")) == pytest.approx(1000 * (stop - start) / 9.6)
    points = [
        tuple(map(float, pair.split(",")))
        for pair in card.find_element("css selector", ".line0").get_attribute("points").split()
    ]
    assert min(y for _, y in points) == pytest.approx(100 - 100 * run["rows"][0][4], abs=0.05)
    assert not card.find_element("css selector", "img.strip").is_displayed(), "its crops are of another tube"
    assert "boxes of mgpr, seed 0" in card.find_element("css selector", ".clip .note").text
    chromium.execute_script("arguments[0].open = true", card.find_element("css selector", "details.model"))
    assert "has no model" in card.find_element("css selector", "details.model").text
    choose(chromium, "method", "mgpr")
    choose(chromium, "seed", "0")
    chromium.execute_script("arguments[0].open = false", card.find_element("css selector", "details.model"))
    assert (card.text, card.find_element("css selector", ".line0").get_attribute("points")) == first


def test_a_method_without_a_prediction_of_a_video_says_so(chromium, page):
    open_page(chromium, page)
    gone = (
        "for (const run of sectionLists.values().next().value.data.runs) if (run.method === 'dmrm') run.rows[0] = null"
    )
    chromium.execute_script(gone)
    choose(chromium, "method", "dmrm")
    card = find_all(chromium, "article.video")[0]
    assert card.find_element("css selector", ".score").get_property("textContent") == "none: no prediction"
    note = card.find_element("css selector", ".clip .note").get_property("textContent")
    assert note.endswith("boxes of mgpr, seed 0, none of dmrm, which has no prediction")


def test_the_box_of_another_method_is_dashed_over_the_clip_while_it_is_there(chromium, page):
    open_page(chromium, page)
    data = switch_of(chromium)
    assert not find_all(chromium, ".over")
    choose(chromium, "method", "dmrm")
    run = next(run for run in data["runs"] if (run["method"], run["seed"]) == ("dmrm", "0"))
    cards = find_all(chromium, "article.video")
    assert {bool(row[6]) for row in run["rows"]} == {True, False}, "some top-1 tubes are not in their clips"
    for card, (_, _, start, stop, *_, boxes) in zip(cards, run["rows"], strict=True):
        note = card.find_element("css selector", ".clip .note").get_property("textContent")
        drawn = card.find_elements("css selector", ".over:not(.gone)")
        assert len(drawn) == bool(boxes and start <= 2.4 <= stop), "2.4 s is the poster's"
        if not boxes:
            assert note.endswith("boxes of mgpr, seed 0, that of dmrm at another time")
            continue
        assert note.endswith(f", dashed that of dmrm from {start:.1f} s to {min(stop, 4.8):.1f} s")
        for rect in drawn and drawn[0].find_elements("css selector", "rect"):
            place = [float(rect.get_attribute(name)) for name in ("x", "y", "width", "height")]
            assert place == pytest.approx([20 / 320, 20 / 240, 60 / 320, 70 / 240], abs=1e-3)
    over = find_all(chromium, ".over:not(.gone)")[0]
    places = """
        return [arguments[0], arguments[0].parentElement.querySelector("video")].map((element) => {
          const { left, top, width, height } = element.getBoundingClientRect();
          return [left, top, width, height];
        });
    """
    drawn, film = chromium.execute_script(places, over)
    assert drawn == pytest.approx(film), "it covers the clip and nothing else"
    assert find_all(chromium, ".key.dashed")[0].is_displayed()
    choose(chromium, "method", "mgpr")
    assert not find_all(chromium, ".over:not(.gone)")
    assert not find_all(chromium, ".key.dashed")[0].is_displayed()


def test_the_box_of_another_method_moves_with_the_clip(chromium, page):
    open_page(chromium, page)
    move = """
        const [done] = arguments, timeline = {film: document.querySelector("video"), from: 0, to: 3, clip: [0, 4]};
        const box = new ClipBox(timeline);
        box.show([0, 0, 0.2, 0.2, 0.8, 0.4, 1, 0.6], "dmrm");
        const places = [], note = () => {
          const rect = box.drawing.lastChild;
          places.push([box.drawing.classList.contains("gone"), rect.getAttribute("x"), rect.getAttribute("y")]);
        };
        timeline.film.addEventListener("seeked", () => {
          note();
          if (places.length === 3) done(places); else timeline.film.currentTime = places.length === 1 ? 2 : 3.5;
        });
        timeline.film.addEventListener("loadeddata", () => { timeline.film.currentTime = 1; }, {once: true});
        timeline.film.preload = "auto";
        timeline.film.load();
    """
    chromium.set_script_timeout(30)
    seen = [(gone, float(x), float(y)) for gone, x, y in chromium.execute_async_script(move)]
    assert [gone for gone, *_ in seen] == [False, False, True]
    assert seen[0][1:] == pytest.approx((0.8 / 3, 0.4 / 3), abs=0.02)
    assert seen[1][1:] == pytest.approx((1.6 / 3, 0.8 / 3), abs=0.02)


def test_a_card_names_fold_seed_model_and_the_command_that_scores_with_it(chromium, page):
    open_page(chromium, page)
    card = find_all(chromium, "article.video")[0]
    assert "fold 0" in card.text
    assert "mgpr, seed 0" in card.text
    chromium.execute_script("arguments[0].open = true", card.find_element("css selector", "details.model"))
    path = card.find_element("css selector", ".path").text
    assert (page.parent.parent / path).is_file()
    assert card.find_element("css selector", ".command").text == f"wsstad score FOOTAGE/ --model {path}"


def test_what_is_chosen_is_in_the_address_and_comes_back_with_it(chromium, page):
    open_page(chromium, page)
    for name, value in {"method": "dmrm", "seed": "1", "label": "abnormal", "order": "sloc", "axis": "own"}.items():
        choose(chromium, name, value)
    before, where = shown(chromium), address(chromium)
    assert where == "#method=dmrm&seed=1&label=abnormal&order=sloc&axis=own"
    follow(chromium, page, where)
    assert shown(chromium) == before
    assert chromium.find_element("css selector", ".of-run").text == "dmrm, seed 1"
    chromium.execute_script("location.hash = 's0-charts'")
    chromium.execute_async_script("setTimeout(arguments[0], 100)")
    assert address(chromium) == f"{where}&at=s0-charts", "a link of the page keeps what is chosen"
    follow(chromium, page, "#%zz")
    follow(chromium, page, "#method=nobody&seed=9&order=worst&label=odd")
    assert len(shown(chromium)) == 12, "an address with what there is not shows the page as it is at first"
    assert chromium.get_log("browser") == []


def test_a_link_to_a_video_shows_it_whatever_is_filtered(chromium, page):
    open_page(chromium, page)
    choose(chromium, "method", "dmrm")
    chromium.execute_script("document.querySelectorAll('.permalink')[7].click()")
    assert address(chromium) == "#method=dmrm&video=v007"
    follow(chromium, page, "#label=abnormal&video=v007")
    card = find_all(chromium, "article.video")[7]
    assert card.get_attribute("data-name") == "v007"
    assert "target" in card.get_attribute("class")
    assert card.is_displayed()
    top = chromium.execute_script("return arguments[0].getBoundingClientRect().top", card)
    assert 0 <= top < 900


def test_a_timeline_is_read_by_pointer_and_by_keys(chromium, page):
    open_page(chromium, page)
    data = switch_of(chromium)
    line = find_all(chromium, "svg.timeline")[0]
    assert line.get_attribute("role") == "slider"
    point = """
        const box = arguments[0].getBoundingClientRect(), clientX = box.left + arguments[1] * box.width;
        const at = {bubbles: true, clientX};
        arguments[0].dispatchEvent(new PointerEvent("pointermove", at));
        return arguments[0].parentElement.querySelector(".readout").textContent;
    """
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    packed = data["runs"][0]["rows"][0][5]
    for share in (0.1, 0.5, 0.66):
        i = int(share * len(packed) / 2)
        value = (64 * letters.index(packed[2 * i]) + letters.index(packed[2 * i + 1])) / data["levels"]
        words = chromium.execute_script(point, line, share)
        assert words.startswith(f"{9.6 * share:.1f} s: score {value:.3f}")
        assert ("event" in words) == (2.0 <= 9.6 * share < 7.0)
        assert ("alarm" in words) == (value > pages.THRESHOLD)
    assert find_all(chromium, ".cursor")
    assert find_all(chromium, ".readout")[0].text == words
    choose(chromium, "method", "dmrm")
    assert find_all(chromium, ".readout")[0].text != words, "what is read is of the run that is shown"
    line.send_keys("\ue011")  # Home
    line.send_keys("\ue014" * 5)  # right
    assert float(line.get_attribute("aria-valuenow")) == pytest.approx(9.6 / 10, abs=0.06)
    assert line.get_attribute("aria-valuetext").startswith("1.0 s: score")


def test_a_click_on_a_timeline_plays_the_clip_from_there(chromium, page):
    open_page(chromium, page)
    click = """
        const [line, share] = arguments, box = line.getBoundingClientRect();
        line.dispatchEvent(new MouseEvent("click", {bubbles: true, clientX: box.left + share * box.width}));
        const words = line.parentElement.querySelector(".readout").textContent;
        return [line.closest("article").querySelector("video").paused, words];
    """
    line = find_all(chromium, "svg.timeline")[0]
    paused, words = chromium.execute_script(click, line, 0.9)
    assert paused
    assert "the clip has 0.0 s to 4.8 s alone" in words
    paused, _ = chromium.execute_script(click, line, 0.25)
    assert not paused
    chromium.set_script_timeout(30)
    moved = "const v = document.querySelector('video'), [done] = arguments;"
    moved += "v.ontimeupdate = () => v.currentTime > 2.3 && done(v.currentTime);"
    assert chromium.execute_async_script(moved) < 4
    button = chromium.find_element("css selector", ".play")
    assert button.get_attribute("aria-label") == "Pause the clip of v000"
    chromium.execute_script("arguments[0].click()", button)
    assert chromium.execute_script("return document.querySelector('video').paused")


def test_the_axis_of_scores_can_be_that_of_each_video_and_says_so(chromium, page):
    open_page(chromium, page)
    axis = find_all(chromium, ".plot .axis")[0]
    assert axis.text.split() == ["1", "score", "0"]
    choose(chromium, "axis", "own")
    high, _, low = axis.text.split()
    assert 0 <= float(low) < float(high) <= 1
    line = find_all(chromium, "polyline.line0")[0]
    ys = "const b = arguments[0].getBoundingClientRect(), s = arguments[0].closest('svg').getBoundingClientRect();"
    top, bottom = chromium.execute_script(f"{ys} return [b.top - s.top, s.bottom - b.bottom]", line)
    assert top >= 0
    assert bottom >= 0
    assert len(find_all(chromium, ".zoomed")) == 12
    choose(chromium, "axis", "")
    assert axis.text.split() == ["1", "score", "0"]


def test_headings_say_what_they_mean_on_hover_and_focus(chromium, page):
    open_page(chromium, page)
    head = next(head for head in find_all(chromium, "thead button") if head.text == "RBDC")
    chromium.execute_script("arguments[0].focus()", head)
    tip = chromium.find_element("css selector", ".tip")
    assert tip.text.startswith("Region-based detection criterion")
    assert head.get_attribute("aria-describedby") == "word-rbdc"
    head.send_keys("\ue00c")  # Escape
    assert not tip.is_displayed()
    chromium.execute_script("arguments[0].dispatchEvent(new PointerEvent('pointerenter'))", head)
    box = chromium.execute_script("const b = arguments[0].getBoundingClientRect(); return [b.left, b.right]", tip)
    assert box[0] >= 0
    assert box[1] <= 1280
    terms = [term.text for term in find_all(chromium, "#glossary dt")]
    assert {"VAUC", "RBDC", "TBDC", "AUC_abn", "tube IoU"} <= set(terms)


def test_one_line_says_when_where_and_by_which_command(chromium, page):
    open_page(chromium, page)
    line = chromium.find_element("css selector", ".made").text
    for words in (
        "made 20",
        "on node7",
        "by wsstad run --config",
        "from my.yaml",
        "commit abababababab",
        "time of all jobs",
    ):
        assert words in line


def test_names_that_do_harm_do_none_in_what_scripts_write(chromium, page):
    open_page(chromium, page)
    choose(chromium, "class", f"</script>{pages.HOSTILE}")
    assert shown(chromium) == ["v000", "v004", "v008"]
    follow(chromium, page, f"#q={pages.HOSTILE}&video={pages.HOSTILE}")
    assert chromium.execute_script("return window.hacked") is None
    assert chromium.get_log("browser") == []
