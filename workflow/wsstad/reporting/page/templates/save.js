// What is on the page as files: tables as TSV, TeX and JSON, charts as SVG and PNG.
const save = (name, content, kind) => {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: kind }));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
};

// The rows of a TSV as objects; a cell that is quoted may hold tabs, lines and doubled quotes.
const rowsOf = (text) => {
  const rows = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const row = rows.at(-1), sign = text[i];
    if (quoted && sign === '"' && text[i + 1] === '"') row[row.length - 1] += text[++i];
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && sign === "\t") row.push("");
    else if (!quoted && sign === "\n") rows.push([""]);
    else row[row.length - 1] += sign;
  }
  const [head, ...body] = rows.filter((row) => row.length > 1);
  return body.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
};

for (const button of document.querySelectorAll("[data-save]")) button.addEventListener("click", () => {
  const { name, files } = JSON.parse(document.getElementById(button.dataset.of).textContent), end = button.dataset.save;
  if (end !== "json") save(`${name}.${end}`, files[end], "text/plain");
  else {
    const content = { numbers: rowsOf(files.tsv), comparisons: rowsOf(files["comparisons.tsv"]) };
    save(`${name}.json`, JSON.stringify(content, null, 1), "application/json");
  }
});

// A chart on its own: with its colours, its size, and the ground that it has here.
const chartOf = (figure) => {
  const drawn = figure.querySelector("svg"), copy = drawn.cloneNode(true);
  const colours = getComputedStyle(document.documentElement);
  const [x, y, width, height] = drawn.getAttribute("viewBox").split(" ").map(Number);
  setAttributes(copy, { xmlns: "http://www.w3.org/2000/svg", width, height });
  copy.prepend(svgElement("rect", { x, y, width, height, fill: "var(--card)" }));
  const colourOf = (_, name) => colours.getPropertyValue(name).trim();
  const text = new XMLSerializer().serializeToString(copy).replace(/var\((--\w+)\)/g, colourOf);
  return { text, width, height };
};

const asPng = ({ text, width, height }, scale = 3) => new Promise((done, fail) => {
  const picture = new Image(), canvas = document.createElement("canvas");
  Object.assign(canvas, { width: scale * width, height: scale * height });
  picture.onload = () => {
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(done, "image/png");
  };
  picture.onerror = () => fail(new Error("the chart cannot be drawn"));
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
});

for (const button of document.querySelectorAll("[data-chart]")) button.addEventListener("click", async () => {
  const figure = button.closest("figure"), chart = chartOf(figure);
  if (button.dataset.chart === "svg") save(`${figure.id}.svg`, chart.text, "image/svg+xml");
  else save(`${figure.id}.png`, await asPng(chart));
});
