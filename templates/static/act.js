// Posts a decision and puts what has changed into the page, without losing the place or what is being typed.
import { patch } from "./patch.js";

const PARTS = ["head", "said", "steps", "queue", "edition", "bar"];
let waiting = Promise.resolve();

/** One after the other: each decision is made on the version that the one before it left. */
export function act(form, submitter) {
  waiting = waiting.then(() => post(form, submitter)).catch(() => form.submit());
  return waiting;
}

async function post(form, submitter) {
  const live = form.isConnected ? form : twin(form);
  if (!live) return;
  const body = new URLSearchParams(new FormData(live, submitter?.isConnected ? submitter : null));
  const to = submitter?.getAttribute("formaction") || live.getAttribute("action");
  live.setAttribute("aria-busy", "true");
  let answer;
  try {
    answer = await fetch(to, { method: "POST", body, headers: { "X-Masthead": "fragment" } });
  } finally {
    live.removeAttribute("aria-busy");
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok) return show(page);
  if (!page.getElementById("edition")) return location.reload(); // no draft any more
  live.setAttribute("data-saved", "");
  for (const id of PARTS) patch(document.getElementById(id), page.getElementById(id));
  document.dispatchEvent(new CustomEvent("desk:changed"));
}

/** The form that stands in the page now for one that was replaced while another decision was under way. */
function twin(form) {
  const key = (each) => [...new FormData(each)].filter(([name]) => !["csrf", "version"].includes(name)).join("&");
  const place = document.getElementById(form.closest("[id]")?.id);
  const alike = [...(place?.querySelectorAll("form") ?? [])].filter(
    (each) => each.getAttribute("action") === form.getAttribute("action"),
  );
  return alike.find((each) => key(each) === key(form)) ?? (alike.length === 1 ? alike[0] : null);
}

/** A conflict or a refusal, over the page: its forms are plain ones. */
function show(page) {
  const dialog = document.createElement("dialog");
  dialog.className = "answer";
  const close = document.createElement("button");
  close.className = "quiet";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(...page.querySelector("main").childNodes, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
