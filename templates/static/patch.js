// Makes an element like its newer version, child by child; what is open stays open, what is typed stays typed.

export function patch(old, fresh) {
  if (!old || !fresh || same(old, fresh)) return;
  if (old.hasAttribute("data-keyed") || keyed(old)) return patchChildren(old, fresh);
  replace(old, fresh);
}

// An element of which every child has an id is taken apart rather than exchanged.
function keyed(element) {
  return element.children.length > 0 && [...element.children].every((child) => child.id || keyed(child));
}

function patchChildren(old, fresh) {
  const known = new Map([...old.children].map((child) => [child.id, child]));
  let place = old.firstElementChild;
  for (const wanted of [...fresh.children]) {
    const mine = (wanted.id && known.get(wanted.id)) || (!wanted.id && place && !place.id ? place : null);
    if (!mine) {
      old.insertBefore(document.importNode(wanted, true), place);
      continue;
    }
    known.delete(mine.id);
    if (mine === place) place = place.nextElementSibling;
    else old.insertBefore(mine, place);
    patch(mine, wanted);
  }
  for (const gone of known.values()) if (gone.id) gone.remove();
}

function replace(old, fresh) {
  if (dirty(old)) return;
  const open = [...old.querySelectorAll("details[open][id]")].map((each) => each.id);
  const texts = [...old.querySelectorAll(".excerpt[id]")].filter((each) => each.childElementCount > 1);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const saved = old.querySelector("form[data-saved][data-words]")?.closest("details")?.id;
  const next = document.importNode(fresh, true);
  next.classList.toggle("is-current", old.classList.contains("is-current"));
  old.replaceWith(next);
  for (const id of open) if (id !== saved) next.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  for (const text of texts) next.querySelector(`#${CSS.escape(text.id)}`)?.replaceChildren(...text.childNodes);
  if (focused) (next.querySelector(`[data-key="${focused.dataset.key}"]:not(:disabled)`) ?? next).focus({ preventScroll: true });
}

/** Whether somebody is typing here: a text that is neither as it came nor the one just saved. */
function dirty(element) {
  return [...element.querySelectorAll("textarea, input:not([type=hidden])")].some(
    (field) => field.form && !field.form.hasAttribute("data-saved") && field.value !== field.defaultValue,
  );
}

// Compared without what only this page knows: what is open, what is current, how a text is counted.
function same(old, fresh) {
  return stripped(old) === stripped(fresh);
}

function stripped(element) {
  const copy = element.cloneNode(true);
  for (const each of copy.querySelectorAll("details")) each.removeAttribute("open");
  for (const each of copy.querySelectorAll(".count")) each.remove();
  for (const each of [copy, ...copy.querySelectorAll("*")]) {
    each.classList.remove("is-current");
    if (!each.classList.length) each.removeAttribute("class");
    each.removeAttribute("aria-busy");
    each.removeAttribute("data-saved");
  }
  return copy.outerHTML;
}
