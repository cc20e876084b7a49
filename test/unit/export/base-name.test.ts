import assert from 'node:assert/strict';
import { baseNameOf, baseNames, checkBaseName } from '../../../src/export/base-name';

describe('base name of a common name', () => {
  const table: [commonName: string, baseName: string][] = [
    ['dev01', 'dev01'],
    ['broker.local', 'broker.local'],
    ['Mosquitto Root CA', 'Mosquitto-Root-CA'],
    ['*.example.org', 'example.org'],
    ['Küche', 'Kuche'],
    ['../../etc/passwd', 'etc-passwd'],
    ['..\\..\\windows', 'windows'],
    ['a/../b', 'a-.-b'],
    ['a..b', 'a.b'],
    ['.hidden', 'hidden'],
    ['trailing.', 'trailing'],
    ['nul\0byte', 'nul-byte'],
    ['NUL', '_NUL'],
    ['con.pem', '_con.pem'],
    ['COM1', '_COM1'],
    ['console', 'console'],
    ['', 'certificate'],
    ['..', 'certificate'],
    ['///', 'certificate'],
    ['中文', 'certificate'],
    ['C:', 'C'],
    ['-rf', 'rf'],
    ['x'.repeat(200), 'x'.repeat(64)],
    ['aux.txt', '_aux.txt'],
    ['COM¹', '_COM1'],
    ['trailing ', 'trailing'],
    ['K\u0075\u0308che', 'Kuche'],
    ['\u202Egnp.exe', 'gnp.exe'],
    ['dev\u200D01', 'dev-01'],
    ['🔐 door', 'door'],
    ['🔐', 'certificate'],
    ['\uD800', 'certificate'],
    ['\u2100', 'a-c'],
    ['ＣＯＮ', '_CON'],
    [`con.${'x'.repeat(80)}`, `_con.${'x'.repeat(59)}`],
  ];
  for (const [commonName, baseName] of table) {
    it(`${JSON.stringify(commonName.slice(0, 30))} is ${baseName.slice(0, 30)}`, () => {
      assert.equal(baseNameOf(commonName), baseName);
    });
  }

  it('stays as it is when it is made a base name again', () => {
    for (const [, baseName] of table) assert.equal(baseNameOf(baseName), baseName);
  });
});

describe('configured base name', () => {
  it('is taken when it is a plain file name', () => assert.equal(checkBaseName('gateway_2'), 'gateway_2'));

  for (const hostile of [
    '',
    '..',
    '../x',
    'a/b',
    'a\\b',
    'a\0b',
    'NUL',
    'aux.txt',
    '.ssh',
    'a b',
    'ä',
    'x'.repeat(65),
    'x'.repeat(300),
    'trailing ',
    'trailing.',
    'dev\u202E01',
    'dev\u200D01',
    'K\u0075\u0308che',
    '🔐',
  ]) {
    it(`${JSON.stringify(hostile.slice(0, 20))} is refused`, () => {
      assert.throws(() => checkBaseName(hostile), { code: 'INPUT_FOLDER' });
    });
  }
});

describe('base names of one export', () => {
  const certificate = (commonName: string, serialNumber: string) => ({ commonName, serialNumber });

  it('are the common names', () => {
    assert.deepEqual(baseNames([certificate('dev01', '01AA'), certificate('dev02', '02BB')]), ['dev01', 'dev02']);
  });

  it('never are the same, also not on a file system without case', () => {
    const twice = [
      certificate('dev01', '1122334455'),
      certificate('DEV01', '66778899AA'),
      certificate('dev01', '66778899BB'),
    ];
    assert.deepEqual(baseNames(twice), ['dev01', 'DEV01-66778899', 'dev01-66778899BB']);
  });

  it('keep away from the files of the layout', () => {
    assert.deepEqual(baseNames([certificate('CA', '1122334455')], ['ca']), ['CA-11223344']);
  });

  it('a certificate that is called like the suffixed name of another one gets a name of its own', () => {
    const names = baseNames([
      certificate('a', 'AAAAAAAA01'),
      certificate('a-BBBBBBBB', 'CC'),
      certificate('a', 'BBBBBBBB02'),
    ]);
    assert.equal(new Set(names).size, 3);
  });
});
