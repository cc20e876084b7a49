import assert from 'node:assert/strict';
import { isSealedMessage, openSealedMessage, sealMessage } from '../../../src/encoding/sealed-message';
import { rejects } from '../../support/coded-error';
import { judge } from '../../support/openssl';
import { SeededRandom } from '../../support/seeded-random';

const FAST = { rounds: 1000 };
const content = Buffer.from('the whole CA');

describe('a sealed message', () => {
  it('opens with its passphrase, here and with openssl', async () => {
    for (const passphrase of ['secret', 'pässwörd', 'with blanks and €', 'x'.repeat(200)]) {
      const sealed = await sealMessage(content, passphrase);
      assert.ok(isSealedMessage(sealed));
      assert.deepEqual(await openSealedMessage(sealed, passphrase), content);
      const args = ['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', 'sealed', '-pwri_password', passphrase];
      assert.deepEqual(judge('openssl', args, { sealed }).stdout, content);
    }
  });

  it('says whether the passphrase is wrong or missing', async () => {
    const sealed = await sealMessage(content, 'secret', FAST);
    for (const wrong of ['Secret', 'secret ', 'x']) {
      await rejects(() => openSealedMessage(sealed, wrong), 'KEY_PASSPHRASE_WRONG', /capitals count/);
    }
    await rejects(() => openSealedMessage(sealed, ''), 'KEY_ENCRYPTED');
  });

  it('does not open when one octet of it is another, or it is cut off', async () => {
    const sealed = await sealMessage(content, 'secret', FAST);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assert.rejects(
        openSealedMessage(changed, 'secret'),
        {
          code: /^(STORE_CORRUPT|KEY_PASSPHRASE_WRONG|KEY_UNSUPPORTED)$/,
        },
        `octet ${at}`,
      );
      await assert.rejects(openSealedMessage(sealed.subarray(0, at), 'secret'), { code: 'STORE_CORRUPT' });
    }
  });

  it('tells nothing of its content or length of the passphrase twice in the same way', async () => {
    const [one, other] = [await sealMessage(content, 'secret', FAST), await sealMessage(content, 'secret', FAST)];
    assert.notDeepEqual(one, other);
    assert.equal(one.includes(content), false);
  });

  it('is refused when it would cost half an hour', async () => {
    const sealed = await sealMessage(content, 'secret', { rounds: 5_000_001 - 1, random: undefined } as never).catch(
      () => undefined,
    );
    assert.ok(sealed);
    const at = sealed.indexOf(Buffer.from('02034c4b40', 'hex'));
    assert.ok(at > 0);
    sealed.set(Buffer.from('02037fffff', 'hex'), at);
    await rejects(() => openSealedMessage(sealed, 'secret'), 'KEY_UNSUPPORTED', /rounds/);
  });

  it('ends in a coded error for any octets', async () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(Array.from({ length: 60 }, () => Math.floor(random.next() * 256)));
      assert.equal(isSealedMessage(bytes), false);
      await assert.rejects(openSealedMessage(bytes, 'secret'), { code: 'STORE_CORRUPT' });
    }
  });
});
