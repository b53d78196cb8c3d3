import { pathToFileURL } from 'node:url';
import { packagePath } from '../../version.js';

type Plots = typeof import('./draw.js');

/** What draws: bundled with its library, which is installed only where netnsd is built (`native-scripts/bundle.mjs`). */
export async function loadPlots(): Promise<Plots> {
  return (await import(pathToFileURL(packagePath('dist/bundle/plots.mjs')).href)) as Plots;
}
