// Adds error bars to charts that have them: [data-errors] holds, by group, its place and the ends of
// its interval. It runs while charts.js draws, so that no chart is ever seen without them.
"use strict";

document.addEventListener("chart:drawn", (event) => {
  const bars = event.target.dataset.errors;
  if (!bars) return;
  const chart = event.detail;
  const caps = 8; // pixels
  chart.setOption({
    series: [
      {},
      {
        type: "custom",
        name: "95 %",
        data: JSON.parse(bars),
        encode: { x: 0, y: [1, 2] },
        z: 100,
        silent: true,
        renderItem: (_params, api) => {
          const low = api.coord([api.value(0), api.value(1)]);
          const high = api.coord([api.value(0), api.value(2)]);
          const style = { stroke: "#1b2733", lineWidth: 1.5, fill: null };
          const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style });
          return {
            type: "group",
            children: [
              line(low[0], low[1], high[0], high[1]),
              line(low[0] - caps / 2, low[1], low[0] + caps / 2, low[1]),
              line(high[0] - caps / 2, high[1], high[0] + caps / 2, high[1]),
            ],
          };
        },
      },
    ],
  });
});
