// Calling people by name in comments. The pages work without it: the whole name can be typed.
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
