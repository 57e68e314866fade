"use strict";
document.documentElement.classList.add("js");
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
// Where the window is too narrow for a table, one column of numbers is shown at a time: the style sheet hides `off`.
for (const table of document.querySelectorAll("table.wide")) {
  const heads = [...table.tHead.rows[0].cells], isNumber = heads.map((head) => head.classList.contains("number"));
  const picker = document.createElement("select"), label = document.createElement("label");
  heads.forEach((head, column) => isNumber[column] && picker.add(new Option(head.textContent.trim(), column)));
  picker.add(new Option("all columns", ""));
  const pick = () => {
    for (const row of table.rows) [...row.cells].forEach((cell, column) => {
      cell.classList.toggle("off", picker.value !== "" && isNumber[column] && column !== Number(picker.value));
    });
  };
  picker.addEventListener("change", pick);
  label.className = "picker";
  label.append("Column ", picker);
  table.closest(".scroll").before(label);
  pick();
}
// The term of the glossary that a heading is about, while the heading is pointed at or has the focus; Escape hides it.
const tip = Object.assign(document.createElement("div"), { className: "tip", role: "tooltip", hidden: true });
document.body.append(tip);
let tipOf;
const showTip = (element) => {
  tipOf = element;
  tip.textContent = document.getElementById(element.getAttribute("aria-describedby")).textContent;
  tip.hidden = false;
  const at = element.getBoundingClientRect(), width = tip.offsetWidth;
  tip.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
  const above = at.top - tip.offsetHeight - 6;
  tip.style.top = `${above > 0 ? above : at.bottom + 6}px`;
};
for (const element of document.querySelectorAll("[aria-describedby^='word-']")) {
  for (const name of ["pointerenter", "focus"]) element.addEventListener(name, () => showTip(element));
  for (const name of ["pointerleave", "blur"]) element.addEventListener(name, () => { tip.hidden = true; });
}
addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
addEventListener("scroll", () => tip.hidden || showTip(tipOf), { passive: true });
// What is long and seldom read is folded where there is little room.
const setOpen = (selector, open) => {
  for (const details of document.querySelectorAll(selector)) details.open = open;
};
if (matchMedia("(max-width: 640px)").matches) setOpen("details.brief", false);
// On paper nothing can be unfolded later.
addEventListener("beforeprint", () => setOpen("details:has(table), details.legend, details.brief", true));
