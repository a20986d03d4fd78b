// One hand on the keyboard: j k to move, a letter for each decision, ? for all of them.

const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]");
let current = null; // id
let after = []; // ids that stood behind it: where to go on when it leaves the list

export function listenForKeys() {
  if (!document.querySelector("[data-story]")) return;
  document.addEventListener("keydown", onKey);
  document.addEventListener("desk:changed", goOn);
  document.addEventListener("focusin", (event) => {
    const story = event.target.closest("[data-story]");
    if (story && story.id !== current) mark(story);
  });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") (document.getElementById(current) ?? event.target).focus({ preventScroll: true });
    return;
  }
  const does = { j: () => step(1), k: () => step(-1), g: change, o: open, e: edit, "?": help }[event.key];
  const story = document.getElementById(current);
  const button = !does && /^[a-zA-Z]$/.test(event.key) && story?.querySelector(`button[data-key="${event.key}"]:not(:disabled)`);
  if (!does && !button) return;
  event.preventDefault();
  if (does) does();
  else button.form.requestSubmit(button);
}

const visible = (pane) => [...document.querySelectorAll(`#${pane} [data-story]`)].filter((each) => each.offsetParent);
const paneOf = (story) => story?.closest(".pane")?.id ?? "queue";

function step(by) {
  const now = document.getElementById(current);
  const stories = visible(paneOf(now));
  const at = stories.indexOf(now);
  select(stories[at < 0 ? 0 : Math.min(stories.length - 1, Math.max(0, at + by))]);
}

function change() {
  const other = paneOf(document.getElementById(current)) === "queue" ? "edition" : "queue";
  document.getElementById(`step-${other}`)?.click();
  select(visible(other)[0]);
}

function open() {
  const details = document.getElementById(current)?.querySelector("details");
  if (details) details.open = !details.open;
}

function edit() {
  const details = document.getElementById(current)?.querySelector("details.edit");
  if (!details) return;
  details.open = true;
  const field = details.querySelector("textarea");
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

function help() {
  document.getElementById("keys")?.togglePopover();
}

function select(story) {
  if (!story) return;
  mark(story);
  story.focus({ preventScroll: true });
  story.scrollIntoView({ block: "nearest" });
}

function mark(story) {
  document.querySelector(".is-current")?.classList.remove("is-current");
  story.classList.add("is-current");
  current = story.id;
  const stories = visible(paneOf(story));
  const at = stories.indexOf(story);
  after = [paneOf(story), ...stories.slice(at + 1).map((each) => each.id), ...stories.slice(0, at).reverse().map((each) => each.id)];
}

/** After a decision: stay on the story if it is still in its pane, else go to the next that is. */
function goOn() {
  if (!current) return;
  const [pane, ...ids] = after;
  const here = (id) => visible(pane).find((story) => story.id === id);
  const story = here(current) ?? ids.map(here).find(Boolean);
  if (story) select(story);
  else current = null;
}
