import type { Test } from 'tap';
import { buildEndpoints } from '../../src/endpoint/build/build.js';
import type { BuildTarget } from '../../src/endpoint/build/endpoint-build.js';
import { planEndpoint } from '../../src/endpoint/plan.js';
import { endpointName, type FakeHost, openNetwork, SETTINGS } from './fake-host.js';

export async function built(t: Test, fake: FakeHost, seqs: number[], settings = SETTINGS) {
  const opened = await openNetwork(t, fake, settings);
  const { host, network } = opened;
  const targets: BuildTarget[] = [];
  for (const seq of seqs) {
    const name = endpointName(seq);
    targets.push({ plan: planEndpoint(fake.site, settings, name), port: await network.attach(name.id) });
  }
  const outcomes = buildEndpoints({ host, targets });
  return { ...opened, targets, outcomes };
}
