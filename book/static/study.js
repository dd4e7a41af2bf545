// Puts the reader's own prediction beside the answer when the answer is unfolded, and leaves claims
// that were not chosen out of the contents of their page.
// Without this script the questions, the options, the answers and the claims are all there.
document.addEventListener("DOMContentLoaded", () => {
  const predicted = (control) => {
    if (!control) return "";
    if (control.tagName !== "FIELDSET") {
      const number = control.value.trim();
      return number && `${number} ${control.dataset.unit}`.trim();
    }
    const chosen = control.querySelector("input:checked");
    return chosen ? chosen.value : "";
  };
  for (const answer of document.querySelectorAll("details.unrolled-reveal")) {
    const place = answer.querySelector(".unrolled-predicted");
    const show = () => {
      const words = predicted(document.getElementById(answer.dataset.prediction));
      place.textContent = words;
      place.parentElement.hidden = !words;
    };
    answer.addEventListener("toggle", show);
    show(); // a browser may come back to a page with answers that are open
  }

  // The style sheet hides the claims that were not chosen; the contents of the page follow it.
  const filter = document.querySelector(".unrolled-filter");
  if (!filter) return;
  const follow = () => {
    for (const link of document.querySelectorAll(".page-toc .toc-entry > a[href^='#']")) {
      const claim = document.getElementById(link.getAttribute("href").slice(1));
      if (claim) link.parentElement.hidden = getComputedStyle(claim).display === "none";
    }
  };
  const say = () => {
    const claims = [...document.querySelectorAll(".bd-article section.unrolled-claim")];
    const shown = claims.filter((claim) => getComputedStyle(claim).display !== "none").length;
    const said = document.querySelector(".unrolled-shown");
    said.textContent = `${shown} of ${claims.length} claims`;
  };
  filter.addEventListener("change", () => { follow(); say(); });
  window.addEventListener("pageshow", follow); // a browser may come back with one chosen
});
