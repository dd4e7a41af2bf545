// Small things that the theme leaves open. Nothing here is needed to read a page.
"use strict";

// A page read from a file may not fetch another one, so a search there shows titles alone.
if (window.location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// What scrolls sideways in itself must be reachable by keyboard; the theme does it for code and
// tables. Not all of it scrolls at every width, and a stop that does nothing is a nuisance.
function reachWhatScrolls() {
  for (const box of document.querySelectorAll(".bd-article :is(div.math, span.math)")) {
    if (box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX === "auto") {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "formula, scrolls sideways");
    } else {
      box.removeAttribute("tabindex");
      box.removeAttribute("role");
      box.removeAttribute("aria-label");
    }
  }
}

window.addEventListener("load", () => {
  const typeset = window.MathJax && window.MathJax.startup && window.MathJax.startup.promise;
  Promise.resolve(typeset).then(reachWhatScrolls);
  window.addEventListener("resize", reachWhatScrolls);
});
