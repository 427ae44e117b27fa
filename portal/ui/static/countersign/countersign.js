// Three small things on top of pages that work without them: times in the reader's zone, "/" for search, plots.
"use strict";

const SHAPES = {
  short: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { day: "numeric", month: "short", year: "numeric" },
  minute: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" },
  second: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" },
};
const dark = matchMedia("(prefers-color-scheme: dark)");

function showTimes(root) {
  for (const time of root.querySelectorAll("time[data-how]")) {
    time.textContent = new Intl.DateTimeFormat("en-GB", SHAPES[time.dataset.how] ?? SHAPES.minute).format(new Date(time.dateTime));
  }
}

// A colour is written "--accent" or "--accent/0.14" in the data; everything else stays as it is.
function painted(value, palette) {
  if (typeof value === "string" && value.startsWith("--")) {
    const [name, opacity] = value.slice(2).split("/");
    const colour = palette[name] ?? name;
    return opacity ? colour + Math.round(opacity * 255).toString(16).padStart(2, "0") : colour;
  }
  if (Array.isArray(value)) return value.map((each) => painted(each, palette));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, painted(each, palette)]));
  }
  return value;
}

function drawPlots(root) {
  if (!window.Plotly) return;
  const scheme = document.documentElement.dataset.scheme ?? (dark.matches ? "dark" : "light");
  for (const plot of root.querySelectorAll("[data-chart]")) {
    const drawn = JSON.parse(document.getElementById(plot.dataset.chart).textContent);
    const figure = painted({ data: drawn.data, layout: drawn.layout }, drawn.palettes[scheme]);
    Plotly.react(plot, figure.data, figure.layout, { responsive: true, displayModeBar: false });
  }
}

function showAll(root) {
  showTimes(root);
  drawPlots(root);
}

showAll(document);
document.addEventListener("htmx:load", (event) => showAll(event.detail.elt));
dark.addEventListener("change", () => drawPlots(document));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("find")?.focus();
  }
});
