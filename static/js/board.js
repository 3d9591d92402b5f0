// Dragging a card presses the button on it that moves it there. The board works without it.
let dragged = null;
const lane = (event) => (dragged ? event.target.closest?.("[data-lane]") : null);
const clear = () => document.querySelectorAll(".lane.is-over").forEach((node) => node.classList.remove("is-over"));
document.addEventListener("dragstart", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card) return;
  dragged = card;
  card.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.id);
});
document.addEventListener("dragover", (event) => {
  const over = lane(event);
  if (!over) return;
  event.preventDefault();
  if (!over.classList.contains("is-over")) { clear(); over.classList.add("is-over"); }
});
document.addEventListener("drop", (event) => {
  const over = lane(event);
  if (!over) return;
  event.preventDefault();
  dragged.querySelector(`button[value="${over.dataset.lane}"]`)?.click();
});
document.addEventListener("dragend", () => { dragged?.classList.remove("is-dragged"); dragged = null; clear(); });
