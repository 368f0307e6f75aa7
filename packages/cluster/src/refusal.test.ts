import { expect, it } from 'vitest';
import { tlsRefusal } from './refusal.js';

it('an error of OpenSSL means the same whether Node met it as it read or as it wrote', () => {
  const place = '0A00010B:SSL routines:ssl3_get_record:wrong version number:ssl3_record.c:350:';
  const read = Object.assign(new Error(place), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
  const written = Object.assign(new Error(`write EPROTO 800C:error:${place}`), { code: 'EPROTO' });
  expect(tlsRefusal(read)).toMatchObject({ reason: 'tls-unsupported' });
  expect(tlsRefusal(written)).toEqual(tlsRefusal(read));
  const other = Object.assign(new Error('write EPROTO'), { code: 'EPROTO' });
  expect(tlsRefusal(other)).toBe(undefined);
});
