"use strict";
// Tables sort by a click on a heading, once more for the other way round; cells without a value stay last.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const numeric = head.classList.contains("number");
    const state = head.getAttribute("aria-sort");
    const descending = state === null ? numeric : state === "ascending";
    const value = (row) => row.cells[column].dataset.order ?? row.cells[column].textContent.trim();
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      const order = numeric ? Number(x) - Number(y) : x.localeCompare(y);
      return descending ? -order : order;
    });
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  }));
}
// The list of videos shows one label, in the order that is chosen.
const orders = {
  name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true }),
  given: (a, b) => a.dataset.given - b.dataset.given,
  score: (a, b) => b.dataset.score - a.dataset.score,
  sloc: (a, b) => a.dataset.sloc - b.dataset.sloc,
};
for (const form of document.querySelectorAll("form.filter")) {
  const list = document.getElementById(form.dataset.for);
  form.addEventListener("change", () => {
    const { label, order } = form.elements;
    const cards = [...list.children].sort(orders[order.value]);
    for (const card of cards) card.hidden = Boolean(label.value) && card.dataset.label !== label.value;
    list.append(...cards);
    form.querySelector("output").textContent = `${cards.filter((card) => !card.hidden).length} videos`;
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}
// A link to a video that is filtered away shows it again.
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.hidden) target.hidden = false, target.scrollIntoView();
});
