/**
 * The colours of charts, for light and dark pages. The colours of series can be told apart by colour-blind readers
 * (Okabe and Ito).
 */
export interface Theme {
  readonly name: "light" | "dark";
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly background: string;
  readonly good: string;
  readonly bad: string;
  readonly series: readonly string[];
}

export const THEMES: readonly Theme[] = [
  {
    name: "light",
    text: "#1f2328",
    muted: "#59636e",
    grid: "#d1d9e0",
    background: "#ffffff",
    good: "#0a7a4b",
    bad: "#b3420b",
    series: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56768c", "#4a3aa7"],
  },
  {
    name: "dark",
    text: "#e6edf3",
    muted: "#9198a1",
    grid: "#3d444d",
    background: "#0d1117",
    good: "#3fb984",
    bad: "#f0883e",
    series: ["#56b4e9", "#f0883e", "#2fc79b", "#e09cc4", "#e5c648", "#9fb3c2", "#b0a3f5"],
  },
];
