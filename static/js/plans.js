// The grid of targets, and texts that are closed when they are saved. The pages work without it.
const words = Object.fromEntries([...(document.getElementById("ui-text")?.content ?? document).querySelectorAll("[data-k]")].map((node) => [node.dataset.k, node.textContent]));
const inGrid = (node) => node.closest?.("table[data-grid] input:not([type=hidden])");
const cellsOf = (row) => [...row.querySelectorAll("td input")];
const rowsOf = (table) => [...table.querySelectorAll("tbody tr")].filter((row) => row.querySelector("td input"));

// ---- Moving -------------------------------------------------------------------------------------
function go(input, down, right) {
  const row = input.closest("tr");
  const rows = rowsOf(input.closest("table"));
  const at = cellsOf(row).indexOf(input) + right;
  const next = rows[rows.indexOf(row) + down];
  const target = next && cellsOf(next)[at];
  if (target) { target.focus(); target.select(); }
  return Boolean(target);
}
document.addEventListener("focusin", (event) => inGrid(event.target)?.select());
document.addEventListener("keydown", (event) => {
  const input = inGrid(event.target);
  if (!input || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = input.selectionStart === 0 && input.selectionEnd === input.value.length;
  const start = input.selectionEnd === 0;
  const end = input.selectionStart === input.value.length;
  if (event.key === "Escape") { input.value = input.defaultValue; input.select(); }
  else if (event.key === "Enter" || event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const up = event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey);
    if (!go(input, up ? -1 : 1, 0)) { keep(); input.select(); }
  } else if (event.key === "ArrowLeft" && (all || start)) { if (go(input, 0, -1)) event.preventDefault(); }
  else if (event.key === "ArrowRight" && (all || end)) { if (go(input, 0, 1)) event.preventDefault(); }
});

// ---- Pasting a row (or a block) of a spreadsheet ---------------------------------------------------
document.addEventListener("paste", (event) => {
  const input = inGrid(event.target);
  const text = event.clipboardData?.getData("text/plain").replace(/\r/g, "").replace(/\n+$/, "") ?? "";
  if (!input || !/[\t\n]/.test(text)) return;
  event.preventDefault();
  let block = text.split("\n").map((line) => line.split("\t"));
  if (block.length > 1 && block.every((line) => line.length === 1)) block = [block.map((line) => line[0])]; // a column fills the months
  const rows = rowsOf(input.closest("table"));
  const top = rows.indexOf(input.closest("tr"));
  const left = Math.max(1, cellsOf(rows[top]).indexOf(input)); // the year stands before its months
  block.forEach((line, down) => {
    const months = rows[top + down] ? cellsOf(rows[top + down]) : [];
    line.forEach((value, right) => { if (months[left + right]) months[left + right].value = value.trim(); });
  });
  keep();
});

// ---- Saving: one request at a time, each with all that was touched since the last -------------------
const place = () => document.getElementById("grid-message");
const changed = (input) => input.value !== input.defaultValue;
let busy = false;
let again = false;
function say(is, text = words[is]) {
  const node = document.getElementById("grid-state");
  if (!node) return;
  node.dataset.is = is;
  node.textContent = text;
}
async function keep() {
  if (busy) { again = true; return; }
  const form = document.getElementById("grid-form");
  const touched = form ? [...form.querySelectorAll("table[data-grid] td input")].filter(changed) : [];
  if (!touched.length) return;
  const values = { measure: form.elements.measure.value };
  for (const input of touched) {
    const version = input.closest("tr").querySelector("input[type=hidden]");
    values[version.name] = version.value;
    values[input.name] = input.value;
    input.dataset.sent = input.value;
    input.removeAttribute("aria-invalid");
  }
  busy = true;
  say("saving");
  let status = 0;
  const seen = (event) => { if (event.detail.elt === place()) status = event.detail.xhr.status; };
  document.addEventListener("htmx:afterRequest", seen);
  try {
    await window.htmx.ajax("POST", form.getAttribute("action"), { source: place(), target: place(), swap: "innerHTML", values });
  } catch { /* app.js has said what went wrong */ }
  document.removeEventListener("htmx:afterRequest", seen);
  busy = false;
  const good = status >= 200 && status < 300;
  if (!good) touched.forEach((input) => input.isConnected && input.setAttribute("aria-invalid", "true"));
  say(good ? "saved" : "error", good ? `${words.saved} ${new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" })}` : status === 409 ? words.conflict : words.not_saved);
  if (again) { again = false; keep(); }
}
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.requestConfig?.elt; // it has left the page by now
  if (event.detail.successful && form?.matches?.("[data-conflict-form]") && form.action.endsWith("/targets/edit/")) say("saved");
});
document.addEventListener("change", (event) => inGrid(event.target) && keep());
document.addEventListener("submit", (event) => {
  if (event.target.id === "grid-form" && !event.submitter?.hasAttribute("formaction")) { event.preventDefault(); keep(); }
});
document.addEventListener("retry", (event) => event.target === place() && keep());
// What was typed into a cell while its last value was on its way stays.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const old = event.detail.target;
  if (!old.matches?.("table[data-grid] td input")) return;
  const fresh = event.detail.fragment.querySelector?.("input") ?? event.detail.fragment;
  if (changed(old) && old.dataset.sent !== old.value) fresh.dataset.typed = old.value;
});
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const input of document.querySelectorAll("table[data-grid] input[data-typed]")) {
    input.value = input.dataset.typed;
    delete input.dataset.typed;
    again = true;
  }
});
window.addEventListener("beforeunload", (event) => {
  const open = [...document.querySelectorAll("table[data-grid] td input")].some(changed);
  if (open || busy) event.preventDefault();
});

// ---- Closing a text: first what was typed is saved --------------------------------------------------
document.addEventListener("click", (event) => {
  const done = event.target.closest("[data-done]");
  if (!done || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const state = done.closest("form").querySelector("[data-save-state]");
  const close = () => {
    if (["unsaved", "saving"].includes(state.dataset.is)) return false;
    if (state.dataset.is !== "error") window.htmx.trigger(done, "done");
    return true;
  };
  if (close()) return;
  const watch = new MutationObserver(() => close() && watch.disconnect());
  watch.observe(state, { attributes: true, attributeFilter: ["data-is"] });
  done.closest("form").requestSubmit();
});

// ---- A timeline that has no room begins a little before today ----------------------------------------
function toToday(root) {
  for (const line of root.querySelectorAll?.(".pic-scroll .pic-today") ?? []) {
    const box = line.closest(".pic-scroll");
    if (box.scrollWidth <= box.clientWidth) continue;
    box.scrollLeft += line.getBoundingClientRect().left - box.getBoundingClientRect().left - box.clientWidth / 3;
  }
}
toToday(document);
document.addEventListener("htmx:load", (event) => toToday(event.detail.elt.parentElement ?? document));

// ---- The plan's quality follows what is written on its page ------------------------------------------
let reading;
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const panel = document.querySelector("#quality [data-panel]");
  if (!panel || !detail.successful || detail.requestConfig.verb === "get" || detail.elt.closest("[data-quiet], #quality") || panel.querySelector(":scope > .loading")) return;
  clearTimeout(reading);
  reading = setTimeout(() => panel.querySelector("form, details[open], :focus") || window.htmx.trigger(panel, "retry"), 1200);
});
