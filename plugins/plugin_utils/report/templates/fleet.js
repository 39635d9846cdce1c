(function () {
  "use strict";
  const controls = document.getElementById("controls");
  if (!controls) { return; }
  const search = document.getElementById("search");
  const rows = [...document.querySelectorAll("#rows > tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      row.hidden = !words.every((word) => texts[index].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    document.getElementById("said").textContent = words.length ? shown + " of " + rows.length + " firewalls" : "";
  }

  controls.addEventListener("submit", (event) => { event.preventDefault(); });
  search.addEventListener("input", filter);
  controls.hidden = false;
  filter();
}());
