// Draws every [data-chart]: an ECharts option as JSON. The table beside it says the same in text.
// Tooltips are drawn on the canvas ("richText"): as HTML they would need inline styles, which the
// pages' policy forbids.
"use strict";

(() => {
  const COLOURS = ["#0b4f6c", "#c2571a", "#1a6b3c", "#7b3f98", "#8a5300", "#a3202a", "#4a5a68"];
  const drawn = new Map();

  function draw(place) {
    if (drawn.has(place)) return;
    const option = JSON.parse(place.dataset.chart);
    const chart = window.echarts.init(place, null, { renderer: place.dataset.renderer || "canvas" });
    chart.setOption({
      color: COLOURS,
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      ...option,
      tooltip: { trigger: "item", ...(option.tooltip || {}), renderMode: "richText", confine: true },
    });
    drawn.set(place, chart);
    place.dispatchEvent(new CustomEvent("chart:drawn", { bubbles: true, detail: chart }));
  }

  function drawAll(within) {
    for (const [place, chart] of drawn) {
      if (!place.isConnected) { chart.dispose(); drawn.delete(place); }
    }
    within.querySelectorAll("[data-chart]").forEach(draw);
    if (within.matches?.("[data-chart]")) draw(within);
  }

  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => drawAll(event.target));
  window.addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
  window.addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize()));
})();
