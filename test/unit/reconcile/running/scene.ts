import type { EndpointLink } from '../../../../src/endpoint/build/inventory.js';
import { aliasOf } from '../../../../src/endpoint/identity.js';
import { hostLinkName } from '../../../../src/endpoint/plan.js';
import type { BuiltEndpoint, Found, Survey } from '../../../../src/endpoint/thread/thread-protocol.js';
import type { EndpointName, Site } from '../../../../src/endpoint/types.js';
import type { EndpointRecord } from '../../../../src/pool/index.js';
import { Reconciler } from '../../../../src/reconcile/running/reconciler.js';
import { type Sizes, world } from '../../pool/fakes.js';

export const SITE: Site = { instanceId: 'test', identity: 'boot /test', stateDir: '/run/netnsd', netnsDir: null };

/** Pools over fakes, and a kernel that has all of their endpoints except what the test takes away. */
export async function scene(sizes: Sizes = {}) {
  const made = world({ pools: [{ minReady: 3, ...sizes }] });
  await made.clock.settle();
  const kernel = {
    /** Names of links and paths of mounts that were deleted. */
    missing: new Set<string>(),
    extra: [] as EndpointLink[],
    mounts: [] as [string, number][],
    inside: new Map<number, number[]>(),
    lacking: new Map<string, string>(),
    destroyed: [] as string[],
    repairs: [] as { ids: string[]; fix: boolean }[],
    /** Called after the survey, before the reconciler gets it. */
    meanwhile: async (): Promise<void> => undefined,
    async repair(endpoints: readonly EndpointName[], { fix }: { fix: boolean }) {
      kernel.repairs.push({ ids: endpoints.map(({ id }) => id), fix });
      return [];
    },
    async survey(ready: readonly BuiltEndpoint[]): Promise<Survey> {
      const survey = {
        found: foundOf([...made.endpoints.alive.values()]),
        users: new Map(kernel.inside),
        lacking: ready.map(({ name }) => kernel.lacking.get(name.id) ?? null),
      };
      await kernel.meanwhile();
      return survey;
    },
    async destroy(names: readonly EndpointName[]) {
      kernel.destroyed.push(...names.map(({ id }) => id));
      return names.map(() => ({ ok: true as const, value: undefined }));
    },
  };
  function foundOf(keys: readonly EndpointName[]): Found {
    const links = keys.map(
      ({ id, seq }) => ({ name: hostLinkName(SITE, seq), alias: aliasOf(SITE, id), hub: 'default.0' }) as EndpointLink,
    );
    return {
      links: [...links, ...kernel.extra].filter(({ name }) => !kernel.missing.has(name)),
      uplinks: [],
      hubs: [],
      namespaces: keys
        .map(({ id, seq }) => [id, 4026531840 + seq] as const)
        .filter(([id]) => !kernel.missing.has(id))
        .concat(kernel.mounts as never),
    };
  }
  const now = { ms: 0 };
  const reconciler = new Reconciler({
    site: SITE,
    pools: made.pools,
    kernel,
    times: () => ({ goneAfterMs: 300_000, unusedAfterMs: 3_600_000 }),
    sight: { wholeMachine: true, others: true },
    monotonicMs: () => now.ms,
  });
  const run = async (fix = true) => {
    let ended = false;
    const running = reconciler.run({ fix }).finally(() => {
      ended = true;
    });
    // Queries for the processes inside run when the clock is advanced.
    while (!ended) await made.clock.settle();
    return (await running).findings;
  };
  const record = (state: EndpointRecord['state']) =>
    made.pools.records().find((one) => one.state === state) as EndpointRecord;
  return { ...made, kernel, reconciler, run, record, now };
}
