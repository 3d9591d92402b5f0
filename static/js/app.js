// What HTML and htmx cannot do alone. Everything here adds to pages that also work without it.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, handler, target = document) => target.addEventListener(type, handler);
const root = document.documentElement;
const words = Object.fromEntries($$("[data-k]", $("#ui-text")?.content ?? document).map((node) => [node.dataset.k, node.textContent]));

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// ---- Toasts -------------------------------------------------------------------------------------
function toast(text, kind = "info", action) {
  const close = element("button", { type: "button", class: "btn btn--quiet btn--small btn--icon", "data-dismiss": "", "aria-label": words.dismiss }, "×");
  const node = element("div", { class: `toast toast--${kind}`, ...(kind === "bad" && { role: "alert" }) }, element("div", {}, text));
  if (action) {
    const button = element("button", { type: "button", class: "btn btn--small" }, action.label);
    on("click", () => { node.remove(); action.run(); }, button);
    node.append(button);
  }
  node.append(close);
  const same = $$(".toast", $("#toasts")).find((old) => old.firstChild.textContent === text);
  same?.remove();
  $("#toasts")?.append(node);
  if (kind === "good" || kind === "info") fade(node);
}
const fade = (node) => setTimeout(() => (node.matches(":hover, :focus-within") ? fade(node) : node.remove()), 8000);
on("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.kind));
$$(".toast--good, .toast--info").forEach(fade);

// ---- Search palette -----------------------------------------------------------------------------
const palette = $("#palette");
const field = palette && $("input", palette);
const hits = () => $$("a", $("#palette-results"));
let before = null;

function openPalette() {
  if (palette.open) return;
  before = document.activeElement;
  palette.showModal();
  field.select();
}
function choose(index) {
  const all = hits();
  const at = all.length ? (index + all.length) % all.length : -1;
  all.forEach((hit, i) => hit.setAttribute("aria-selected", String(i === at)));
  if (at < 0) return field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-activedescendant", all[at].id);
  all[at].scrollIntoView({ block: "nearest" });
}
if (palette) {
  if (/Mac|iP(hone|ad)/.test(navigator.platform)) $$("[data-mod-k]").forEach((key) => (key.textContent = "⌘ K"));
  on("close", () => before?.focus?.(), palette);
  on("click", (event) => event.target === palette && palette.close(), palette);
  on("htmx:afterSwap", () => {
    const list = $("#palette-results");
    $$("h3, ul, li", list).forEach((node) => node.setAttribute("role", "presentation"));
    hits().forEach((hit, i) => { hit.id = `hit-${i}`; hit.tabIndex = -1; hit.setAttribute("role", "option"); });
    field.setAttribute("aria-expanded", String(hits().length > 0));
    choose(0);
  }, palette);
  on("keydown", (event) => {
    const all = hits();
    const at = all.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && at >= 0 && !event.isComposing) {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) window.open(all[at].href, "_blank", "noopener");
      else all[at].click();
    }
  }, field);
}

// ---- Keys ---------------------------------------------------------------------------------------
const typing = (node) => node.closest?.("input, textarea, select, [contenteditable]");
on("keydown", (event) => {
  const mod = event.ctrlKey || event.metaKey;
  if (palette && mod && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
  } else if (mod && event.key === "Enter") {
    const form = event.target.closest("form[method=post], form[hx-post]");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "Escape" && !event.isComposing) {
    const cancel = $("[data-cancel]", event.target.closest("form[data-inplace]") ?? element("i"));
    if (cancel) { event.preventDefault(); cancel.click(); }
  } else if (!mod && !event.altKey && event.key.length === 1 && root.dataset.hotkeys !== "off" && !typing(event.target) && !$("dialog[open]")) {
    const target = $(`[data-hotkey="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, select, textarea")) target.focus();
    else target.click();
  }
});

// ---- Drafts: what was typed survives a lost connection, a new session, a restart -----------------
const PREFIX = `kam:draft:${document.body.dataset.user}:`;
const KEEP = 14 * 864e5;
const REFUSED = ".notice--bad, .field-error, [aria-invalid=true]";
const draftKey = (form) => PREFIX + (form.dataset.draft || location.pathname + "#" + (form.id || form.getAttribute("action")));
const keepable = (input) => input.name && !input.disabled && !/^(hidden|password|file|submit|button)$/.test(input.type) && input.autocomplete !== "one-time-code" && !input.closest("[data-no-draft]");
const read = (input) => (input.type === "checkbox" || input.type === "radio" ? [input.value, input.checked] : input.multiple ? [...input.selectedOptions].map((o) => o.value) : input.value);
function write(input, value) {
  if (Array.isArray(value) && typeof value[1] === "boolean") { if (input.value === value[0]) input.checked = value[1]; }
  else if (input.multiple) [...input.options].forEach((o) => (o.selected = value.includes(o.value)));
  else input.value = value;
}
let leaving = false; // a reload that the reader asked for
const forms = new WeakMap(); // form → { touched: Set of names, sent: Set, timer }
const state = (form) => forms.get(form) ?? forms.set(form, { touched: new Set(), sent: new Set() }).get(form);
const store = { // a full or forbidden localStorage must never stop the work
  get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* no draft then */ } },
  drop: (key) => { try { localStorage.removeItem(key); } catch { /* nothing to drop */ } },
  keys: () => { try { return Object.keys(localStorage).filter((key) => key.startsWith("kam:draft:")); } catch { return []; } },
};
function keepDraft(form) {
  const names = new Set([...state(form).touched, ...state(form).sent]);
  const fields = [...form.elements].filter((input) => keepable(input) && names.has(input.name)).map((input) => [input.name, read(input)]);
  if (document.body.dataset.user && fields.length) store.set(draftKey(form), { at: Date.now(), version: form.elements.version?.value, fields });
}
function offerDraft(form) {
  const key = draftKey(form);
  const draft = store.get(key);
  if (!draft) return;
  const inputs = [...form.elements].filter(keepable);
  const differs = draft.fields.filter(([name, value]) => inputs.some((input) => input.name === name && (!Array.isArray(value) || typeof value[1] !== "boolean" || input.value === value[0]) && JSON.stringify(read(input)) !== JSON.stringify(value)));
  if (!differs.length) return form.querySelector(REFUSED) ? null : store.drop(key); // what was refused stands there and is saved nowhere
  const restore = element("button", { type: "button", class: "btn btn--small btn--primary" }, words.restore);
  const discard = element("button", { type: "button", class: "btn btn--small" }, words.discard);
  const when = new Date(draft.at).toLocaleString(root.lang === "en" ? "en-GB" : root.lang, { dateStyle: "medium", timeStyle: "short" });
  const shown = differs.map(([, value]) => (Array.isArray(value) ? (typeof value[1] === "boolean" ? (value[1] ? "☑" : "☐") : value.join(", ")) : value)).join(" · ").slice(0, 120);
  const note = element("div", { class: "notice notice--warn wide", role: "status" }, element("span"), element("div", {}, `${words.draft} ${shown} (${when})`), element("div", { class: "actions" }, restore, discard));
  on("click", () => {
    note.remove();
    // Saved again from the version it was typed on, so that a change by others shows as a conflict.
    if (draft.version && form.elements.version) form.elements.version.value = draft.version;
    differs.forEach(([name, value]) => inputs.filter((input) => input.name === name).forEach((input) => write(input, value)));
    differs.forEach(([name]) => inputs.find((input) => input.name === name).dispatchEvent(new Event("input", { bubbles: true })));
    inputs.find((input) => input.name === differs[0][0]).focus();
  }, restore);
  on("click", () => { note.remove(); store.drop(key); }, discard);
  form.prepend(note);
}
const drafted = "form[data-autosave], form[data-draft], form.form[method=post]:not([data-no-draft])";
// Texts that are closed: a draft that was kept of one is offered where the text stands.
function offerClosed(part) {
  if (!document.body.dataset.user) return;
  for (const place of [...(part.matches?.(".inplace[id]") ? [part] : []), ...$$(".inplace[id]", part)]) {
    const draft = store.get(PREFIX + place.id);
    const edit = draft && $(".inplace-edit", place);
    if (!edit || place.querySelector("form[data-draft]") || place.nextElementSibling?.matches("[data-kept]")) continue;
    const when = new Date(draft.at).toLocaleString(root.lang === "en" ? "en-GB" : root.lang, { dateStyle: "medium", timeStyle: "short" });
    const open = element("button", { type: "button", class: "btn btn--small btn--primary" }, words.open_draft);
    const discard = element("button", { type: "button", class: "btn btn--small" }, words.discard);
    const note = element("div", { class: "notice notice--warn", role: "status", "data-kept": "" }, element("span"), element("div", {}, `${words.draft} ${when}`), element("div", { class: "actions" }, open, discard));
    on("click", () => { note.remove(); edit.click(); }, open);
    on("click", () => { note.remove(); store.drop(PREFIX + place.id); }, discard);
    place.after(note);
  }
}
function start(part) {
  const inside = [...(part.matches?.(drafted) ? [part] : []), ...$$(drafted, part)];
  inside.forEach(offerDraft);
  inside.forEach((form) => { const note = form.closest(".inplace")?.nextElementSibling; if (note?.matches("[data-kept]")) note.remove(); });
  offerClosed(part);
  if (part === document) {
    const known = new Set(inside);
    $$("form[method=post]").filter((form) => !known.has(form) && store.get(draftKey(form))).forEach(offerDraft);
  }
  $$("[data-select]", part).forEach(count);
}
// A form that was sent has been accepted if the answer has good news or led on to another page; not if it led here by way of
// signing in, for then the session was over. While others' values and one's own are chosen from, that is open.
const [arrival] = performance.getEntriesByType("navigation");
const signedIn = document.referrer.startsWith(`${location.origin}/sign-in/`);
const accepted = !signedIn && ($(".toast--good") || arrival?.redirectCount > 0);
store.keys().forEach((key) => {
  const draft = store.get(key);
  if (!(draft?.at > Date.now() - KEEP) || (draft.sent && accepted)) store.drop(key);
  else if (draft.sent && !$("[data-conflict-form]")) store.set(key, { ...draft, sent: false });
});
on("submit", (event) => { if (event.target.matches("[data-forget-drafts]")) store.keys().forEach(store.drop); });

// ---- Saving -------------------------------------------------------------------------------------
function show(form, is, text = words[is]) {
  const node = $("[data-save-state]", form);
  if (!node) return;
  node.dataset.is = is;
  node.textContent = text;
}
function changed(event) {
  const form = event.target.form;
  if (!form?.matches(drafted) || !keepable(event.target)) return;
  const at = state(form);
  at.touched.add(event.target.name);
  keepDraft(form);
  if (form.matches("[data-autosave]")) {
    show(form, "unsaved");
    clearTimeout(at.timer);
    at.timer = setTimeout(() => save(form), 700);
  }
}
function save(form) {
  const at = state(form);
  clearTimeout(at.timer);
  if (at.busy || at.refused || !at.touched.size || !form.isConnected) return;
  if (!form.checkValidity()) return show(form, "error", words.invalid);
  window.htmx?.trigger(form, "autosave");
}
on("input", changed);
on("change", changed);
on("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-autosave][hx-trigger=autosave]")) { event.preventDefault(); save(form); } // Enter in a field
  else if (form.matches(drafted) && !form.hasAttribute("hx-post")) {
    const draft = store.get(draftKey(form));
    if (draft) store.set(draftKey(form), { ...draft, sent: true });
    state(form).leaving = true;
  }
});
const formOf = (event) => event.detail.elt?.closest?.("form");

on("htmx:configRequest", (event) => {
  const form = event.detail.elt;
  if (!form.matches?.("form[data-autosave]") || event.detail.verb === "get") return;
  const at = state(form);
  at.sent = new Set(at.touched);
  at.touched.clear();
  const data = event.detail.formData;
  const hidden = new Set([...form.elements].filter((input) => input.type === "hidden").map((input) => input.name));
  for (const name of new Set(data.keys())) if (!at.sent.has(name) && !hidden.has(name)) data.delete(name);
  data.set("_touched", [...at.sent].join(","));
});
on("htmx:beforeRequest", (event) => {
  const form = formOf(event);
  if (form && event.detail.requestConfig.verb !== "get") {
    state(form).busy = true;
    show(form, "saving");
  }
});
on("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  const form = requestConfig.elt.closest("form");
  if (xhr.status === 409 && form?.matches("[data-autosave]")) {
    const place = $("[data-conflict]", form.parentElement);
    if (place) { event.detail.shouldSwap = true; event.detail.target = place; event.detail.swapOverride = "innerHTML"; }
  }
});
on("htmx:afterRequest", (event) => {
  const { xhr, requestConfig } = event.detail;
  const successful = xhr.status >= 200 && xhr.status < 400; // 409 and 422 are swapped, but they are no success
  const form = requestConfig?.elt.closest?.("form");
  const writes = requestConfig?.verb !== "get";
  if (form && writes) {
    const at = state(form);
    at.busy = false;
    if (successful) {
      const version = xhr.getResponseHeader("X-Row-Version");
      if (version && form.elements.version) form.elements.version.value = version;
      at.sent.clear();
      at.wait = undefined;
      if (!form.matches("[data-autosave]")) at.touched.clear();
      $$(".toast[role=alert]").forEach((old) => old.remove());
      if (at.touched.size) { keepDraft(form); save(form); } else {
        store.drop(draftKey(form));
        show(form, "saved", `${words.saved} ${new Date().toLocaleTimeString(root.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`);
      }
      if (form.matches("[data-conflict-form]") && form.closest("[data-conflict]")) settled(form);
    } else {
      at.sent.forEach((name) => at.touched.add(name));
      at.sent.clear();
      if (xhr.status === 409) at.refused = values(form, at.touched);
      if (form.matches("[data-autosave]") && (xhr.status === 0 || xhr.status >= 502)) at.timer = setTimeout(() => save(form), Math.min(30000, (at.wait = (at.wait ?? 1500) * 2)));
      show(form, "error", xhr.status === 409 ? words.conflict : xhr.status === 422 ? words.invalid : words.not_saved);
    }
  }
  if (!successful && ![409, 422].includes(xhr.status)) failed(event.detail.elt, xhr.status, form, writes);
});
const values = (form, names) => Object.fromEntries([...names].map((name) => [name, JSON.stringify([...form.elements].filter((input) => input.name === name).map(read))]));
function settled(conflict) {
  // The page shows what others saved only after it is read again; what was typed since stays as a draft.
  const form = $("form[data-autosave]", conflict.closest("[data-conflict]").parentElement);
  if (form) {
    const at = state(form);
    const now = values(form, at.touched);
    Object.entries(at.refused ?? {}).forEach(([name, value]) => value === now[name] && at.touched.delete(name));
    store.drop(draftKey(form));
    keepDraft(form);
  }
  leaving = true;
  location.reload();
}

// ---- What goes wrong ----------------------------------------------------------------------------
function failed(source, status, form, writes) {
  const again = { label: words.retry, run: () => (form?.matches("[data-autosave]") ? save(form) : form && writes ? form.requestSubmit() : window.htmx.trigger(source, "retry")) };
  const part = source.closest?.("[data-panel]");
  if (part === source && part) {
    const button = element("button", { type: "button", class: "btn btn--small" }, words.retry);
    on("click", () => window.htmx.trigger(part, "retry"), button);
    part.replaceChildren(element("div", { class: "empty", role: "alert" }, element("p", {}, words.panel), element("div", { class: "actions" }, button)));
    return;
  }
  if (source.closest?.("[data-quiet]") || (source.closest?.(".progress") && !writes)) return; // the next poll tries again
  if (form && writes && status !== 404 && !form.matches("[data-autosave]")) { [...form.elements].filter(keepable).forEach((input) => state(form).touched.add(input.name)); keepDraft(form); }
  const retryable = { run: again.run, label: again.label };
  if (status === 0) toast(words.offline, "bad", retryable);
  else if (status === 401 || status === 403) toast(writes ? words.session : words.denied, "bad", { label: words.reload, run: () => { leaving = true; location.reload(); } });
  else if (status === 404) toast(words.missing, "warn");
  else if (status === 429) toast(words.busy, "warn");
  else toast(words.server, "bad", retryable);
}
// Without a connection: said as long as it lasts; what is not saved is sent when it is back.
function connection() {
  const away = navigator.onLine === false;
  const note = $("#offline");
  if (away && !note) document.body.append(element("div", { id: "offline", class: "offline", role: "status" }, words.offline));
  if (!away) note?.remove();
}
on("offline", connection, window);
on("online", () => { connection(); $$("form[data-autosave]").forEach(save); }, window);
connection();
on("beforeunload", (event) => {
  const open = $$(drafted).some((form) => !state(form).leaving && (state(form).touched.size || state(form).busy));
  if (open && !leaving) event.preventDefault();
}, window);

// ---- Rows, copying, theme, dismissing ------------------------------------------------------------
const boxes = (table) => $$("tbody input[type=checkbox][name]", table);
function count(table) {
  const all = boxes(table);
  const chosen = all.filter((box) => box.checked);
  all.forEach((box) => box.closest("tr")?.setAttribute("aria-selected", String(box.checked)));
  const head = $("[data-select-all]", table);
  if (head) { head.checked = all.length > 0 && chosen.length === all.length; head.indeterminate = chosen.length > 0 && !head.checked; }
  const bar = document.getElementById(all[0]?.getAttribute("form")) ?? $("[data-bulkbar]", table.closest("section, main, form"));
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  $$("[data-count]", bar).forEach((node) => (node.textContent = chosen.length));
}
let last = null;
on("click", async (event) => {
  const box = event.target.closest("[data-select] tbody input[type=checkbox][name]");
  if (box) {
    const all = boxes(box.closest("[data-select]"));
    if (event.shiftKey && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((other) => (other.checked = box.checked));
    }
    last = box;
    return count(box.closest("[data-select]"));
  }
  const pick = event.target.closest("[data-select-all]");
  if (pick) {
    const table = pick.closest("[data-select]");
    boxes(table).forEach((other) => (other.checked = pick.checked));
    return count(table);
  }
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) return dismiss.closest(".toast, .notice")?.remove();
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    event.preventDefault();
    await navigator.clipboard?.writeText(copy.dataset.copy || location.href);
    return toast(words.copied, "good");
  }
  if (palette && event.target.closest("[data-palette-open]") && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    return openPalette();
  }
  $$("details.drop[open]").forEach((drop) => drop.contains(event.target) || (drop.open = false));
});
on("keydown", (event) => {
  if (event.key !== "Escape") return;
  const drop = event.target.closest("details.drop[open]");
  if (drop) { drop.open = false; $("summary", drop).focus(); }
});
on("change", (event) => event.target.matches("[data-submit]") && event.target.form.requestSubmit());
on("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-theme-form]") || !event.submitter) return;
  event.preventDefault();
  const data = new FormData(form, event.submitter);
  root.dataset.theme = data.get("theme");
  $$("button", form).forEach((button) => button.setAttribute("aria-pressed", String(button === event.submitter)));
  fetch(form.action, { method: "POST", body: data, headers: { "HX-Request": "true" } }).catch(() => toast(words.offline, "bad"));
});
on("htmx:load", (event) => event.detail.elt !== document.body && start(event.detail.elt));
on("htmx:afterSettle", (event) => $("[autofocus]", event.detail.elt)?.focus());
start(document);
