import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Chart } from "./chart-data.ts";
import type { Theme } from "./themes.ts";

use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer]);

const WIDTH = 860;
const HEIGHT = 380;
const FONT = "system-ui, sans-serif";
/** The least value on a logarithmic axis, which has no zero. */
const LEAST_LOGARITHMIC = 0.01;

/** The chart as one SVG element. `plain`: with a transparent background. */
export function draw(chart: Chart, theme: Theme, plain: boolean): string {
  const drawing = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  try {
    drawing.setOption(optionsOf(chart, theme, plain));
    return drawing.renderToSVGString();
  } finally {
    drawing.dispose();
  }
}

function optionsOf(chart: Chart, theme: Theme, plain: boolean): EChartsCoreOption {
  const single = chart.series.length === 1;
  const text = { color: theme.text, fontFamily: FONT };
  const categoryAxis = {
    type: "category",
    data: chart.categories,
    axisLabel: { ...text, interval: 0 },
    axisLine: { lineStyle: { color: theme.grid } },
    axisTick: { show: false },
    // The first row is on top.
    inverse: single,
  };
  const valueAxis = {
    type: chart.logarithmic ? "log" : "value",
    name: chart.unit,
    nameTextStyle: { ...text, color: theme.muted },
    axisLabel: { ...text, color: theme.muted, formatter: shortNumber },
    splitLine: { lineStyle: { color: theme.grid } },
    ...(chart.logarithmic && { startValue: leastOf(chart), min: leastOf(chart) }),
  };
  return {
    animation: false,
    backgroundColor: plain ? "transparent" : theme.background,
    textStyle: text,
    ...(!single && { legend: { textStyle: text, top: 0, itemGap: 16, selectedMode: false } }),
    grid: {
      left: 16,
      right: 56,
      top: single ? 16 : 56,
      bottom: 16,
      outerBoundsMode: "same",
      outerBoundsContain: "all",
    },
    xAxis: single ? valueAxis : categoryAxis,
    yAxis: single ? categoryAxis : valueAxis,
    series: chart.series.map(({ name, colour, values }) => ({
      name,
      type: chart.kind,
      // No effect when the pointer is over it.
      silent: true,
      color: theme.series[colour % theme.series.length],
      data: values.map((value) => drawn(value, chart)),
      ...(chart.kind === "line" && {
        symbol: SYMBOLS[colour % SYMBOLS.length],
        symbolSize: 8,
        lineStyle: { width: 2 },
      }),
      ...(single && {
        label: {
          ...text,
          show: true,
          position: "right",
          formatter: ({ value }: { value: number }) => value.toFixed(2),
        },
      }),
      ...(chart.mark !== null && {
        markLine: {
          silent: true,
          symbol: "none",
          lineStyle: { color: theme.muted },
          label: { show: false },
          data: [single ? { xAxis: chart.mark } : { yAxis: chart.mark }],
        },
      }),
    })),
  };
}

/** Symbols distinguish the lines for readers who cannot tell the colours apart. */
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "emptyCircle", "emptyRect"] as const;

function drawn(value: number | null, { logarithmic }: Chart): number | null {
  return value !== null && logarithmic ? Math.max(value, LEAST_LOGARITHMIC) : value;
}

/** The power of ten below all values, where bars start. */
function leastOf(chart: Chart): number {
  const values = chart.series.flatMap(({ values }) => values).filter((value) => value !== null);
  return 10 ** Math.floor(Math.log10(Math.max(LEAST_LOGARITHMIC, Math.min(...values))));
}

const THOUSAND = 1000;

function shortNumber(value: number): string {
  return value >= THOUSAND ? `${Math.round(value / THOUSAND)}k` : String(value);
}
