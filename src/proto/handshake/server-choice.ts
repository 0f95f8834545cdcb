import { groupById } from '../../crypto/groups.ts';
import type { GroupName, HashName } from '../../crypto/provider.ts';
import { curveOfKeyType } from '../../crypto/signatures.ts';
import { type Suite, suiteById } from '../../crypto/suites.ts';
import { ALERT } from '../../wire/alert.ts';
import { versionName } from '../../wire/versions.ts';
import { ProtocolFault } from '../fault.ts';
import { chooseScheme } from './certificates.ts';
import type { ClientOffer } from './client-offer.ts';
import type { Context } from './context.ts';
import { handshakeFailure, peerFault } from './faults.ts';
import type { Identity } from './peer-auth.ts';
import { usableGroups, usableSuites } from './usable.ts';

/** RFC 9846 §4.3.1: supported_versions if there is one, else everything up to legacy_version. */
export function chooseVersion(ctx: Context, { hello, versions }: ClientOffer): 0x0303 | 0x0304 {
  const { config, flavor } = ctx;
  const ours = [...config.versions].sort((a, b) => b - a);
  const chosen =
    versions === undefined
      ? ours.find((version) => version === 0x0303 && atLeast12(ctx, hello.legacyVersion))
      : ours.find((version) => versions.includes(flavor.wire[version]));
  if (chosen !== undefined) return chosen;
  const shown = (versions ?? [hello.legacyVersion]).map(versionName);
  throw peerFault('protocol-version', ALERT.protocol_version, `the client offers only ${shown.join(', ')}`);
}

/** Version numbers grow in TLS and shrink in DTLS. */
function atLeast12(ctx: Context, legacyVersion: number): boolean {
  const wire = ctx.flavor.wire[0x0303];
  return wire < 0x8000 ? legacyVersion >= wire : legacyVersion <= wire;
}

/**
 * Our first suite of this version that the client has too and that goes with our key, or in TLS 1.2 with its PSK.
 * `hash`: goes first if there is a suite with it.
 */
export function chooseSuite(
  ctx: Context,
  offer: ClientOffer,
  version: 0x0303 | 0x0304,
  hash?: HashName,
): Suite {
  const { identity, pskKeys } = ctx.config;
  const keyType = identity?.keyType ?? 'other';
  const auth = keyType.startsWith('rsa') ? 'rsa' : 'ecdsa';
  const curveTaken = takesCurve(offer, keyType);
  const onlyPsk = identity === undefined && pskKeys !== undefined;
  const common = usableSuites(ctx)
    .filter((id) => offer.hello.cipherSuites.includes(id))
    .map(suiteById)
    .filter((suite) => suite?.version === version)
    .filter((suite) => suite?.auth === undefined || (suite.auth === auth && curveTaken && !onlyPsk));
  const chosen = common.find((suite) => suite?.hash === hash) ?? common[0];
  if (chosen !== undefined) return chosen;
  if (version === 0x0303 && !curveTaken)
    throw handshakeFailure('no-common-suite', `the client does not take the curve of our ${keyType} key`);
  throw handshakeFailure('no-common-suite', 'no cipher suite in common');
}

/** In TLS 1.2 supported_groups limits the curves of certificates too (RFC 8422 §5.1). */
function takesCurve({ groups }: ClientOffer, keyType: string): boolean {
  const curve = curveOfKeyType(keyType);
  if (curve === undefined || groups === undefined) return true;
  return groups.some((id) => groupById(id)?.provider === curve);
}

/** Our first group that the client has too; in TLS 1.3 one with a share goes first, to spare a round trip. */
export function chooseGroup(
  ctx: Context,
  offer: ClientOffer,
  version: 0x0303 | 0x0304,
): { id: number; provider: GroupName } {
  const { groups, shares } = offer;
  const ours = usableGroups(ctx, version);
  // RFC 8422 §4: without the extension any curve goes; a client that old knows P-256 at best.
  const common = groups === undefined ? ours : ours.filter((id) => groups.includes(id));
  const id =
    common.find((group) => shares?.some((share) => share.group === group)) ??
    (groups === undefined && common.includes(SECP256R1) ? SECP256R1 : common[0]);
  const group = id === undefined ? undefined : groupById(id);
  if (group === undefined) throw handshakeFailure('no-common-group', 'no group in common');
  return group;
}

/** Our identity and its best scheme that the client takes. */
export function chooseSigner(
  ctx: Context,
  offer: ClientOffer,
  version: 0x0303 | 0x0304,
): { identity: Identity; scheme: number } {
  const identity = ownIdentity(ctx);
  const scheme = chooseScheme(identity, offer.schemes ?? [], version);
  if (scheme === undefined)
    throw handshakeFailure(
      'no-common-signature-scheme',
      `no signature scheme for our ${identity.keyType} key`,
    );
  return { identity, scheme };
}

function ownIdentity(ctx: Context): Identity {
  const { identity } = ctx.config;
  if (identity !== undefined) return identity;
  throw new ProtocolFault({
    blame: 'local',
    rule: 'no-identity',
    alert: ALERT.handshake_failure,
    detail: 'the server has no certificate',
  });
}

const SECP256R1 = 23;
