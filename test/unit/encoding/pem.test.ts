import assert from 'node:assert/strict';
import { decodePem, encodePem, looksLikePem } from '../../../src/encoding/pem';
import { refuses } from '../../support/coded-error';

const body = Buffer.from(Array.from({ length: 100 }, (_, index) => index));
const block = encodePem('CERTIFICATE', body);
const lines = block.trimEnd().split('\n');

describe('PEM', () => {
  it('writes lines of 64 characters, LF, and a final newline', () => {
    assert.deepEqual(
      lines.map((line) => line.length),
      [27, 64, 64, 8, 25],
    );
    assert.ok(block.endsWith('-----END CERTIFICATE-----\n'));
    assert.ok(!block.includes('\r'));
  });

  it('writes no empty line when the last line is full', () => {
    assert.equal(encodePem('X', Buffer.alloc(48)).split('\n').length, 4);
    assert.equal(encodePem('X', Buffer.alloc(96)).split('\n').length, 5);
  });

  const accepted: [what: string, text: string | Buffer][] = [
    ['its own output', block],
    ['bytes', Buffer.from(block)],
    ['CR LF', block.replaceAll('\n', '\r\n')],
    ['CR', block.replaceAll('\n', '\r')],
    ['no final newline', block.trimEnd()],
    ['text before and after', `subject=CN=x\n${block}\nsome text\n`],
    ['a byte order mark', Buffer.concat([Buffer.from('efbbbf', 'hex'), Buffer.from(`\n${block}`)])],
    ['blanks around lines', lines.map((line) => `  ${line}\t`).join('\n')],
    ['one long line', [lines[0], lines.slice(1, -1).join(''), lines.at(-1)].join('\n')],
    ['empty lines', lines.join('\n\n')],
  ];
  for (const [what, text] of accepted) {
    it(`reads ${what}`, () => {
      const [found, ...others] = decodePem(text);
      assert.deepEqual(found?.bytes, body);
      assert.equal(found.label, 'CERTIFICATE');
      assert.equal(others.length, 0);
      assert.deepEqual(decodePem(found.text)[0]?.bytes, body);
    });
  }

  const malformed: [what: string, text: string][] = [
    ['a block without END', lines.slice(0, -1).join('\n')],
    ['an END without BEGIN', lines.slice(1).join('\n') + '\n' + block],
    ['another END label', block.replace('END CERTIFICATE', 'END X509 CRL')],
    ['a block in a block', `${lines[0]}\n${block}`],
    ['an empty block', `${lines[0]}\n${lines.at(-1)}`],
    ['a foreign character', block.replace('AAEC', 'AA*C')],
    ['missing padding', block.replaceAll('=', '')],
    ['padding in the middle', block.replace('AAEC', 'AA==')],
    ['stray bits', block.replace('Yw==', 'Yx==')],
    ['URL-safe base64', block.replace('AAEC', 'AA_C')],
    ['all on one line', lines.join(' ')],
    ['headers in a certificate', block.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n')],
  ];
  for (const [what, text] of malformed) {
    it(`refuses ${what}`, () => {
      assert.ok(refuses(() => decodePem(text, { what: 'a certificate' }), 'PEM_MALFORMED', /certificate/).hint);
    });
  }

  const absent: [what: string, text: string | Buffer, words: RegExp][] = [
    ['nothing', '', /the text is empty/],
    ['text', 'hello', /found no PEM block/],
    ['DER', Buffer.from('3003020100', 'hex'), /found no PEM block/],
    ['UTF-16 of PowerShell', Buffer.from(`\ufeff${block}`, 'utf16le'), /UTF-16/],
    ['four dashes', block.replaceAll('-----', '----'), /found no PEM block/],
  ];
  for (const [what, text, words] of absent) {
    it(`says that ${what} holds no block`, () => {
      refuses(() => decodePem(text, { what: 'a certificate' }), 'PEM_NO_BLOCK', words);
    });
  }

  it('never repeats the text it could not read, which may be a passphrase', () => {
    const error = refuses(() => decodePem('hunter2'), 'PEM_NO_BLOCK');
    assert.doesNotMatch(JSON.stringify([error.message, error.hint, error.cause]), /hunt/);
  });

  const kinds: [label: string, words: RegExp][] = [
    ['PRIVATE KEY', /this is a private key/],
    ['RSA PRIVATE KEY', /this is a private key/],
    ['ENCRYPTED PRIVATE KEY', /this is an encrypted private key/],
    ['CERTIFICATE REQUEST', /this is a certificate request/],
    ['X509 CRL', /this is a certificate revocation list/],
    ['PUBLIC KEY', /this is a public key/],
    ['PKCS7', /this is "PKCS7"/],
  ];
  for (const [label, words] of kinds) {
    it(`says what ${label} is instead of a certificate`, () => {
      const options = { labels: ['CERTIFICATE'], what: 'a certificate' };
      const error = refuses(() => decodePem(encodePem(label, body), options), 'PEM_WRONG_LABEL', words);
      assert.deepEqual(error.cause.found, [label]);
    });
  }

  it('passes over blocks of other kinds and counts those of the right kind', () => {
    const text = encodePem('PRIVATE KEY', body) + block + block;
    assert.equal(decodePem(text, { labels: ['CERTIFICATE'] }).length, 2);
    const options = { labels: ['CERTIFICATE'], maxBlocks: 1, what: 'a certificate' };
    refuses(() => decodePem(text, options), 'PEM_TOO_MANY', /expected a certificate, found 2/);
    assert.equal(decodePem(text, { labels: ['PRIVATE KEY'], maxBlocks: 1 }).length, 1);
  });

  it('reads the headers of old encrypted keys and keeps them in the text', () => {
    const old = encodePem('RSA PRIVATE KEY', body).replace(
      '-----\n',
      '-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n',
    );
    const [found] = decodePem(old);
    assert.equal(found?.headers['Proc-Type'], '4,ENCRYPTED');
    assert.equal(found.headers['DEK-Info'], 'AES-256-CBC,00112233445566778899AABBCCDDEEFF');
    assert.deepEqual(found.bytes, body);
    assert.equal(found.text, old);
  });

  it('reads a megabyte of garbage in one pass', () => {
    for (const text of ['-'.repeat(1 << 20), '-----BEGIN X\n'.repeat(1 << 16), '\n'.repeat(1 << 20)]) {
      refuses(() => decodePem(text), text.startsWith('-----B') ? 'PEM_MALFORMED' : 'PEM_NO_BLOCK');
    }
  });

  it('tells PEM from DER', () => {
    assert.ok(looksLikePem(Buffer.from(block)));
    assert.ok(looksLikePem('anything'));
    assert.ok(!looksLikePem(body));
  });
});
