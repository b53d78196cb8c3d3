import t from 'tap';
import { callPlugin, cniProgram } from './cni.js';
import { makeStage } from './stage.js';

const plugin = cniProgram({ sanitized: true });
const ROUNDS = 400;
const SEED = Number(process.env['CNI_SEED'] ?? Date.now() % 1e9);

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

t.test('whatever comes by stdin and the environment, the answer is an error of the specification', async (t) => {
  t.comment(`CNI_SEED=${SEED}`);
  const draw = random(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
  const stage = makeStage(t);
  const whole = JSON.stringify({
    cniVersion: pick(['0.3.1', '0.4.0', '1.0.0', '1.1.0']),
    name: 'net',
    type: 'netnsd-cni',
    pool: 'default',
    socket: stage.socket,
    tenant: 'namespace',
    capabilities: { portMappings: true },
    runtimeConfig: {
      portMappings: [{ hostPort: 1, containerPort: 2 }],
      dns: { servers: ['1.1.1.1'] },
      ips: ['10.0.0.1/8'],
    },
    prevResult: { interfaces: [{ name: 'eth0', sandbox: '/x' }], ips: [{ address: '10.0.0.1/8', interface: 0 }] },
    args: { cni: { ips: [] } },
    'cni.dev/valid-attachments': [{ containerID: 'a', ifname: 'eth0' }],
  });
  const scraps = [
    '"',
    '{',
    '}',
    '[',
    ']',
    '\\u0000',
    '\\ud800',
    '\xff',
    '\0',
    ':',
    ',',
    '9'.repeat(40),
    '{"a":'.repeat(600),
    'null',
    '-',
  ];
  const mutate = (text: string) => {
    let mutated = text;
    for (let count = Math.floor(draw() * 4); count > 0; count -= 1) {
      const at = Math.floor(draw() * mutated.length);
      mutated = mutated.slice(0, at) + pick(scraps) + mutated.slice(at + Math.floor(draw() * 12));
    }
    return mutated;
  };
  const clean = (text: string) => mutate(text).replaceAll('\0', '').slice(0, 10_000);
  for (let round = 0; round < ROUNDS; round += 1) {
    const call = {
      command: pick(['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION', clean('ADD')]),
      config: mutate(whole),
      id: clean('container1'),
      ifname: clean('eth0'),
      netns: clean('/nowhere/netns'),
      args: clean('IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=a'),
    };
    const { status, signal, stderr, json } = await callPlugin(plugin, call);
    const isFine = status === 0 || (status === 1 && typeof json.code === 'number' && typeof json.msg === 'string');
    const isUsage = call.command === '' && status === 1;
    if ((isFine && stderr === '') || isUsage) continue;
    t.fail(`round ${round}: ${status ?? signal} ${stderr} ${JSON.stringify(call).slice(0, 4000)}`);
    return;
  }
  t.pass(`${ROUNDS} rounds`);
});
