import { noteDifference } from '../notes.ts';
import type { QuicSsl } from './connection.ts';

/** Brings SSL_SENT_SHUTDOWN and SSL_RECEIVED_SHUTDOWN up to date. */
export function updateFlags(ssl: QuicSsl): void {
  const said = whatWasSaid(ssl);
  const far = howFarItIs(ssl);
  if (said.sent !== far.sent || said.received !== far.received) {
    noteDifference(ssl, 26, {
      manual: `sets ${name(said)} here: SENT when we close, RECEIVED when the peer's CONNECTION_CLOSE comes`,
      'openssl-3.5': `sets ${name(far)} here: RECEIVED when the connection drains or is over, SENT with it`,
    });
  }
  const now = ssl.choices.flags === 'what-was-said' ? said : far;
  ssl.sent = now.sent;
  ssl.received = now.received;
}

type Flags = { sent: boolean; received: boolean };

function whatWasSaid({ core, started }: QuicSsl): Flags {
  const cause = core.cause();
  return {
    sent: started && cause?.kind === 'close' && cause.by === 'local',
    received: core.closeReceived(),
  };
}

/** While we close, the peer's own close changes nothing. */
function howFarItIs({ core }: QuicSsl): Flags {
  const cause = core.cause();
  const phase = core.phase();
  switch (phase) {
    case 'closing':
      return { sent: true, received: false };
    case 'draining': {
      const ours = cause?.kind === 'close' && cause.by === 'local';
      return { sent: true, received: !ours };
    }
    case 'terminated':
      return { sent: true, received: true };
    default:
      return { sent: false, received: false };
  }
}

function name({ sent, received }: Flags): string {
  const flags = [...(sent ? ['SENT'] : []), ...(received ? ['RECEIVED'] : [])];
  return flags.length === 0 ? 'no flag' : flags.join(' and ');
}
