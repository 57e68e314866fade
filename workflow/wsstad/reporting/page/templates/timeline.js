// Timelines: drawn anew for another run, read by pointer and arrow keys, zoomed; a click plays the clip from there.
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const unpack = (text, levels) => Array.from({ length: text.length / 2 }, (_, i) =>
  (64 * ALPHABET.indexOf(text[2 * i]) + ALPHABET.indexOf(text[2 * i + 1])) / levels);

const setAttributes = (element, attributes) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const svgElement = (name, attributes) =>
  setAttributes(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);

// The corners of a line of steps, as many as it needs.
const stepsOf = (values) => {
  const parts = [], width = 1000 / values.length;
  values.forEach((value, i) => {
    if (value !== values[i - 1]) parts.push(`${(i * width).toFixed(1)},${(100 - 100 * value).toFixed(2)}`);
    if (value !== values[i + 1]) parts.push(`${((i + 1) * width).toFixed(1)},${(100 - 100 * value).toFixed(2)}`);
  });
  return parts.join(" ");
};

class Timeline {
  constructor(svg) {
    this.svg = svg;
    this.card = svg.closest("article");
    this.seconds = Number(svg.dataset.seconds);
    this.clip = svg.dataset.clip?.split(" ").map(Number);
    this.film = this.card.querySelector("video");
    this.line = svg.querySelector(".line0");
    this.top = svg.querySelector(".top1");
    this.words = svg.getAttribute("aria-label");
    this.start = [this.line.getAttribute("points"), this.top.getAttribute("x"), this.top.getAttribute("width")];
    this.size = [svg.getAttribute("viewBox"), svg.style.height];
    this.events = [...svg.querySelectorAll(".truth")].map((event) => {
      const x = Number(event.getAttribute("x"));
      return [x, x + Number(event.getAttribute("width"))].map((place) => place / 1000 * this.seconds);
    });
    setAttributes(svg, { role: "slider", tabindex: 0, "aria-label": `Time in ${this.card.dataset.name}`,
      "aria-valuenow": 0, "aria-valuemin": 0, "aria-valuemax": this.seconds.toFixed(1), "aria-valuetext": this.words });
    svg.addEventListener("pointermove", (event) => this.read(this.timeAt(event)));
    svg.addEventListener("pointerleave", () => this.leave());
    svg.addEventListener("blur", () => this.leave());
    svg.addEventListener("click", (event) => this.play(this.timeAt(event)));
    svg.addEventListener("keydown", (event) => this.key(event));
  }

  // Show a run's scores, and its top-1 from `from` to `to` seconds; with `own`, those that the page was made with.
  show(values, { from, to, threshold, own }) {
    Object.assign(this, { values, from, to, threshold, own });
    this.line.setAttribute("points", own ? this.start[0] : stepsOf(values));
    const scale = 1000 / this.seconds;
    const places = own ? this.start.slice(1) : [scale * from, Math.max(3, scale * (to - from))];
    ["x", "width"].forEach((name, i) => this.top.setAttribute(name, places[i]));
    // Another run's attention is not known, so its rows take no place.
    this.svg.setAttribute("viewBox", own ? this.size[0] : "0 0 1000 112");
    this.svg.style.height = own ? this.size[1] : "89.6px";
    let dotted = this.svg.querySelector(".threshold");
    if (!dotted && threshold !== undefined) this.line.before(dotted = svgElement("path", { class: "threshold" }));
    if (threshold === undefined) dotted?.remove();
    else dotted.setAttribute("d", `M0 ${(100 - 100 * threshold).toFixed(2)}H1000`);
    const lasts = `the top-1 tube lasts from ${from.toFixed(1)} s to ${to.toFixed(1)} s.`;
    const words = `The score peaks at ${Math.max(...values).toFixed(2)}; ${lasts}`;
    this.svg.setAttribute("aria-valuetext", own ? this.words : words);
    this.zoom(this.zoomed);
    if (this.cursor) this.read(this.time);
  }

  // Let the axis go from 0 to 1, or over what the video has.
  zoom(zoomed) {
    this.zoomed = zoomed;
    let [low, high] = [0, 1];
    if (zoomed) {
      const seen = [...this.values, ...(this.threshold === undefined ? [] : [this.threshold])];
      if (this.own) for (const line of this.svg.querySelectorAll(".line1, .line2"))
        seen.push(...line.getAttribute("points").split(" ").map((point) => 1 - Number(point.split(",")[1]) / 100));
      [low, high] = [Math.min(...seen), Math.max(...seen)];
      const spare = Math.max(0.02, 0.08 * (high - low));
      [low, high] = [Math.max(0, low - spare), Math.min(1, high + spare)];
    }
    const scale = 1 / (high - low), shift = 100 * (1 - scale * (1 - low));
    for (const line of this.svg.querySelectorAll("polyline, .threshold"))
      zoomed ? line.setAttribute("transform", `matrix(1 0 0 ${scale} 0 ${shift})`) : line.removeAttribute("transform");
    const [above, , below] = this.svg.previousElementSibling.children;
    [above.textContent, below.textContent] = zoomed ? [high.toFixed(2), low.toFixed(2)] : ["1", "0"];
    this.svg.parentElement.classList.toggle("zoomed", Boolean(zoomed));
  }

  timeAt(event) {
    const box = this.svg.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * this.seconds;
  }

  // Show what there is at a time.
  read(time) {
    this.time = time;
    if (!this.values) return;
    const value = this.values[Math.min(this.values.length - 1, Math.floor(time / this.seconds * this.values.length))];
    const parts = [`${time.toFixed(1)} s: score ${value.toFixed(3)}`];
    if (this.threshold !== undefined && value > this.threshold) parts.push("alarm");
    if (this.events.some(([from, to]) => from <= time && time < to)) parts.push("event");
    if (this.from <= time && time < this.to) parts.push("top-1 tube");
    const at = 1000 * time / this.seconds;
    this.cursor ??= this.svg.appendChild(svgElement("path", { class: "cursor" }));
    this.cursor.setAttribute("d", `M${at.toFixed(1)} 0V110`);
    if (!this.note) {
      this.note = Object.assign(document.createElement("p"), { className: "readout" });
      this.svg.parentElement.append(this.note);
    }
    this.note.textContent = parts.join(", ");
    this.note.hidden = false;
    this.svg.setAttribute("aria-valuenow", time.toFixed(1));
    this.svg.setAttribute("aria-valuetext", parts.join(", "));
  }

  leave() {
    this.cursor?.remove();
    this.cursor = undefined;
    if (this.note) this.note.hidden = true;
  }

  key(event) {
    const step = this.seconds / (event.shiftKey ? 10 : 50), now = this.time ?? 0;
    const [back, on] = [now - step, now + step];
    const places = { ArrowRight: on, ArrowUp: on, ArrowLeft: back, ArrowDown: back, Home: 0, End: this.seconds };
    const to = places[event.key];
    if (event.key === "Enter" || event.key === " ") this.play(now);
    else if (to === undefined) return;
    else this.read(Math.min(Math.max(to, 0), this.seconds));
    event.preventDefault();
  }

  play(time) {
    if (!this.film) return;
    const [from, to] = this.clip, within = from <= time && time < to;
    this.read(time);
    if (!within) this.note.textContent += `; the clip has ${from.toFixed(1)} s to ${to.toFixed(1)} s alone`;
    else playFrom(this.film, time - from);
  }
}

// A clip plays, and pauses, by a click; its own controls would cover so small a picture.
const playFrom = (film, time) => {
  film.currentTime = time;
  film.play();
};
for (const film of document.querySelectorAll(".clip video")) {
  film.controls = false;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "play" });
  const update = () => {
    const name = film.closest("article").dataset.name;
    button.setAttribute("aria-label", `${film.paused ? "Play" : "Pause"} the clip of ${name}`);
    film.parentElement.classList.toggle("playing", !film.paused);
  };
  film.after(button);
  update();
  button.addEventListener("click", () => (film.paused ? film.play() : film.pause()));
  for (const name of ["play", "pause"]) film.addEventListener(name, update);
}
