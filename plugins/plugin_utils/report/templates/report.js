(function () {
  "use strict";
  var PAGE = 100;
  var controls = document.getElementById("controls");
  var pager = document.getElementById("pager");
  if (!controls || !pager) { return; }
  var rows = Array.prototype.slice.call(document.querySelectorAll("#findings-rows > tr"));
  var search = document.getElementById("search");
  var severity = document.getElementById("severity");
  var said = document.getElementById("said");
  var earlier = document.getElementById("earlier");
  var further = document.getElementById("further");
  var texts = null;
  var matching = rows;
  var first = 0;

  function number(count) { return String(count).replace(/\B(?=(\d{3})+$)/g, ","); }

  function show() {
    var shown = new Set(matching.slice(first, first + PAGE));
    var kept = new Set(matching);
    rows.forEach(function (row) {
      row.classList.toggle("miss", !kept.has(row));
      row.classList.toggle("later", kept.has(row) && !shown.has(row));
    });
    var last = Math.min(first + PAGE, matching.length);
    said.textContent = matching.length === 0 ? "No finding matches."
      : "Rows " + number(first + 1) + " to " + number(last) + " of " + number(matching.length)
        + (matching.length < rows.length ? " that match" : "");
    earlier.disabled = first === 0;
    further.disabled = last >= matching.length;
    earlier.hidden = further.hidden = matching.length <= PAGE;
  }

  function filter() {
    texts = texts || rows.map(function (row) { return row.textContent.toLowerCase(); });
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    matching = rows.filter(function (row, index) {
      return (!severity.value || row.dataset.s === severity.value)
        && words.every(function (word) { return texts[index].indexOf(word) >= 0; });
    });
    first = 0;
    show();
  }

  function turn(step) {
    first += step;
    show();
    document.getElementById("findings").scrollIntoView();
  }

  controls.addEventListener("submit", function (event) { event.preventDefault(); });
  search.addEventListener("input", filter);
  severity.addEventListener("change", filter);
  earlier.addEventListener("click", function () { turn(-PAGE); });
  further.addEventListener("click", function () { turn(PAGE); });
  controls.hidden = pager.hidden = false;
  // A browser keeps what was typed when the page is loaded again.
  filter();
}());
