/**
 * A pod and a container in it, by containerd's CRI, as the kubelet makes them; the container runs a command, then all of it goes:
 *
 *   node vagrant/checks/pod.mjs SOCKET IMAGE COMMAND [ARGUMENT...]
 *
 * The status is 0 if the command's was, and prints what it did. Numbers of fields are those of the CRI's api.proto, runtime.v1.
 */
import { setTimeout } from 'node:timers/promises';
import { decode, Grpc, textOf } from '/tree/dist/test/runtime/grpc.js';

const [socket, image, ...command] = process.argv.slice(2);
const containerd = new Grpc(socket);
const call = (method, message) => containerd.call(`/runtime.v1.RuntimeService/${method}`, message);

async function isReady() {
  const status = await call('Status', {});
  const conditions = decode(status.get(1)[0]).get(1) ?? [];
  return conditions.length >= 2 && conditions.every((one) => decode(one).get(2)?.[0] === 1);
}
for (let left = 120; !(await isReady()); left--) {
  if (left === 0) throw new Error('the network of containerd is not ready');
  await setTimeout(1000);
}

const pod = { 1: { 1: 'web', 2: 'uid-web', 3: 'default', 4: 0 }, 2: 'web', 4: {}, 8: { 1: '/netnsd-pods/web' } };
const sandbox = textOf(await call('RunPodSandbox', { 1: pod }), 1);
try {
  const config = { 1: { 1: 'main', 2: 0 }, 2: { 1: image }, 3: ['/bin/sleep', '1000000'] };
  const container = textOf(await call('CreateContainer', { 1: sandbox, 2: config, 3: pod }), 1);
  await call('StartContainer', { 1: container });
  const answer = await call('ExecSync', { 1: container, 2: command, 3: 300 });
  console.log(textOf(answer, 1), textOf(answer, 2));
  process.exitCode = answer.get(3)?.[0] ?? 0;
} finally {
  await call('StopPodSandbox', { 1: sandbox });
  await call('RemovePodSandbox', { 1: sandbox });
  containerd[Symbol.dispose]();
}
