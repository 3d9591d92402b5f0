// The week's hours and the board of planned hours. Both pages work without it.
const fields = (form) => [...form.querySelectorAll("input[data-hour]")];
document.addEventListener("keydown", (event) => {
  const input = event.target.closest?.("input[data-hour]");
  if (!input || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") { input.value = input.defaultValue; input.dispatchEvent(new Event("input", { bubbles: true })); }
  if (!step) return;
  event.preventDefault();
  const all = fields(input.form);
  const next = all[all.indexOf(input) + step];
  if (next) { next.focus(); next.select(); }
});
document.addEventListener("input", (event) => {
  const pair = document.getElementById(event.target.dataset?.pair ?? "");
  if (pair) pair.value = event.target.value;
  const form = event.target.closest?.("form[data-hours]");
  if (!form) return;
  const elsewhere = Number(form.querySelector("[data-elsewhere]")?.dataset.elsewhere ?? 0);
  const other = form.elements["other-hours"];
  const sum = [...fields(form), other].reduce((total, input) => total + (Number(input?.value) || 0), elsewhere);
  form.querySelector("[data-hours-total]").textContent = sum.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
});
