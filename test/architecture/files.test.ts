import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { posix } from 'node:path';
import { ERROR_CODES, type ErrorCode } from '../../src/model/errors';
import { CHECKOUT } from '../support/runtimes';
import { productFiles, readTracked, trackedFiles } from '../support/source-tree';

const LONGEST_FILE = 250;

/** Files of more lines, each with the reason why it is still one noun. */
const LONG_FILES: Record<string, string> = {};

/** Names that say nothing about what a file holds. */
const EMPTY_NAMES = ['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc', 'data', 'info'];

/** Codes that no line of the product uses yet. */
const RESERVED_CODES: Partial<Record<ErrorCode, string>> = {};

/** A PEM label with key bytes behind it, as text or as a JSON or JavaScript string; the bare label is no secret. */
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(\s|\\[rn]|[\w-]+: [^\n]*\n)*[A-Za-z0-9+/]{40}/;

/** Binary files of a checkout hold no text to judge. */
const BINARY = /\.(png|jpe?g|gif|ico|woff2?|zip|p12|jks|der)$/;

const textFiles = () => trackedFiles().filter((file) => !BINARY.test(file));

const lines = (text: string) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Paths that exist on one machine only: homes of people and where this checkout happens to lie. The home of a
 * Raspberry Pi and that of Node-RED's container are everybody's.
 */
function machinePaths(): RegExp {
  // A checkout directly below the root ("/src") has a name that other texts use, too.
  const own = [CHECKOUT, homedir()].filter((path) => posix.normalize(path).split('/').length > 2).map(escaped);
  return new RegExp(
    `(?<![\\w.~>}-])(${[...own, '/home/(?!pi/|node/)[a-z]\\w*/', '/Users/\\w+/', '/root[/]', 'C:\\\\+Users\\\\+\\w+'].join('|')})`,
  );
}

describe('the files of the product', () => {
  it(`hold at most ${LONGEST_FILE} lines, or say why not`, () => {
    const long = productFiles().filter((file) => lines(readTracked(file)) > LONGEST_FILE);
    assert.deepEqual(
      long.filter((file) => !(file in LONG_FILES)),
      [],
    );
    assert.deepEqual(
      Object.keys(LONG_FILES).filter((file) => !long.includes(file)),
      [],
      'exceptions that are none any more',
    );
  });

  it('are named after what they hold', () => {
    const empty = trackedFiles().filter((file) =>
      file.split('/').some((part) => EMPTY_NAMES.includes(part.toLowerCase().replace(/\..*$/, ''))),
    );
    assert.deepEqual(empty, []);
    const unusual = productFiles().filter(
      (file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.editor|\.d)?\.ts$/.test(posix.basename(file)),
    );
    assert.deepEqual(unusual, []);
  });

  it('print nothing past Node-RED', () => {
    const printing = productFiles().filter((file) => /\bconsole\.|\bprocess\.std(out|err)\b/.test(readTracked(file)));
    assert.deepEqual(printing, []);
  });

  // Texts repeat names of certificates, nodes and files; RED.notify takes a string for HTML.
  it('make no markup of texts', () => {
    const markup = /\bRED\.notify\(|\b(inner|outer|insertAdjacent)HTML\b|\.html\(/;
    assert.deepEqual(
      productFiles().filter((file) => markup.test(readTracked(file))),
      ['src/editor/notice.ts'],
    );
  });

  // A TypeError stands for a programming error, which no user can bring about.
  it('throw no bare Error at run time', () => {
    const runtime = productFiles().filter((file) => !/^src\/editor\/|\.editor\.ts$/.test(file));
    assert.deepEqual(
      runtime.filter((file) => /\b(throw|reject\() ?new (Range)?Error\(/.test(readTracked(file))),
      [],
    );
  });

  it('silence the linter only for one rule and with a reason, the compiler never', () => {
    const silenced = productFiles().flatMap((file) =>
      readTracked(file)
        .split('\n')
        .filter((line) => /@ts-(ignore|expect-error|nocheck)|eslint-disable/.test(line))
        // no-control-regex suspects a typing error; an expression that refuses control characters is none.
        .filter((line) => !/eslint-disable(-next-line)? (no-control-regex\b|[\w/@-]+ -- \w)/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    assert.deepEqual(silenced, []);
  });
});

describe('the closed list of error codes', () => {
  const product = productFiles()
    .filter((file) => file !== 'src/model/errors.ts')
    .map((file) => readTracked(file))
    .join('\n');
  const used = (code: string) => new RegExp(`['"\`]${code}['"\`]|\\b${code}:`).test(product);
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];

  it('holds no code that nothing uses, but reserved ones', () => {
    assert.deepEqual(
      codes.filter((code) => !used(code) && !RESERVED_CODES[code]),
      [],
    );
  });

  it('reserves no code that is used', () => {
    assert.deepEqual((Object.keys(RESERVED_CODES) as ErrorCode[]).filter(used), []);
  });
});

describe('every file of the checkout', () => {
  it('is free of private keys: tests make theirs', () => {
    assert.deepEqual(
      textFiles().filter((file) => PRIVATE_KEY.test(readTracked(file))),
      [],
    );
  });

  it('is free of paths of one machine', () => {
    const paths = machinePaths();
    const found = textFiles().flatMap((file) => {
      const match = paths.exec(readTracked(file));
      return match ? [`${file}: ${match[0]}`] : [];
    });
    assert.deepEqual(found, []);
  });

  const key = `${'-----BEGIN'} EC PRIVATE KEY-----`;
  const bytes = 'A'.repeat(64);
  const cases: { text: string; secret: boolean }[] = [
    { text: `${key}\n${bytes}`, secret: true },
    { text: `"${key}\\n${bytes}\\n"`, secret: true },
    { text: `${key}\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,00\r\n\r\n${bytes}`, secret: true },
    { text: `${key}\n…`, secret: false },
    { text: `assert.match(pem, /^${key}/);`, secret: false },
  ];
  for (const { text, secret } of cases) {
    it(`${secret ? 'finds' : 'finds no'} private key in ${JSON.stringify(text.slice(0, 48))}`, () => {
      assert.equal(PRIVATE_KEY.test(text), secret);
    });
  }
});
