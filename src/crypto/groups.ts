import type { GroupName } from './provider.ts';

export type Group = {
  id: number;
  /** IANA's name. */
  name: string;
  opensslName: string;
  provider: GroupName;
  /** Other names people type, in lower case. */
  aliases: readonly string[];
};

export function groupById(id: number): Group | undefined {
  return GROUPS.find((group) => group.id === id);
}

/** Takes IANA's names, OpenSSL's and the aliases, in any case. */
export function groupByName(name: string): Group | undefined {
  const wanted = name.toLowerCase();
  return GROUPS.find(
    (group) =>
      group.name.toLowerCase() === wanted ||
      group.opensslName.toLowerCase() === wanted ||
      group.aliases.includes(wanted),
  );
}

/** RFC 9846 §4.3.7; the hybrid one is draft-ietf-tls-ecdhe-mlkem. */
export const GROUPS: readonly Group[] = [
  { id: 29, name: 'x25519', opensslName: 'X25519', provider: 'x25519', aliases: ['curve25519'] },
  {
    id: 23,
    name: 'secp256r1',
    opensslName: 'prime256v1',
    provider: 'secp256r1',
    aliases: ['p-256', 'p256'],
  },
  { id: 24, name: 'secp384r1', opensslName: 'secp384r1', provider: 'secp384r1', aliases: ['p-384', 'p384'] },
  { id: 25, name: 'secp521r1', opensslName: 'secp521r1', provider: 'secp521r1', aliases: ['p-521', 'p521'] },
  {
    id: 4588,
    name: 'X25519MLKEM768',
    opensslName: 'X25519MLKEM768',
    provider: 'x25519mlkem768',
    aliases: [],
  },
];
