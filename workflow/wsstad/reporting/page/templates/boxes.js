// Over a clip, whose pixels have the boxes of the run that the page was made with: the top-1 tube of another run.
class ClipBox {
  constructor(timeline) {
    this.timeline = timeline;
    this.film = timeline.film;
    this.note = this.film.parentElement.querySelector(".other-box");
    for (const name of ["play", "timeupdate", "seeked"]) this.film.addEventListener(name, () => this.follow());
  }

  // Show boxes, four shares of the frame each, at even times while clip and tube meet; there may be none of `whose`.
  show(shares, whose) {
    const { from, to, clip } = this.timeline;
    this.boxes = Array.from({ length: shares.length / 4 }, (_, i) => shares.slice(4 * i, 4 * i + 4));
    [this.first, this.last] = [Math.max(from, clip[0]), Math.min(to, clip[1])];
    const when = `${this.first.toFixed(1)} s to ${this.last.toFixed(1)} s`;
    this.note.textContent = this.boxes.length ? `, dashed ${whose} from ${when}` : `, ${whose}${from < to ? " at another time" : ""}`;
    if (this.boxes.length && !this.drawing) this.draw();
    this.move();
  }

  draw() {
    this.drawing = svgElement("svg", { class: "over", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.drawing.append(...["back", "dashed"].map((name) => svgElement("rect", { class: name })));
    this.film.after(this.drawing);
  }

  // The second of the video that is seen; before a clip is played, its middle: the poster.
  get time() {
    const [from, to] = this.timeline.clip, { film } = this;
    return film.paused && !film.currentTime ? (from + to) / 2 : from + film.currentTime;
  }

  move() {
    if (!this.drawing) return;
    const { boxes, first, last, time } = this, there = boxes.length > 0 && first <= time && time <= last;
    this.drawing.classList.toggle("gone", !there);
    if (!there) return;
    const place = (time - first) / (last - first) * (boxes.length - 1), before = Math.floor(place);
    const after = Math.min(before + 1, boxes.length - 1), share = place - before;
    const [left, top, right, bottom] = boxes[before].map((value, i) => value + share * (boxes[after][i] - value));
    for (const rect of this.drawing.children)
      setAttributes(rect, { x: left, y: top, width: right - left, height: bottom - top });
  }

  // Move with the clip while it plays.
  follow() {
    this.move();
    if (!this.boxes?.length || this.film.paused || this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => { this.waits = false; this.follow(); });
  }
}
