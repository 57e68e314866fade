"""A report of 290 test videos and six runs: how large it is, how soon it is seen, how fast it answers.

`pytest -s` prints what was measured. Other work on the machine makes it slower, so the best of several loads counts.
"""

from support.browsing import asked, find_all, open_page

VIDEOS, LOADS = 290, 3
PAINTED = """
    const [done] = arguments;
    const look = () => {
      const [paint] = performance.getEntriesByName("first-contentful-paint");
      const [page] = performance.getEntriesByType("navigation");
      if (paint && page.loadEventEnd) done([paint.startTime, page.loadEventEnd]); else setTimeout(look, 20);
    };
    look();
"""
TOOK = """
    const [name, value, done] = arguments, form = document.forms[0], began = performance.now();
    form.elements[name].value = value;
    form.elements[name].dispatchEvent(new Event("change", {bubbles: true}));
    document.body.offsetHeight;  // lays the page out
    done(performance.now() - began);
"""
CHOICES = [("label", "normal"), ("class", "fall"), ("class", ""), ("only", "alarms"), ("q", "v1"), ("label", "")]


def test_it_fits_in_25_megabytes_with_every_video_and_clip(chromium, long_page):
    print(f"{long_page.stat().st_size / 1e6:.1f} MB")
    assert long_page.stat().st_size <= 25_000_000
    open_page(chromium, long_page)
    assert len(find_all(chromium, "article.video")) == VIDEOS
    assert len(find_all(chromium, "video")) == VIDEOS
    assert (
        len(find_all(chromium, "select[name=method] option")) * len(find_all(chromium, "select[name=seed] option")) == 6
    )
    assert asked(chromium) == [long_page.as_uri()]


def test_it_is_painted_within_half_a_second(chromium, long_page):
    chromium.set_script_timeout(30)
    loads = []
    for _ in range(LOADS):
        open_page(chromium, long_page)
        loads.append(chromium.execute_async_script(PAINTED))
    print("; ".join(f"painted after {painted:.0f} ms, loaded after {loaded:.0f} ms" for painted, loaded in loads))
    assert min(painted for painted, _ in loads) < 500


def test_a_filter_answers_within_a_tenth_of_a_second(chromium, long_page):
    open_page(chromium, long_page)
    times = [chromium.execute_async_script(TOOK, *choice) for choice in CHOICES]
    print(
        "; ".join(f"{name} {value or 'all'} {took:.0f} ms" for (name, value), took in zip(CHOICES, times, strict=True))
    )
    assert sorted(times)[len(times) // 2] < 100


def test_another_method_is_shown_within_a_second(chromium, long_page):
    open_page(chromium, long_page)
    took = chromium.execute_async_script(TOOK, "method", "dmrm")
    print(f"method dmrm {took:.0f} ms")
    assert took < 1000
