// The page as a tool: one block at a time, one method and seed at a time, and all that is chosen in the address.
const blocks = [...document.querySelectorAll("section.block")];
const tabs = [...document.querySelectorAll(".tabs a")];
let current = blocks[0];

const sectionLists = new Map(lists.map((list) => {
  const data = JSON.parse(document.getElementById(list.form.dataset.switch).textContent);
  const timelines = list.cards.map((card) => new Timeline(card.querySelector("svg.timeline")));
  const boxes = timelines.map((timeline) => timeline.film && new ClipBox(timeline));
  return [list.form.closest("section"), { ...list, data, timelines, boxes, shown: undefined, zoomed: undefined }];
}));

// The seeds of the method that is chosen, the one that was chosen before if it has it.
const fillSeeds = ({ form, data }) => {
  const { method, seed } = form.elements, before = seed.value;
  const seeds = data.runs.filter((run) => run.method === method.value).map((run) => run.seed);
  if (seeds.join() === [...seed.options].map((option) => option.value).join()) return;
  seed.replaceChildren(...seeds.map((name) => new Option(name)));
  if (seeds.includes(before)) seed.value = before;
};

const showCard = (card, timeline, box, row, run, own, { miss, levels }) => {
  const facts = card.dataset, threshold = run.thresholds[facts.fold], abnormal = facts.label === "abnormal";
  const [score, sloc, from, to, highest, packed, boxes] = row ?? [-1, null, 0, 0, 0, "AA", ""];
  const alarm = threshold !== undefined && highest > threshold;
  facts.score = score;
  facts.sloc = sloc ?? 2;
  facts.misses = Number(Boolean(row) && abnormal && (sloc === null ? threshold !== undefined && !alarm : sloc <= miss));
  facts.alarms = Number(Boolean(row) && !abnormal && alarm);
  card.querySelector(".score").textContent = row ? score.toFixed(2) : "none: no prediction";
  const place = card.querySelector(".sloc");
  if (place) place.textContent = sloc === null ? "–" : sloc.toFixed(2);
  card.querySelector(".of-run").textContent = `${run.method}, seed ${run.seed}`;
  card.classList.toggle("other-run", !own);
  for (const element of card.querySelectorAll(".not-own")) element.hidden = own;
  const model = run.models[facts.fold];
  card.querySelector(".known").hidden = !model;
  card.querySelector(".unknown").hidden = Boolean(model);
  card.querySelector(".path").textContent = model ?? "";
  card.querySelector(".command").textContent = model ? run.score_with[facts.fold] : "";
  timeline.show(unpack(packed, levels), { from, to, threshold, own });
  box?.show(own ? [] : unpack(boxes, levels), row ? `that of ${run.method}` : `none of ${run.method}, which has no prediction`);
};

// Show the run that the form names, if it is not shown yet.
const switchRun = (list) => {
  const { runs } = list.data;
  if (!runs.length) return;
  fillSeeds(list);
  const { method, seed, only, axis } = list.form.elements;
  const run = runs.find((other) => other.method === method.value && other.seed === seed.value) ?? runs[0];
  if (run !== list.shown) {
    const own = run === runs[0]; // what the page was made with
    list.cards.forEach((card, i) =>
      showCard(card, list.timelines[i], list.boxes[i], run.rows[card.dataset.row], run, own, list.data));
    list.place.parentElement.classList.toggle("other-run", !own);
    const known = Object.keys(run.thresholds).length > 0, alarms = only.querySelector("[value=alarms]");
    alarms.disabled = !known;
    if (!known && only.value === "alarms") only.value = "";
    alarms.textContent = known ? "false alarms" : "false alarms (no threshold is known)";
    list.shown = run;
    list.zoomed = "";
  }
  if (axis.value !== list.zoomed) list.timelines.forEach((timeline) => timeline.zoom(axis.value));
  list.zoomed = axis.value;
};

const defaultOf = (element) => (element.options ? element.options[0]?.value ?? "" : element.defaultValue);

// What is chosen, as the part of the address behind #; what is as it was at first is left out.
const stateOf = (more = {}) => {
  const state = new URLSearchParams();
  if (blocks.length > 1) state.set("block", current.dataset.block);
  const list = sectionLists.get(current);
  for (const element of list?.form.elements ?? []) {
    if (element.name && element.value !== defaultOf(element)) state.set(element.name, element.value);
  }
  for (const [name, value] of Object.entries(more)) state.set(name, value);
  return state;
};
const write = (more) => history.replaceState(null, "", `#${stateOf(more)}`);

const showBlock = (block) => {
  current = block;
  for (const other of blocks) other.hidden = other !== block;
  for (const parts of document.querySelectorAll("[data-part-of]")) parts.hidden = parts.dataset.partOf !== block.id;
  for (const tab of tabs) {
    if (tab.hash === `#${block.id}`) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
};

const fill = (list, state) => {
  // In the order of the form, in which the method comes before its seeds.
  for (const element of list.form.elements) if (element.name) {
    element.value = state.get(element.name) ?? defaultOf(element);
    if (element.selectedIndex < 0) element.value = defaultOf(element);
    if (element.name === "method") fillSeeds(list);
  }
  switchRun(list);
  list.show();
};

const lead = (element) => {
  document.querySelector(".video.target")?.classList.remove("target");
  if (element.matches(".video")) {
    element.hidden = false;
    element.classList.add("target", "open");
    element.querySelector(".unfold").setAttribute("aria-expanded", "true");
  }
  element.scrollIntoView({ behavior: "instant" });
};

// Follow the address: a plain id, or what was chosen.
const follow = () => {
  const hash = location.hash.slice(1), plain = hash && !hash.includes("=");
  const state = new URLSearchParams(plain ? "" : hash);
  const at = document.getElementById(plain ? hash : state.get("at") ?? "");
  const named = blocks.find((other) => other.dataset.block === state.get("block"));
  const block = named ?? at?.closest("section.block") ?? current;
  showBlock(block);
  if (!plain) for (const [section, list] of sectionLists) fill(list, section === block ? state : new URLSearchParams());
  const name = state.get("video");
  const card = name && sectionLists.get(block)?.cards.find((other) => other.dataset.name === name);
  if (card || at) lead(card || at);
  if (plain) write(at && at !== block ? { at: at.id } : {});
};

for (const [section, list] of sectionLists) {
  const changed = () => { switchRun(list); list.show(); write(); };
  list.form.addEventListener("change", changed);
  list.form.addEventListener("input", () => write());
  list.form.addEventListener("reset", () => setTimeout(changed));
  for (const card of list.cards) card.querySelector(".permalink").addEventListener("click", (event) => {
    event.preventDefault();
    location.hash = stateOf({ video: card.dataset.name });
  });
}
addEventListener("hashchange", follow);
showBlock(current);
for (const list of sectionLists.values()) switchRun(list);
if (location.hash.length > 1) follow();
