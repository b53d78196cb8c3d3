import type { Test } from 'tap';
import { NetnsdClient } from '../../../src/client/index.js';
import { type Served, serveApi } from '../api/serve.js';

export async function open(
  t: Test,
  options: Parameters<typeof serveApi>[1] = {},
): Promise<Served & { client: NetnsdClient; path: string }> {
  const served = await serveApi(t, options);
  const client = new NetnsdClient({ socketPath: served.path, timeoutMs: 60_000 });
  t.teardown(() => client.close());
  return { ...served, client };
}
