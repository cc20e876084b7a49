import { SeededRandom } from '../support/seeded-random';
import { SoakedNodeRed } from '../support/soaked-node-red';
import { temporaryFolder } from '../support/temporary-folder';

/** A few; `npm run soak` takes a hundred. */
const KILLS = 3;

describe('a Node-RED that is killed at work', function () {
  this.timeout(240_000);

  it(`has everything it told, after ${KILLS} kills at random moments, as openssl sees it, too`, async () => {
    const soaked = new SoakedNodeRed(temporaryFolder(), new SeededRandom(Date.now()));
    try {
      await soaked.prepare({ site: false });
      for (let number = 1; number <= KILLS; number += 1) await soaked.round(number);
      await soaked.finish();
    } finally {
      await soaked.abandon();
    }
  });
});
