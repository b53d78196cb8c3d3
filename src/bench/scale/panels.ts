import { loadPlots } from '../plots/load.js';

/** One small chart: lines over the number of endpoints. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
}

const SIZE = { widthPx: 470, heightPx: 240 };

/** Charts in two columns, the number of endpoints on a logarithmic axis, as a complete SVG document. */
export async function panelsSvg(panels: readonly Panel[]): Promise<string> {
  const { drawLines, inColumns } = await loadPlots();
  const drawn = panels.map(({ title, unit, lines }) =>
    drawLines({
      ...SIZE,
      title,
      unit,
      xs: lines[0]?.points.map(([x]) => x) ?? [],
      series: lines.map(({ name, points }) => ({ name, values: points.map(([, y]) => y) })),
    }),
  );
  return inColumns(drawn, SIZE);
}
