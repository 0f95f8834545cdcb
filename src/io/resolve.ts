import { addressFamily } from './address-family.ts';

export type Resolved = { ok: true; addresses: readonly string[] } | { ok: false; errno: string };

/**
 * All addresses of a host, in the resolver's order. An address (with or without brackets, with a zone) is its own answer and
 * loads no resolver. `errno`: ENOTFOUND, EAI_AGAIN … or EAFNOSUPPORT when none is of the wanted family.
 */
export async function resolveHost(host: string, family?: 4 | 6): Promise<Resolved> {
  const literal = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const kind = addressFamily(literal);
  if (kind !== undefined)
    return kind === (family ?? kind) ? { ok: true, addresses: [literal] } : WRONG_FAMILY;
  const { lookup } = await import('node:dns');
  return new Promise((resolve) => {
    lookup(host, { all: true, family: family ?? 0, verbatim: true }, (error, found) => {
      if (error !== null) resolve({ ok: false, errno: error.code ?? 'ENOTFOUND' });
      else if (found.length === 0) resolve({ ok: false, errno: 'ENOTFOUND' });
      else resolve({ ok: true, addresses: [...new Set(found.map((each) => each.address))] });
    });
  });
}

const WRONG_FAMILY: Resolved = { ok: false, errno: 'EAFNOSUPPORT' };
