import { describe, expect, it } from 'vitest';
import { type Explanation, explain } from '../../src/index.ts';

describe('explain', () => {
  it('gives candidates, the likeliest first', async () => {
    const { matched, candidates } = await explain('read:errno=104');
    expect(matched).toBe(true);
    const [first]: readonly Explanation[] = candidates;
    expect(first).toMatchObject({
      id: 'openssl-syscall-104',
      space: 'message',
      who: 'either',
      severity: 'data-loss',
    });
    expect(first?.confirm.command).toMatch(/^sslshut tls-close /);
  });

  it('takes a space and an ALPN', async () => {
    const { candidates } = await explain('0x2', { space: 'quic-application', alpn: 'doq' });
    expect(candidates.map(({ id }) => id)).toEqual(['quic-application/doq/0x2']);
  });

  it('says when nothing fits', async () => {
    expect(await explain('hello world')).toEqual({
      matched: false,
      candidates: [],
      similarNames: [],
      cut: false,
    });
  });
});
