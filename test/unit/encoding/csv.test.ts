import assert from 'node:assert/strict';
import { csvLine, type CsvCell } from '../../../src/encoding/csv';
import { judge } from '../../support/openssl';

describe('a line of CSV', () => {
  const cells: [cell: CsvCell, expected: string][] = [
    ['dev01', 'dev01'],
    ['', ''],
    [undefined, ''],
    [true, 'true'],
    [-5, '-5'],
    ['a,b', '"a,b"'],
    ['a;b', '"a;b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['Müller', '"Müller"'],
    ['dns:*.home.arpa ip:::1', 'dns:*.home.arpa ip:::1'],
    ['=1+1', "'=1+1"],
    ['+49 171', "'+49 171"],
    ['-1', "'-1"],
    ['@SUM(A1)', '"\'@SUM(A1)"'],
    ['=HYPERLINK("http://x";"y")', '"\'=HYPERLINK(""http://x"";""y"")"'],
    [' =1', "' =1"],
    ['\t=1', '"\'\t=1"'],
    ['＝1', '"\'＝1"'],
    ['a=1', 'a=1'],
  ];
  for (const [cell, expected] of cells) {
    it(`has ${JSON.stringify(cell)} as ${expected}`, () => assert.equal(csvLine([cell]), `${expected}\r\n`));
  }

  it('is read by Python as it was written', () => {
    const texts = ['plain', 'a,b', 'say "hi"', 'two\r\nlines', 'Müller; Söhne', '', ' blank ', "it's"];
    const script = `import csv,json,sys
print(json.dumps(list(csv.reader(open('x.csv', newline='', encoding='utf-8'), strict=True))))`;
    const { status, output } = judge('python3', ['-c', script], { 'x.csv': csvLine(texts) + csvLine(['1', '2']) });
    assert.equal(status, 0, output);
    assert.deepEqual(JSON.parse(output), [texts, ['1', '2']]);
  });
});
