// The matrix: what a bubble says appears at once, by mouse, finger and keyboard; arrow keys lead to
// the nearest one. The page works without it: each bubble is a link with a title.
const tip = document.createElement("div");
tip.className = "tip";
tip.setAttribute("role", "tooltip");
tip.hidden = true;
document.body.append(tip);
let touched = null;

for (const link of document.querySelectorAll(".pic-bubble")) {
  const title = link.querySelector("title");
  if (!title) continue;
  link.setAttribute("aria-label", title.textContent); // instead of the browser's own slow tip
  title.remove();
}
const bubbleOf = (node) => node.closest?.(".pic-bubble");
function show(link) {
  const box = (link.querySelector(".pic-edge, .pic-cluster") ?? link).getBoundingClientRect();
  tip.textContent = link.getAttribute("aria-label");
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(Math.max(4, box.left + box.width / 2 - width / 2), document.documentElement.clientWidth - width - 4);
  const above = box.top - height - 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${above < 4 ? box.bottom + 6 : above}px`;
}
function hide() { tip.hidden = true; touched = null; }

document.addEventListener("pointerover", (event) => { const link = bubbleOf(event.target); if (link && event.pointerType === "mouse") show(link); });
document.addEventListener("pointerout", (event) => { if (bubbleOf(event.target) && event.pointerType === "mouse") tip.hidden = true; });
document.addEventListener("focusin", (event) => { const link = bubbleOf(event.target); if (link) show(link); else hide(); });
document.addEventListener("focusout", (event) => { if (bubbleOf(event.target)) tip.hidden = true; });
document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true, capture: true });
// A finger: the first touch tells, the second opens.
document.addEventListener("click", (event) => {
  const link = bubbleOf(event.target);
  if (!link) { hide(); return; }
  if (event.pointerType !== "touch" || touched === link) return;
  event.preventDefault();
  show(link);
  touched = link;
});

const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const middle = (link) => { const box = link.getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2]; };
document.addEventListener("keydown", (event) => {
  const link = bubbleOf(event.target);
  if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { hide(); return; }
  const way = ways[event.key];
  if (!way) return;
  event.preventDefault();
  const [x, y] = middle(link);
  let best = null;
  let least = Infinity;
  for (const other of link.closest("svg").querySelectorAll(".pic-bubble")) {
    if (other === link) continue;
    const [ox, oy] = middle(other);
    const along = (ox - x) * way[0] + (oy - y) * way[1];
    if (along <= 0.5) continue;
    const aside = Math.abs((ox - x) * way[1]) + Math.abs((oy - y) * way[0]);
    const cost = along + 2 * aside;
    if (cost < least) { least = cost; best = other; }
  }
  best?.focus();
});
