import { closeSync, openSync } from 'node:fs';
import { execaSync } from 'execa';
import type { Test } from 'tap';
import { buildEndpoints } from '../../src/endpoint/build/build.js';
import { destroyEndpoints } from '../../src/endpoint/build/destroy.js';
import type { Host } from '../../src/endpoint/host.js';
import type { Hub } from '../../src/endpoint/hub/hub.js';
import { type EndpointPlan, planEndpoint } from '../../src/endpoint/plan.js';
import { endpointName, type FakeHost, fakeHost, ip, openNetwork, SETTINGS } from './fake-host.js';

export interface SeenLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly address: string;
  readonly mtu: number;
  readonly master?: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
}

export interface Scene {
  readonly fake: FakeHost;
  readonly host: Host;
  readonly hub: Hub;
  readonly plan: EndpointPlan;
  readonly target: Target;
  /** Nothing of the endpoint is left once it is destroyed, as its release does. */
  released(): Promise<void>;
}

/** A namespace that plays the one which a runtime made. */
export interface Target {
  readonly path: string;
  readonly fd: number;
  links(): SeenLink[];
  remove(): void;
}
let count = 0;

export function makeTarget(t: Test): Target {
  const name = `target-${process.pid}-${count++}`;
  execaSync('ip', ['netns', 'add', name]);
  const path = `/run/netns/${name}`;
  const fd = openSync(path, 'r');
  let present = true;
  const remove = (): void => {
    if (!present) return;
    present = false;
    closeSync(fd);
    execaSync('ip', ['netns', 'delete', name]);
  };
  t.teardown(remove);
  return { path, fd, links: () => ip(path, '-j', 'address') as SeenLink[], remove };
}

/** One endpoint, and a target for it. */
export async function scene(t: Test, settings = SETTINGS): Promise<Scene> {
  const fake = fakeHost(t);
  const { host, network } = await openNetwork(t, fake, settings);
  const plan = planEndpoint(fake.site, settings, endpointName(3));
  const port = network.attach(plan.name.id);
  const { hub } = port;
  const [outcome] = buildEndpoints({ host, targets: [{ plan, port }] });
  if (outcome?.ok !== true) throw outcome?.error ?? new Error('no endpoint was built');
  const released = async (): Promise<void> => {
    const [gone] = await destroyEndpoints({ host, site: fake.site, names: [plan.name], hubOf: () => hub });
    t.ok(gone?.ok, 'the endpoint goes');
    t.same(endpointLinks(fake), [], 'its link is gone');
    t.same(fake.inVault().mounts, [], 'its mount is gone');
  };
  return { fake, host, hub, plan, target: makeTarget(t), released };
}

export function endpointLinks(fake: FakeHost): string[] {
  const links = fake.inHub('-j', 'link') as SeenLink[];
  return links.map(({ ifname }) => ifname).filter((name) => name.startsWith('nd'));
}
