(function () {
  "use strict";
  const PAGE = 50;
  const PRINTED = 2000;
  // More than there are rows in a page, and more than there are different ports.
  const ROWS = 2 ** 17;
  const ENDPOINTS = 2 ** 18;
  const SEVERITIES = ["critical", "high", "medium", "low", "informational"];
  const NOT_GIVEN = "\u2013";
  const element = (id) => document.getElementById(id);
  const holder = element("findings-data");
  if (!holder) { return; }
  const { texts, names, versions, columns, total } = JSON.parse(holder.textContent);
  const count = columns.rule.length;
  const unsorted = element("caption").textContent;
  const lower = {};
  let order = null;
  let matching = null;
  let first = 0;
  let sortedBy = "";
  let falling = false;

  // Numbers as people read them, the same as in the rest of the page.
  function grouped(number) { return String(number).replace(/\B(?=(\d{3})+$)/g, ","); }

  function counted(number, noun) { return grouped(number) + " " + noun + (number === 1 ? "" : "s"); }

  function humanBytes(bytes) {
    if (bytes < 1000) { return bytes + " B"; }
    const units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let size = bytes / 1000;
    let unit = 0;
    while (size >= 999.5 && unit < units.length - 1) { size /= 1000; unit += 1; }
    return (size < 99.95 ? size.toFixed(1) : grouped(size.toFixed(0))) + " " + units[unit];
  }

  function humanSeconds(seconds) {
    const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].map(([unit, size]) => {
      const amount = Math.floor(seconds / size);
      seconds -= amount * size;
      return [amount, unit];
    });
    while (parts.length > 1 && !parts[0][0]) { parts.shift(); }
    return parts.slice(0, 2).filter(([amount]) => amount).map(([amount, unit]) => amount + " " + unit).join(" ") || "0 s";
  }

  function endpoint(address, port) {
    const text = address || NOT_GIVEN;
    if (!port) { return text; }
    return text.includes(":") ? "[" + text + "]:" + port : text + ":" + port;
  }

  // An address as its version and its bits in four numbers; null for what is none.
  function parseV4(text) {
    const parts = text.split(".");
    if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) { return null; }
    return parts.reduce((bits, part) => bits * 256 + Number(part), 0);
  }

  function parseAddress(text) {
    const bits = parseV4(text);
    if (bits !== null) { return [4, bits, 0, 0, 0]; }
    text = text.replace(/%.*$/, "");
    if (!text.includes(":") || !/^[0-9a-f:.]+$/i.test(text)) { return null; }
    const tail = text.slice(text.lastIndexOf(":") + 1);
    if (tail.includes(".")) {
      const ending = parseV4(tail);
      if (ending === null) { return null; }
      text = text.slice(0, -tail.length) + Math.floor(ending / 65536).toString(16) + ":" + (ending % 65536).toString(16);
    }
    const halves = text.split("::");
    const [head, rest] = halves.map((half) => (half ? half.split(":") : []));
    const missing = halves.length === 2 ? 8 - head.length - rest.length : 0;
    if (halves.length > 2 || (halves.length === 2 && missing < 1)) { return null; }
    const groups = halves.length === 2 ? [...head, ...Array(missing).fill("0"), ...rest] : head;
    if (groups.length !== 8 || !groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) { return null; }
    const words = groups.map((group) => parseInt(group, 16));
    return [6, ...[0, 2, 4, 6].map((at) => words[at] * 65536 + words[at + 1])];
  }

  function parseNetwork(text) {
    const found = /^([^/]+)\/(\d{1,3})$/.exec(text);
    const address = found && parseAddress(found[1]);
    const length = found ? Number(found[2]) : 0;
    return address && length <= (address[0] === 4 ? 32 : 128) ? { address, length } : null;
  }

  // The addresses of a network lie together, for those of a version are in their order: [from, to) in the table.
  function addressesOf({ address, length }) {
    const [from, to] = address[0] === 4 ? [0, versions[0]] : [versions[0], versions[0] + versions[1]];
    return [false, true].map((beyond) => {
      let [low, high] = [from, to];
      while (low < high) {
        const middle = (low + high) >>> 1;
        const side = compare(parseAddress(texts.address[middle]), address, length);
        if (side < 0 || (beyond && side === 0)) { low = middle + 1; } else { high = middle; }
      }
      return low;
    });
  }

  // Whether the first bits of an address are less than, equal to (0) or more than those of a network.
  function compare(address, network, length) {
    for (let word = 1, left = length; left > 0; word += 1, left -= 32) {
      const size = 2 ** Math.max(32 - left, 0);
      const differs = Math.floor(address[word] / size) - Math.floor(network[word] / size);
      if (differs) { return differs; }
    }
    return 0;
  }

  // Searching: each word is asked of the tables of texts, not of the rows, which are many more.
  function lowered(table) {
    lower[table] = lower[table] || texts[table].map((text, index) =>
      (table === "address" && names[index] ? text + " " + names[index] : text).toLowerCase());
    return lower[table];
  }

  function hits(table, holds) { return Uint8Array.from(lowered(table), (text) => (holds(text) ? 1 : 0)); }

  function inside(network) {
    const [from, to] = addressesOf(network);
    return (address) => address >= from && address < to;
  }

  function host(address) { return { address, length: address[0] === 4 ? 32 : 128 }; }

  function withPort(word) {
    const [, bracketed, plain, number] = /^(?:\[(.+)\]|([^:]*)):(\d+)$/.exec(word) || [];
    if (number === undefined) { return null; }
    const ports = hits("port", (text) => text === number);
    const address = parseAddress(bracketed || plain || "");
    if (!address && (bracketed || plain)) { return null; }
    const at = address ? inside(host(address)) : () => true;
    const { source, source_port: from, destination, destination_port: to } = columns;
    return (row) => (ports[from[row]] && at(source[row])) || (ports[to[row]] && at(destination[row]));
  }

  function test(word) {
    const { source, source_port: from, destination, destination_port: to } = columns;
    const network = parseNetwork(word);
    if (network) {
      const within = inside(network);
      return (row) => within(source[row]) || within(destination[row]);
    }
    const port = withPort(word);
    if (port) { return port; }
    const among = (table) => hits(table, (text) => text.includes(word));
    const addresses = among("address");
    const address = parseAddress(word);
    // However it is written.
    if (address) { addresses.fill(1, ...addressesOf(host(address))); }
    const ports = /^\d+$/.test(word) ? hits("port", (text) => text === word) : new Uint8Array(texts.port.length);
    const tables = ["severity", "rule", "protocol", "zone", "why"];
    const others = tables.map((table) => ({ column: columns[table], found: among(table) }))
      .filter(({ found }) => found.includes(1));
    const ofOthers = (row) => {
      for (const { column, found } of others) { if (found[column[row]]) { return 1; } }
      return 0;
    };
    return (row) => addresses[source[row]] || addresses[destination[row]] || ports[from[row]] || ports[to[row]]
      || ofOthers(row);
  }

  function chosen(table) {
    const value = element("by-" + table).value;
    return value === "" ? null : (row) => columns[table][row] === Number(value);
  }

  function rowsThat(tests) {
    const found = new Uint32Array(count);
    let many = 0;
    search: for (let place = 0; place < count; place += 1) {
      for (const holds of tests) { if (!holds(order[place])) { continue search; } }
      found[many] = order[place];
      many += 1;
    }
    return found.subarray(0, many);
  }

  function filter() {
    const words = element("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const tests = [...["severity", "rule", "zone"].map(chosen).filter(Boolean), ...words.map(test)];
    matching = tests.length ? rowsThat(tests) : order;
    first = 0;
    show();
  }

  // Sorting: a number for each row, not a number where nothing is known. The tables are in their order already.
  function sortKeys(column) {
    const values = columns[column];
    if (column in { age: 1, packets: 1, bytes: 1 }) {
      return Float64Array.from(values, (value) => (value === null ? NaN : value));
    }
    const unknown = (table, index) => texts[table][index] === "" || texts[table][index] === NOT_GIVEN;
    if (column === "source" || column === "destination") {
      const ports = columns[column + "_port"];
      return Float64Array.from(values, (index, row) => (unknown("address", index) ? NaN : index * ENDPOINTS + ports[row]));
    }
    return Float64Array.from(values, (index) => (unknown(column, index) ? NaN : index));
  }

  function sortedRows(column, down) {
    const rows = Uint32Array.from({ length: count }, (_value, row) => row);
    if (!column) { return rows; }
    const keys = sortKeys(column);
    const most = keys.reduce((largest, key) => (key > largest ? key : largest), 0);
    // Those of which nothing is known come last whichever way it goes.
    keys.forEach((key, row) => { keys[row] = Number.isNaN(key) ? most + 1 : down ? most - key : key; });
    if (most * ROWS >= Number.MAX_SAFE_INTEGER) { return rows.sort((a, b) => keys[a] - keys[b] || a - b); }
    // Key and row as one number: the rows of equal keys stay in their order, and no sorting is faster.
    return Uint32Array.from(keys.map((key, row) => key * ROWS + row).sort(), (key) => key % ROWS);
  }

  function sort(column, down) {
    sortedBy = column;
    falling = down;
    order = sortedRows(column, down);
    document.querySelectorAll("#findings-head > th").forEach((head) => {
      if (head.dataset.sort === column) { head.setAttribute("aria-sort", down ? "descending" : "ascending"); }
      else { head.removeAttribute("aria-sort"); }
    });
    const caption = element("caption");
    caption.textContent = column ? unsorted.replace("the most severe first", "sorted by " + column) : unsorted;
    element("sorting").value = column && column + (down ? " down" : " up");
    filter();
  }

  // Rows: text only, whatever is in it.
  function make(tag, className, text) {
    const made = document.createElement(tag);
    if (className) { made.className = className; }
    if (text !== undefined) { made.textContent = text; }
    return made;
  }

  function cell(row, className, ...parts) {
    const made = row.appendChild(make("td", className));
    parts.filter(Boolean).forEach((part) => { made.append(part); });
  }

  function quantity(value, human, noun) {
    if (value === null) { return NOT_GIVEN; }
    const made = make("span", "", human(value));
    if (Number.isSafeInteger(value)) { made.title = counted(value, noun); }
    return made;
  }

  function line(index) {
    const row = make("tr");
    const text = (table) => texts[table][columns[table][index]];
    const severity = text("severity");
    const why = text("why");
    cell(row, "", make("span", "chip " + (SEVERITIES.includes(severity) ? severity : "unknown"), severity));
    cell(row, "rule", make("bdi", "", text("rule")), why && make("bdi", "why", why));
    [["source", "from"], ["destination", "to"]].forEach(([end, className]) => {
      const address = columns[end][index];
      const name = names[address];
      cell(row, className + " mono",
        make("bdi", "", endpoint(texts.address[address], texts.port[columns[end + "_port"][index]])),
        name && " ", name && make("bdi", "who", name));
    });
    cell(row, "proto", make("bdi", "", text("protocol")));
    cell(row, "n age", quantity(columns.age[index], humanSeconds, "second"));
    cell(row, "n packets", columns.packets[index] === null ? NOT_GIVEN : grouped(columns.packets[index]));
    cell(row, "n", quantity(columns.bytes[index], humanBytes, "byte"));
    cell(row, "zone", make("bdi", "", text("zone")));
    return row;
  }

  function put(from, to) {
    const rows = document.createDocumentFragment();
    matching.slice(from, to).forEach((index) => { rows.append(line(index)); });
    element("findings-rows").replaceChildren(rows);
  }

  function say() {
    const filtered = matching !== order;
    const here = total > count ? counted(count, "finding") + " in this page" : counted(count, "finding");
    element("said").textContent = !filtered ? "" : matching.length === 0 ? "No finding matches."
      : grouped(matching.length) + " of " + here + (matching.length === 1 ? " matches." : " match.");
    element("clear").disabled = !filtered && !sortedBy;
  }

  function show() {
    const last = Math.min(first + PAGE, matching.length);
    put(first, last);
    say();
    element("place").textContent = matching.length
      ? "Rows " + grouped(first + 1) + " to " + grouped(last) + " of " + grouped(matching.length) : "";
    element("first").disabled = element("earlier").disabled = first === 0;
    element("further").disabled = element("last").disabled = last >= matching.length;
    element("pager").hidden = matching.length <= PAGE;
    document.querySelectorAll(".pick").forEach((button) => {
      button.setAttribute("aria-pressed", String(isPicked(button.dataset.pick)));
    });
  }

  function turn(to) {
    first = Math.max(Math.min(to, Math.floor((matching.length - 1) / PAGE) * PAGE), 0);
    show();
    element("findings").scrollIntoView();
  }

  // Bars: a click chooses the findings that the bar counts, another one lets go of them.
  function isPicked(pick) {
    const [table, index] = pick.split(":");
    return table === "address" ? element("search").value === texts.address[index] : element("by-" + table).value === index;
  }

  function choose(pick) {
    const [table, index] = pick.split(":");
    const off = isPicked(pick);
    if (table === "address") { element("search").value = off ? "" : texts.address[index]; }
    else { element("by-" + table).value = off ? "" : index; }
    filter();
    element("findings").focus({ preventScroll: true });
    element("findings").scrollIntoView();
  }

  function makePicks() {
    document.querySelectorAll("tr[data-pick]").forEach((row) => {
      const label = row.querySelector("bdi");
      const button = make("button", "pick");
      button.type = "button";
      button.dataset.pick = row.dataset.pick;
      button.title = "Show the findings of this line";
      label.replaceWith(button);
      button.append(label);
      row.addEventListener("click", () => { if (!String(getSelection())) { choose(row.dataset.pick); } });
    });
  }

  function makeHeads() {
    const sorting = element("sorting");
    document.querySelectorAll("#findings-head > th").forEach((head) => {
      const column = head.dataset.sort;
      // The most comes first where there is a number, or a severity.
      const falls = ["age", "packets", "bytes"].includes(column);
      const label = head.textContent;
      const button = make("button", "head", label);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => { sort(column, sortedBy === column ? !falling : falls); });
      [[" up", " \u2191"], [" down", " \u2193"]].forEach(([way, arrow]) => {
        const option = sorting.appendChild(make("option", "", label + arrow));
        option.value = column + way;
      });
    });
    sorting.addEventListener("change", () => { sort(sorting.value.split(" ")[0], sorting.value.endsWith("down")); });
  }

  function makeSelects() {
    ["severity", "rule", "zone"].forEach((table) => {
      const select = element("by-" + table);
      texts[table].forEach((text, index) => {
        const option = select.appendChild(make("option", "", text));
        option.value = String(index);
      });
      select.addEventListener("change", filter);
    });
  }

  function clear() {
    ["search", "by-severity", "by-rule", "by-zone"].forEach((id) => { element(id).value = ""; });
    sort("", false);
    element("search").focus();
  }

  makePicks();
  makeHeads();
  makeSelects();
  element("controls").addEventListener("submit", (event) => { event.preventDefault(); });
  element("search").addEventListener("input", filter);
  element("clear").addEventListener("click", clear);
  element("first").addEventListener("click", () => { turn(0); });
  element("earlier").addEventListener("click", () => { turn(first - PAGE); });
  element("further").addEventListener("click", () => { turn(first + PAGE); });
  element("last").addEventListener("click", () => { turn(matching.length); });
  // Paper has no buttons: it gets what is chosen, as far as that is bearable.
  window.addEventListener("beforeprint", () => { put(0, PRINTED); });
  window.addEventListener("afterprint", show);
  element("controls").hidden = false;
  // A browser keeps what was typed when the page is loaded again.
  sort("", false);
  // What the first search would have to do, while nobody waits for it.
  (window.requestIdleCallback || setTimeout)(() => { Object.keys(texts).forEach(lowered); });
}());
