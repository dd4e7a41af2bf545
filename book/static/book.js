// Small things that the theme leaves open. Nothing here is needed to read a page.
"use strict";

// A page read from a file may not fetch another one, so a search there shows titles alone.
if (window.location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// What scrolls sideways in itself must be reachable by keyboard; the theme does it for code and
// tables. Not all of it scrolls at every width, and a stop that does nothing is a nuisance.
const SCROLLING = {
  formula: ".bd-article :is(div.math, span.math)",
  figure: ".unrolled-picture",
};

// A formula that is a little wider than its column is drawn a little smaller.
const SMALLEST = 0.72;

function fit(formula) {
  const drawn = formula.querySelector("mjx-container > svg");
  if (!drawn) return;
  drawn.style.width = drawn.style.height = "";
  const ratio = formula.clientWidth / formula.scrollWidth;
  if (ratio === 1 || ratio < SMALLEST) return;
  // In pixels: by the size of the font it would go in jumps, since x-heights are whole pixels.
  const { width, height } = drawn.getBoundingClientRect();
  drawn.style.width = `${Math.floor(width * ratio)}px`;
  drawn.style.height = `${height * ratio}px`;
}

function reachIfItScrolls(box, what) {
  if (box.matches("div.math")) fit(box);
  const scrolls = box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX === "auto";
  if (scrolls) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `${what}, scrolls sideways`);
  } else {
    box.removeAttribute("tabindex");
    box.removeAttribute("role");
    box.removeAttribute("aria-label");
  }
  if (what === "figure") markEdges(box, scrolls);
}

// Tells the style sheet at which edges of a figure there is more of it.
function markEdges(box, scrolls) {
  const left = scrolls && box.scrollLeft > 1;
  const right = scrolls && box.scrollLeft + box.clientWidth < box.scrollWidth - 1;
  if (scrolls) box.dataset.more = [left && "left", right && "right"].filter(Boolean).join(" ");
  else delete box.dataset.more;
}

// A box changes its width with the window, and when what it lies in is unfolded or filtered.
function watchWhatScrolls() {
  const kinds = new Map();
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) reachIfItScrolls(target, kinds.get(target));
  });
  for (const [what, selector] of Object.entries(SCROLLING)) {
    for (const box of document.querySelectorAll(selector)) {
      kinds.set(box, what);
      resized.observe(box);
      if (what !== "figure") continue;
      box.addEventListener("scroll", () => markEdges(box, "more" in box.dataset), { passive: true });
    }
  }
}

window.addEventListener("load", () => {
  const typeset = window.MathJax && window.MathJax.startup && window.MathJax.startup.promise;
  Promise.resolve(typeset).then(watchWhatScrolls);
});

// A button keeps the keyboard after it was pressed: the theme takes it away from some, and copying
// from all, so that the next Tab would begin at the top of the page.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || event.detail !== 0) return; // pressed by a pointer
  setTimeout(() => {
    if (document.activeElement === document.body && button.isConnected) button.focus();
  }, 0);
}, true);

// What only the eye is told elsewhere, for a screen reader.
document.addEventListener("DOMContentLoaded", () => {
  const said = document.createElement("div");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  document.body.append(said);
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".copybtn")) return;
    said.textContent = "";
    setTimeout(() => { said.textContent = "Copied"; }, 100);
  });
  const results = document.getElementById("search-results");
  if (results) results.setAttribute("aria-live", "polite");
  const names = {
    ".primary-toggle": "All pages",
    ".secondary-toggle": "Contents of this page",
    "#pst-search-dialog": "Search",
    "#pst-primary-sidebar-modal": "All pages",
    "#pst-secondary-sidebar-modal": "Contents of this page",
  };
  for (const [selector, name] of Object.entries(names)) {
    for (const box of document.querySelectorAll(selector)) box.setAttribute("aria-label", name);
  }
});

// Paper is white: what is read in dark is printed in light.
let theme = "";
window.addEventListener("beforeprint", () => {
  theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
window.addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = theme;
});
