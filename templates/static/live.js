// The receipt fills in while letters leave. Without scripts, loading the page again does the same.

export function keepLive() {
  const region = document.querySelector("[data-live]");
  if (region) later(region);
}

function later(region) {
  setTimeout(() => look(region), Number(region.dataset.every) || 2000);
}

async function look(region) {
  if (document.hidden || region.querySelector("details[open]") || region.contains(document.activeElement)) return later(region);
  try {
    const answer = await fetch(region.dataset.live);
    if (answer.redirected || answer.status === 403) return location.reload(); // signed out meanwhile
    if (!answer.ok) return later(region);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("standing");
    if (!fresh) return location.reload();
    if (fresh.outerHTML === region.outerHTML) return later(region);
    const next = document.importNode(fresh, true);
    region.replaceWith(next);
    if (next.dataset.live) later(next);
  } catch {
    later(region); // the server is away for a moment
  }
}
