// Small things on top of pages that work without them: times in the reader's zone, plots, copies, keys.
// It runs before the first paint (blocking="render"), so that nothing moves when times are rewritten.
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

function drawPlots(root, wanted) {
  if (!window.Plotly) return;
  const scheme = wanted ?? document.documentElement.dataset.scheme ?? (dark.matches ? "dark" : "light");
  for (const plot of root.querySelectorAll("[data-chart]")) {
    const drawn = JSON.parse(document.getElementById(plot.dataset.chart).textContent);
    const figure = painted({ data: drawn.data, layout: drawn.layout }, drawn.palettes[scheme]);
    Plotly.react(plot, figure.data, figure.layout, { responsive: true, displayModeBar: false });
  }
}

// --- copies ---------------------------------------------------------------------------------------------------------

function say(text) {
  document.getElementById("said").textContent = text;
}

async function putOnClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.body.appendChild(document.createElement("textarea")); // over plain http there is no clipboard
  field.value = text;
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("refused");
}

async function copied(button) {
  const what = button.getAttribute("aria-label").replace(/^Copy /, "");
  const symbol = button.querySelector("use");
  const shape = symbol.getAttribute("href");
  try {
    await putOnClipboard(button.dataset.copy || button.previousElementSibling.textContent);
  } catch {
    say(`The browser did not let ${what} be copied. Select it and copy by hand.`);
    return;
  }
  say(`Copied ${what}`);
  symbol.setAttribute("href", shape.replace(/#.*/, "#ok"));
  setTimeout(() => symbol.setAttribute("href", shape.replace(/#.*/, "#copy")), 2000);
}

// --- keys -----------------------------------------------------------------------------------------------------------

const FIELDS = "input, select, textarea, [contenteditable]";
const ROWS = "main tbody tr, main .list > li";
const NEVER = -Infinity;
let wentAt = NEVER; // when "g" was pressed, which waits for a second letter

function step(by) {
  const links = [...document.querySelectorAll(ROWS)]
    .map((row) => row.querySelector("a[href]"))
    .filter((link) => link?.checkVisibility());
  const here = links.findIndex((link) => link.closest("tr, li").contains(document.activeElement));
  links[here < 0 ? 0 : Math.min(Math.max(here + by, 0), links.length - 1)]?.focus();
}

const KEYS = {
  "/": () => document.getElementById("find")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
  j: () => step(1),
  k: () => step(-1),
};

function pressed(event) {
  const field = event.target.closest(FIELDS);
  if (event.key === "Escape" && field) field.blur();
  if (field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (localStorage.getItem("keys") === "off") return;
  const follows = event.timeStamp - wentAt < 1500;
  wentAt = !follows && event.key === "g" ? event.timeStamp : NEVER;
  const act = follows ? () => document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click() : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function showSwitch() {
  for (const box of document.querySelectorAll("[data-keys]")) box.checked = localStorage.getItem("keys") !== "off";
}

// --- posts in place -------------------------------------------------------------------------------------------------

function unsent(event) {
  const note = event.detail.requestConfig?.elt.querySelector("[data-unsent]");
  if (note) note.hidden = false;
}

// Who was signed out is led to the sign-in page: what stands in its place would take the written text away.
function swapped(event) {
  const { requestConfig, xhr } = event.detail;
  if (requestConfig?.verb !== "post" || !xhr.responseURL) return;
  const asked = new URL(requestConfig.path, location.href).pathname;
  if (new URL(xhr.responseURL).pathname === asked) return;
  event.detail.shouldSwap = false;
  unsent(event);
}

// --- all of it ------------------------------------------------------------------------------------------------------

showTimes(document);
showSwitch();
addEventListener("DOMContentLoaded", () => drawPlots(document));
addEventListener("beforeprint", () => drawPlots(document, "light"));
addEventListener("afterprint", () => drawPlots(document));
dark.addEventListener("change", () => drawPlots(document));
document.addEventListener("keydown", pressed);
document.addEventListener("htmx:responseError", unsent);
document.addEventListener("htmx:sendError", unsent);
document.addEventListener("htmx:beforeSwap", swapped);
document.addEventListener("htmx:load", (event) => {
  showTimes(event.detail.elt);
  drawPlots(event.detail.elt);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copied(button);
});
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-keys]")) return;
  localStorage.setItem("keys", event.target.checked ? "on" : "off");
  showSwitch();
});
