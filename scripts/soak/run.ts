import { parseArgs } from 'node:util';
import { SeededRandom } from '../../test/support/seeded-random';
import { SoakedNodeRed } from '../../test/support/soaked-node-red';
import { temporaryFolder } from '../../test/support/temporary-folder';

/**
 * `npm run soak [-- --kills 100 --seed 1 --package <folder>]`: a real Node-RED is killed at random moments of its work, on one user directory: of
 * issuing, renewing, revoking, exporting, rotating; of replacing a CA's key, changing its passphrase, backups, imports, and keeping a Mosquitto up
 * to date. Ends with 1 at the first thing that was told and is not true any more. Needs `dist/`: `npm run build` before.
 */
async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      package: { type: 'string' },
    },
  });
  const [kills, seed] = [Number(values.kills), Number(values.seed)];
  const soaked = new SoakedNodeRed(temporaryFolder(), new SeededRandom(seed), values.package);
  try {
    await soaked.prepare({ site: true });
    for (let number = 1; number <= kills; number += 1) {
      const { moment, issued, revoked } = await soaked.round(number);
      console.log(`${number}/${kills} killed ${moment}: ${issued} issued, ${revoked} revoked`);
    }
    await soaked.finish();
  } finally {
    await soaked.abandon();
  }
  console.log(`\n${soaked.story}`);
  const { issued, revoked, crlNumber } = soaked.ledger;
  console.log(
    `${kills} kills, seed ${seed}: ${issued.size} issued, ${revoked.size} revoked, CRL number ${crlNumber}: all there`,
  );
}

run().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
