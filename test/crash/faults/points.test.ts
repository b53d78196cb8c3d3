import t from 'tap';
import { generalName } from './points.js';

t.test('a point has one name in every run and on every state directory', async (t) => {
  t.equal(generalName('create veth nd7glq-3k with peer eth0'), 'create veth nd* with peer ethN');
  t.equal(generalName('add address 10.100.0.1/16 to link 12'), 'add address N/N to link N');
  t.equal(generalName('~/state/netns/nd7glq-default-17'), '~/state/netns/nd*-N');
  t.equal(generalName('~/state/ready/.default-4.new'), '~/state/ready/.default-N.new');
  t.equal(generalName('~/state/dns/300d9e33bdec0493'), '~/state/dns/LEASE');
});
