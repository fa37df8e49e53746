// Walking the lineage graph: a resource that is chosen is gone to. The lists beside it are links.
"use strict";

document.addEventListener("chart:drawn", (event) => {
  if (!event.target.matches("[data-lineage]")) return;
  event.detail.on("click", (chosen) => {
    if (chosen.dataType === "node" && chosen.data.url) window.location.assign(chosen.data.url);
  });
});
