import assert from 'node:assert/strict';
import { codedError } from '../../../src/model/errors';
import { errnoOf, storeError } from '../../../src/store/store-error';

const TABLE = [
  ['ENOENT', 'STORE_NOT_FOUND'],
  ['EACCES', 'STORE_PERMISSION'],
  ['EPERM', 'STORE_PERMISSION'],
  ['EROFS', 'STORE_READ_ONLY'],
  ['ENOSPC', 'STORE_FULL'],
  ['EDQUOT', 'STORE_FULL'],
  ['ELOOP', 'STORE_LINK'],
  ['EISDIR', 'STORE_CORRUPT'],
  ['ENOTDIR', 'STORE_CORRUPT'],
  ['EFBIG', 'STORE_TOO_LARGE'],
  ['ENAMETOOLONG', 'INPUT_FOLDER'],
  ['EIO', 'STORE_IO'],
  ['EMFILE', 'STORE_IO'],
  ['ENFILE', 'STORE_IO'],
  ['EBUSY', 'STORE_IO'],
  ['ESTALE', 'STORE_IO'],
  ['EXDEV', 'STORE_IO'],
  ['ERR_INVALID_ARG_VALUE', 'INPUT_FOLDER'],
  ['ENEVERSEEN', 'STORE_IO'],
] as const;

describe('an error of the file system', () => {
  for (const [errno, code] of TABLE) {
    it(`${errno} becomes ${code}`, () => {
      const error = storeError(Object.assign(new Error('x'), { code: errno }), 'write', '/a/b');
      assert.equal(error.code, code);
      assert.deepEqual(error.cause, { path: '/a/b', operation: 'write', errno });
      assert.match(error.message, new RegExp(`^cannot write /a/b: .* \\(${errno}\\)$`));
      assert.notEqual(error.hint, '');
      assert.equal(errnoOf(error), errno);
    });
  }

  it('that is coded already passes unchanged', () => {
    const coded = codedError('CA_LOCKED', 'the CA folder is used');
    assert.equal(storeError(coded, 'write', '/a'), coded);
  });

  it('without a name is an unknown one', () => {
    assert.equal(storeError('what', 'write', '/a').cause.errno, 'unknown');
  });
});
