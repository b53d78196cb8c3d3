/** Values of one name, one for each category or x; null where there is none. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** Takes its place in the stack, and is not drawn. */
  readonly isHidden?: boolean;
  /** Which of the palette's colours, from 0; else by its place. */
  readonly colour?: number;
}

interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Bars, upright or lying, beside each other or stacked. */
export interface BarChart extends Chart {
  readonly categories: readonly string[];
  readonly isHorizontal?: boolean;
  readonly isStacked?: boolean;
  /** Whether each bar says its value. */
  readonly hasValues?: boolean;
  /** The largest value of the axis, so that charts can be held against each other. */
  readonly most?: number;
}

/** Lines over a logarithmic axis, whose values are `xs`. */
export interface LineChart extends Chart {
  readonly xs: readonly number[];
}

/** `--ink`, `--grid` and `--c1` … `--c8`, which every SVG refers to: told apart by the colour-blind as well (after Okabe and Ito). */
export const PALETTE_CSS = `:root, svg { --ink: #222; --grid: #ddd; --paper: #fff; --c1: #0072b2; --c2: #d55e00; --c3: #009e73; --c4: #e69f00;
  --c5: #56b4e9; --c6: #cc79a7; --c7: #555; --c8: #999; }
@media (prefers-color-scheme: dark) { :root, svg { --ink: #ddd; --grid: #444; --paper: #181818; --c1: #4aa3df; --c2: #ff8a3d; --c3: #2bc99a;
  --c4: #f2b632; --c5: #8fd0f5; --c6: #e39cc4; --c7: #bbb; --c8: #888; } }
@media print { :root, svg { --ink: #000; --grid: #ccc; --paper: #fff; --c1: #0072b2; --c2: #d55e00; --c3: #009e73; --c4: #e69f00; --c5: #56b4e9;
  --c6: #cc79a7; --c7: #555; --c8: #999; } }`;
export const COLOURS = 8;
