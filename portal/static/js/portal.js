// What every page needs: questions before what cannot be undone, and forms that send when chosen.
"use strict";

document.addEventListener("submit", (event) => {
  const asked = event.submitter?.dataset.confirm || event.target.dataset.confirm;
  if (asked && !window.confirm(asked)) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// Where htmx puts an error it is read out; before the next answer it is gone.
document.addEventListener("htmx:beforeRequest", () => {
  const fault = document.getElementById("fault");
  if (fault) fault.replaceChildren();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
