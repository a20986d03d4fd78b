// How long a text is, beside what is good for it; and Return in a one-line text saves it.

export function countCharacters() {
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-good]")) show(event.target);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-good]")) show(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const saves = event.key === "Enter" && (event.target.matches("[data-line]") || event.ctrlKey || event.metaKey);
    if (saves && event.target.matches("textarea") && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });
}

function show(field) {
  let count = field.nextElementSibling;
  if (!count?.classList.contains("count")) {
    count = document.createElement("p");
    count.className = "count";
    field.after(count);
  }
  const good = Number(field.dataset.good);
  const signs = [...field.value].length;
  count.textContent = `${signs} of about ${good}`;
  count.classList.toggle("over", signs > good);
}
