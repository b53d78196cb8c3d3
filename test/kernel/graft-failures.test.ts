import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { graftEndpoint } from '../../src/endpoint/build/graft.js';
import type { EndpointPlan } from '../../src/endpoint/plan.js';
import { removeNetns } from '../../src/kernel/netns/netns.js';
import { ip } from './fake-host.js';
import { type Scene, scene, type Target } from './graft-scene.js';

/** As a runtime makes a namespace: lo alone, and down. */
function untouched(t: Test, target: Target): void {
  t.same(
    target.links().map(({ ifname, flags, addr_info }) => [ifname, flags.includes('UP'), addr_info]),
    [['lo', false, []]],
    'the target is as it was',
  );
}

interface Failure {
  readonly step: string;
  readonly errno?: string;
  readonly plan?: Partial<EndpointPlan>;
  /** Done to the scene before the graft; what it returns, right after the first looks were sent. */
  readonly spoil?: (scene: Scene) => unknown;
}

function unmount({ host, plan }: Scene): void {
  host.vault.within(() => removeNetns(host.vault.mountPoint(plan.name.id)));
}

const FAILURES: Record<string, Failure> = {
  'the endpoint is not mounted': {
    step: 'pooled namespace',
    errno: 'ENOENT',
    spoil: unmount,
  },
  'something else is in its place': {
    step: 'pooled namespace',
    errno: 'EINVAL',
    spoil: (scene) => {
      unmount(scene);
      writeFileSync(scene.fake.pathOf(scene.plan.name.id), '');
    },
  },
  'the endpoint has lost its interface': {
    step: 'read',
    spoil: ({ fake, plan }) => void ip(fake.pathOf(plan.name.id), 'link', 'delete', 'eth0'),
  },
  'the interface has another MAC': {
    step: 'read',
    spoil: ({ fake, plan }) =>
      void ip(fake.pathOf(plan.name.id), 'link', 'set', 'eth0', 'address', '02:00:00:00:00:01'),
  },
  'the interface is one that cannot be moved': {
    step: 'move',
    errno: 'EINVAL',
    spoil: ({ fake, plan }) => {
      ip(fake.pathOf(plan.name.id), 'link', 'delete', 'eth0');
      const mac = plan.containerMac.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
      ip(fake.pathOf(plan.name.id), 'link', 'add', 'eth0', 'address', mac, 'type', 'bridge');
    },
  },
  'the address cannot be': { step: 'address', errno: 'EINVAL', plan: { prefixLength: 77 } },
  'the gateway is not reachable': { step: 'route', errno: 'ENETUNREACH', plan: { gateway: [192, 0, 2, 1] } },
};

for (const [title, { step, errno, plan: change = {}, spoil }] of Object.entries(FAILURES)) {
  t.test(`a graft that fails at step ${step}, since ${title}, is undone`, async (t) => {
    const made = await scene(t);
    const { host, hub, plan, target, released } = made;
    spoil?.(made);
    const grafting = graftEndpoint({ host, hub, plan: { ...plan, ...change }, targetFd: target.fd });
    const error = await grafting.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.match(error, { code: 'graft_failed', details: { step, endpoint: 'default-3', undo: undefined } });
    t.match((error as Error).message, new RegExp(`default-3 .*, at step ${step}: .*${errno ?? ''}`));
    if (errno !== undefined) t.match(error, { details: { errno } });
    untouched(t, target);
    await released();
  });
}

t.test('a target that is no network namespace is a failure of that step', async (t) => {
  const { host, hub, plan, released } = await scene(t);
  const file = join(t.testdir(), 'file');
  writeFileSync(file, '');
  for (const path of [file, '/proc/self/ns/uts']) {
    const fd = openSync(path, 'r');
    t.teardown(() => closeSync(fd));
    await t.rejects(graftEndpoint({ host, hub, plan, targetFd: fd }), {
      code: 'graft_failed',
      details: { step: 'target namespace', errno: 'EINVAL' },
    });
  }
  await released();
});
