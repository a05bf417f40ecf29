"use strict";
(() => {
  const form = document.querySelector("form.filter");
  const claims = [...document.querySelectorAll("details.claim")];
  const groups = [...document.querySelectorAll("section.claims")];

  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = [...form.querySelectorAll("select")].filter((select) => select.value);
    let shown = 0;
    for (const claim of claims) {
      claim.words ??= `${claim.dataset.id} ${claim.textContent}`.toLowerCase();
      const fits = words.every((word) => claim.words.includes(word))
        && chosen.every((select) => claim.dataset[select.name] === select.value);
      claim.hidden = !fits;
      shown += fits;
    }
    for (const group of groups) group.hidden = !group.querySelector("details.claim:not([hidden])");
    form.elements.found.value = `${shown} of ${claims.length} claims`;
  };

  // A link to a claim opens what it stands in, whatever the filter hides.
  const arrive = () => {
    const place = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    if (form && place.closest("[hidden]")) {
      form.reset();
      filter();
    }
    for (let box = place.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    place.scrollIntoView();
  };

  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("reset", () => setTimeout(filter));
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }
  addEventListener("hashchange", arrive);
  arrive();
})();
