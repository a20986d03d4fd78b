// The desk's niceties. Every form and link works without them.
import { act } from "./act.js";
import { countCharacters } from "./count.js";
import { listenForKeys } from "./keys.js";
import { keepLive } from "./live.js";

// A sign-in link's page only asks; opening it changes nothing, so the form is posted from here.
document.querySelector("form[data-at-once]")?.requestSubmit();

document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-act]")) {
    event.preventDefault();
    act(event.target, event.submitter);
  }
});

// "Read it whole" opens the text where the excerpt stands.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-inline]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(link.href);
  const text = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-text]");
  const place = document.getElementById(link.dataset.inline);
  if (!answer.ok || !text || !place) return void (location.href = link.href);
  place.replaceChildren(...text.childNodes);
  link.removeAttribute("data-inline");
  link.textContent = "On a page of its own";
});

// Opening a story is told once: what was looked at and left is worth more than what was never seen.
document.addEventListener("toggle", (event) => {
  const form = event.target.open && event.target.querySelector?.(":scope > form.seen");
  if (!form || form.dataset.told) return;
  form.dataset.told = "yes";
  fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => {});
}, true);

countCharacters();
listenForKeys();
keepLive();
