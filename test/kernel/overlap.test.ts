import t from 'tap';
import { refuseOverlap } from '../../src/endpoint/network/overlap.js';
import { fakeHost, openNetwork } from './fake-host.js';

const POOLS = [
  { name: 'free', subnet: '10.99.0.0/16' },
  { name: 'functions', subnet: '10.213.0.0/16' },
];

const SETTINGS_ELSEWHERE = {
  name: 'elsewhere',
  subnet: '172.29.0.0/16',
  mtuBytes: 1500,
  max: 1000,
  endpointsPerHub: 1000,
  dns: { servers: [], search: [], options: [] },
};

t.test('a subnet that overlaps an address of the host is refused with its name', async (t) => {
  const fake = fakeHost(t);
  fake.ip('link', 'add', 'office', 'type', 'bridge');
  fake.ip('address', 'add', '10.213.7.1/24', 'dev', 'office');
  const { host } = await openNetwork(
    t,
    { ...fake, site: { ...fake.site, instanceId: 'else', identity: 'boot /else' } },
    SETTINGS_ELSEWHERE,
  );
  await t.rejects(refuseOverlap({ socket: host.socket, site: fake.site, pools: POOLS }), {
    code: 'subnet_overlap',
    message: /subnet 10\.213\.0\.0\/16 of pool functions overlaps the host's address 10\.213\.7\.1\/24 on office/,
  });
});

t.test('a subnet that overlaps a route of the host is refused with its name', async (t) => {
  const fake = fakeHost(t);
  fake.ip('link', 'add', 'uplink', 'type', 'bridge');
  fake.ip('address', 'add', '192.0.2.2/24', 'dev', 'uplink');
  fake.ip('link', 'set', 'uplink', 'up');
  fake.ip('route', 'add', '10.213.128.0/17', 'via', '192.0.2.1');
  fake.ip('route', 'add', 'default', 'via', '192.0.2.1');
  const { host } = await openNetwork(t, fake, SETTINGS_ELSEWHERE);
  await t.rejects(refuseOverlap({ socket: host.socket, site: fake.site, pools: POOLS }), {
    code: 'subnet_overlap',
    message: /overlaps the host's route 10\.213\.128\.0\/17 on uplink/,
  });
  fake.ip('route', 'del', '10.213.128.0/17');
  for (const network of ['0.0.0.0/1', '10.208.0.0/12']) fake.ip('route', 'add', network, 'via', '192.0.2.1');
  await t.resolves(
    refuseOverlap({ socket: host.socket, site: fake.site, pools: POOLS }),
    'less specific routes stand beside the pool',
  );
});

t.test("the daemon's own bridge does not count, another daemon's does", async (t) => {
  const fake = fakeHost(t);
  const { host } = await openNetwork(t, fake);
  await t.resolves(refuseOverlap({ socket: host.socket, site: fake.site, pools: POOLS }));
  const other = { ...fake.site, instanceId: 'othr', identity: 'boot /othr' };
  await t.rejects(refuseOverlap({ socket: host.socket, site: other, pools: POOLS }), {
    code: 'subnet_overlap',
    message: /nbtest-/,
  });
});

t.test('a pool whose bridge stands is not refused: a running daemon would live with the route', async (t) => {
  const fake = fakeHost(t);
  const { host } = await openNetwork(t, fake, { ...SETTINGS_ELSEWHERE, name: 'functions', subnet: '10.213.0.0/16' });
  fake.ip('link', 'add', 'vpn', 'type', 'bridge');
  fake.ip('link', 'set', 'vpn', 'up');
  fake.ip('route', 'add', '10.213.128.0/17', 'dev', 'vpn');
  await t.resolves(refuseOverlap({ socket: host.socket, site: fake.site, pools: POOLS }));
  const renamed = [{ name: 'other', subnet: '10.213.0.0/16' }];
  await t.rejects(refuseOverlap({ socket: host.socket, site: fake.site, pools: renamed }), {
    code: 'subnet_overlap',
    message: /on vpn/,
  });
});
