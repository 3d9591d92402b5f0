// Presenting mode: one part of the agenda a screen. Without it the page is one long page.
const present = document.querySelector("[data-present]");
const slides = [...present.querySelectorAll(".slide")];
const bar = present.querySelector("[data-present-bar]");
const count = present.querySelector("[data-present-count]");
const typing = (node) => node.closest?.("input, textarea, select, [contenteditable]");
const start = present.querySelector(".field-error") ? slides.length - 1 : slides.findIndex((slide) => `#${slide.id}` === location.hash);
let now = Math.max(0, start);

function show(index, focus = true) {
  now = Math.max(0, Math.min(slides.length - 1, index));
  slides.forEach((slide, at) => slide.toggleAttribute("data-now", at === now));
  count.textContent = `${now + 1} / ${slides.length}`;
  for (const button of present.querySelectorAll("[data-go]")) button.disabled = button.dataset.go === "-1" ? now === 0 : now === slides.length - 1;
  if (focus) { slides[now].focus({ preventScroll: true }); present.scrollTop = 0; }
  history.replaceState(history.state, "", `#${slides[now].id}`);
}
function turn(on) {
  present.toggleAttribute("data-on", on);
  document.documentElement.classList.toggle("presenting", on);
  bar.hidden = !on;
  for (const key of present.querySelectorAll("[data-key]")) key.hidden = !on;
  if (on) { show(now, false); present.scrollTop = 0; }
}
turn(true);

present.addEventListener("click", (event) => {
  const go = event.target.closest("[data-go]");
  if (go) show(now + Number(go.dataset.go));
  if (event.target.closest("[data-present-off]")) turn(false);
});
addEventListener("load", () => { present.scrollTop = 0; }); // not where the address led on the long page
addEventListener("hashchange", () => {
  const at = slides.findIndex((slide) => `#${slide.id}` === location.hash);
  if (at >= 0 && at !== now) show(at);
});
const keys = {
  ArrowRight: () => show(now + 1), PageDown: () => show(now + 1), ArrowLeft: () => show(now - 1), PageUp: () => show(now - 1),
  Home: () => show(0), End: () => show(slides.length - 1),
  n: () => present.querySelector(".present-side textarea")?.focus(), d: () => present.querySelector("#decision-text")?.focus(),
};
document.addEventListener("keydown", (event) => {
  if (!present.hasAttribute("data-on") || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target)) {
    if (event.key === "Escape" && present.contains(event.target)) { event.target.blur(); slides[now].focus({ preventScroll: true }); }
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  const letter = event.key.length === 1;
  if (!keys[event.key] || (letter && document.documentElement.dataset.hotkeys === "off")) return;
  event.preventDefault();
  keys[event.key]();
});
