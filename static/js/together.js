// Working in one plan together: who writes where, going from text to text, calling people by name.
// The pages work without it.

// ---- Who is here ----------------------------------------------------------------------------------
const here = document.getElementById("presence");
let told = "";
const writing = () => document.activeElement?.closest?.(".inplace")?.id ?? "";
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt !== here) return;
  if (document.visibilityState === "hidden") return event.preventDefault(); // nobody is looking
  told = writing();
  event.detail.parameters.field = told;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== here) return;
  document.querySelectorAll("[data-others]").forEach((place) => place.removeAttribute("data-others"));
  for (const other of here.querySelectorAll("[data-place]")) {
    const place = other.dataset.place && document.getElementById(other.dataset.place);
    if (place) place.dataset.others = [place.dataset.others, other.dataset.name].filter(Boolean).join(", ");
  }
});
// Beginning and ending to write is told at once, not with the next question.
let later = 0;
for (const type of ["focusin", "focusout", "visibilitychange"]) document.addEventListener(type, () => {
  if (!here) return;
  clearTimeout(later);
  later = setTimeout(() => writing() !== told && window.htmx?.trigger(here, "present"), 400);
});

// ---- From text to text: Alt with an arrow ------------------------------------------------------------
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const texts = [...document.querySelectorAll(".plan-text > .inplace")];
  if (!texts.length) return;
  const down = event.key === "ArrowDown";
  const at = texts.findIndex((text) => text.contains(document.activeElement) || text.parentElement.contains(document.activeElement));
  const next = texts[at < 0 ? (down ? 0 : texts.length - 1) : at + (down ? 1 : -1)];
  const target = next?.querySelector("textarea, .inplace-edit");
  if (!target) return;
  event.preventDefault();
  target.focus();
  next.scrollIntoView({ block: "nearest" });
});

// ---- Calling people by name in comments: the whole name can be typed, too -------------------------------
const CALL = /(^|[\s(])@([^@\n]{0,40})$/;
const box = document.createElement("ul");
box.className = "mention-list";
box.id = "mention-list";
box.setAttribute("role", "listbox");
let field = null;
let waiting = 0;

const options = () => [...box.children];
const chosen = () => options().find((option) => option.getAttribute("aria-selected") === "true");
const open = () => field !== null && box.isConnected && options().length > 0;

function close() {
  clearTimeout(waiting);
  box.remove();
  field?.removeAttribute("aria-activedescendant");
  field?.setAttribute("aria-expanded", "false");
  field = null;
}
function choose(index) {
  const all = options();
  if (!all.length) return;
  const at = (index + all.length) % all.length;
  all.forEach((option, i) => { option.id = `mention-${i}`; option.setAttribute("aria-selected", String(i === at)); });
  field.setAttribute("aria-activedescendant", all[at].id);
  all[at].scrollIntoView({ block: "nearest" });
}
function take(option) {
  const before = field.value.slice(0, field.selectionStart).replace(CALL, `$1@${option.dataset.name.replaceAll("$", "$$$$")} `);
  const after = field.value.slice(field.selectionStart);
  const at = field;
  at.value = before + after;
  at.setSelectionRange(before.length, before.length);
  close();
  at.dispatchEvent(new Event("input", { bubbles: true }));
  at.focus();
}
async function offer(textarea, text) {
  const url = new URL(textarea.dataset.mentions, location.href);
  url.searchParams.set("q", text);
  let html = "";
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true" } });
    if (response.ok) html = await response.text();
  } catch { /* without a connection the whole name can be typed */ }
  const now = textarea.value.slice(0, textarea.selectionStart).match(CALL);
  if (document.activeElement !== textarea || !now || now[2] !== text) return;
  box.innerHTML = html; // from our own server, escaped there
  if (!box.children.length) return close();
  field = textarea;
  textarea.after(box);
  textarea.setAttribute("aria-controls", box.id);
  textarea.setAttribute("aria-expanded", "true");
  choose(0);
}
document.addEventListener("input", (event) => {
  const textarea = event.target.closest?.("textarea[data-mentions]");
  if (!textarea) return;
  clearTimeout(waiting);
  const call = textarea.value.slice(0, textarea.selectionStart).match(CALL);
  if (!call) return close();
  waiting = setTimeout(() => offer(textarea, call[2]), 150);
});
document.addEventListener("keydown", (event) => {
  if (!open() || event.target !== field || event.isComposing) return;
  const at = options().indexOf(chosen());
  if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(at + (event.key === "ArrowDown" ? 1 : -1));
  else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") take(chosen());
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
box.addEventListener("mousedown", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) { event.preventDefault(); take(option); }
});
document.addEventListener("focusout", (event) => event.target === field && close());
