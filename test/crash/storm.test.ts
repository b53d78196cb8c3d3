import t from 'tap';
import { Storm } from './storm.js';

const seed = Number(process.env.NETNSD_STORM_SEED ?? Date.now() % 1_000_000);
/** The short form; `npm run storm` kills 200, `npm run storm -- --long` 5000. */
const kills = Number(process.env.NETNSD_STORM_KILLS ?? 20);

t.test(`16 clients through ${kills} kills of the daemon: no leak, no double lease, no lost lease`, async (t) => {
  t.comment(`seed ${seed}: NETNSD_STORM_SEED=${seed} repeats what clients do and how long each daemon lives`);
  const { kills: killed, acquired, released, wrong } = await new Storm({ seed, kills, clients: 16 }).run();
  t.comment(`${acquired} leases were answered, ${released} of them released`);
  t.ok(killed >= kills, `${killed} daemons were killed`);
  t.ok(acquired > kills, 'the clients got something done');
  t.same(wrong, []);
});
