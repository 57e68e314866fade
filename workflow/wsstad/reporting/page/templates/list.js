// A list of videos shows those that its form asks for, in the order that it asks for.
const compare = {
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  given: (a, b) => a.given - b.given,
  // Scores of two folds are those of two models, which share no scale.
  score: (a, b) => (a.fold ?? 0) - (b.fold ?? 0) || b.score - a.score,
  sloc: (a, b) => a.sloc - b.sloc,
};
const wanted = (card, { q = "", label = "", fold = "", only = "", class: kind = "" }) => {
  const facts = card.dataset;
  return (!q || facts.name.toLowerCase().includes(q.toLowerCase().trim())) && (!label || facts.label === label)
    && (!fold || facts.fold === fold) && (!kind || facts.class === kind) && (!only || facts[only] === "1");
};
const lists = [...document.querySelectorAll("form.filter")].map((form) => {
  const place = document.getElementById(form.dataset.for);
  const cards = [...place.children].filter((child) => child.dataset.name);
  let order = "";
  const show = () => {
    const values = Object.fromEntries(new FormData(form));
    let count = 0;
    for (const card of cards) count += !(card.hidden = !wanted(card, values));
    // Moving a card is dear, so it is done when the order changes alone.
    const now = [...cards].sort((a, b) => compare[values.order](a.dataset, b.dataset));
    const names = now.map((card) => card.id).join();
    if (names !== order && (order || now.some((card, i) => card !== cards[i]))) place.append(...now);
    order = names;
    const none = "none fits; reset shows all";
    form.querySelector("output").textContent = count ? `${count} video${count === 1 ? "" : "s"}` : none;
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  form.addEventListener("submit", (event) => event.preventDefault());
  return { form, place, cards, show };
});
// A link to a video that is filtered away shows it again.
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.hidden && target.matches("article")) target.hidden = false, target.scrollIntoView();
});
// On a narrow screen a card is its heading until it is unfolded.
for (const button of document.querySelectorAll(".unfold")) {
  button.addEventListener("click", () => {
    const open = button.closest("article").classList.toggle("open");
    button.setAttribute("aria-expanded", open);
  });
}
