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
  figure: ".cell_output > .output.text_html:has(> img:only-child), .unrolled-player-picture",
};

function reachIfItScrolls(box, what) {
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

// Paper is white: what is read in dark is printed in light.
let theme = "";
window.addEventListener("beforeprint", () => {
  theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
window.addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = theme;
});
