// Steps the frames of a live figure: a slider or a list chooses one, its text goes with it.
// Without this script the still picture stands alone; its controls are hidden until here.
(function () {
  "use strict";

  const SAID_AFTER = 600; // milliseconds after the last step, so that a screen reader hears one text
  const PLAY_EVERY = 900; // milliseconds
  const LONG = 4; // texts that the height is measured by: the longest may have the fewer lines

  function bringToLife(figure) {
    const frames = JSON.parse(figure.querySelector(".unrolled-player-frames").textContent);
    const image = figure.querySelector("img");
    const status = figure.querySelector(".unrolled-player-status");
    const words = figure.querySelector(".unrolled-player-words");
    const controls = Array.from(figure.querySelectorAll("input[type=range], select"));
    const sizes = controls.map((c) => (c.options ? c.options.length : Number(c.max) + 1));
    const main = controls.find((c) => !c.options);
    const play = figure.querySelector(".unrolled-player-play");
    let shown = Number(figure.dataset.start);
    let saying = null;
    let playing = null;
    let fetched = false;

    function chosen() {
      return controls.reduce((place, c, i) => place * sizes[i] + Number(c.value), 0);
    }

    function fetchAll() {
      if (fetched) return;
      fetched = true;
      const order = frames.pictures.map((_, i) => i);
      order.sort((a, b) => Math.abs(a - shown) - Math.abs(b - shown));
      figure.frameCache = order.map((i) => {
        const picture = new Image();
        picture.src = frames.pictures[i];
        return picture;
      });
    }

    // A slider that changes nothing where the others stand is disabled until it does.
    function matters(number) {
      const stride = sizes.slice(number + 1).reduce((product, size) => product * size, 1);
      const first = chosen() - Number(controls[number].value) * stride;
      const places = Array.from({ length: sizes[number] }, (_, i) => first + i * stride);
      return new Set(places.map((place) => frames.pictures[place])).size > 1;
    }

    function wordOf(control) {
      if (control.options) return control.options[control.selectedIndex].text;
      return JSON.parse(control.dataset.words)[Number(control.value)];
    }

    function sayWhy(control) {
      const why = control.parentElement.querySelector(".unrolled-player-why");
      const others = controls.filter((other) => other !== control);
      why.hidden = !control.disabled;
      if (control.disabled) {
        const set = others.map((other) => `${other.labels[0].textContent}: ${wordOf(other)}`);
        why.textContent = `no effect with ${set.join(", ")}`;
        control.setAttribute("aria-describedby", why.id);
      } else {
        control.removeAttribute("aria-describedby");
      }
    }

    // At an end a button is not disabled: it would lose the focus of the one who pressed it.
    function limit(button, control, ended) {
      button.disabled = control.disabled;
      if (ended) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }

    function sayWords(control, number) {
      if (control.options) return;
      const word = wordOf(control);
      control.setAttribute("aria-valuetext", word);
      control.parentElement.querySelector("output").textContent = word;
      const [back, on] = control.parentElement.querySelectorAll("button");
      control.disabled = !matters(number);
      sayWhy(control);
      limit(back, control, Number(control.value) === 0);
      limit(on, control, Number(control.value) === Number(control.max));
      if (control === main) play.disabled = control.disabled;
    }

    function show() {
      controls.forEach(sayWords);
      const place = chosen();
      if (place === shown) return;
      shown = place;
      image.src = frames.pictures[place];
      image.alt = frames.alts[place];
      words.firstElementChild.textContent = frames.alts[place];
      clearTimeout(saying);
      if (playing === null) {
        saying = setTimeout(() => { status.textContent = frames.alts[place]; }, SAID_AFTER);
      }
    }

    function makeRoom() {
      const long = [...new Set(frames.alts)].sort((a, b) => b.length - a.length).slice(0, LONG);
      for (const text of long) {
        const room = document.createElement("span");
        room.className = "unrolled-player-room";
        room.textContent = text;
        words.append(room);
      }
    }

    function step(control, by) {
      fetchAll();
      control.value = String(Number(control.value) + by);
      show();
    }

    function pause() {
      if (playing === null) return;
      clearInterval(playing);
      playing = null;
      play.textContent = "Play";
      status.textContent = frames.alts[shown];
    }

    play.addEventListener("click", () => {
      if (playing !== null) { pause(); return; }
      fetchAll();
      play.textContent = "Pause";
      playing = setInterval(() => {
        step(main, 1);
        if (Number(main.value) === Number(main.max)) pause();
      }, PLAY_EVERY);
      if (Number(main.value) === Number(main.max)) main.value = "0";
      show();
    });

    for (const control of controls) {
      control.addEventListener("input", () => { pause(); fetchAll(); show(); });
      control.addEventListener("focus", fetchAll);
      if (control.options) continue;
      const [back, on] = control.parentElement.querySelectorAll("button");
      back.addEventListener("click", () => { pause(); step(control, -1); });
      on.addEventListener("click", () => { pause(); step(control, 1); });
    }
    makeRoom();
    controls.forEach(sayWords);
    figure.addEventListener("pointerenter", fetchAll);
    figure.querySelector(".unrolled-player-controls").hidden = false;
    figure.dataset.ready = "true";
  }

  function begin() {
    document.querySelectorAll("figure.unrolled-player:not([data-ready])").forEach(bringToLife);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
