// Puts the reader's own prediction beside the answer when the answer is unfolded.
// Without this script the questions, the options and the answers are all there.
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
});
