import { createH3Server } from '../../exchange/h3-server.ts';
import { createHqServer } from '../../exchange/hq.ts';
import { createEchoServer } from '../../exchange/raw-streams.ts';
import type { Exchange, ExchangeAnswer, ExchangeRequest } from '../../exchange/stream-exchange.ts';
import type { Emit } from '../../timeline/event.ts';
import { ascii } from '../../wire/bytes.ts';
import type { QuicServePlan } from './quic-plan.ts';

/** What is spoken with a client: HTTP/3 and hq-interop are answered, everything else is sent back. */
export function exchangeFor(plan: QuicServePlan, alpn: string, emit: Emit): Exchange {
  const answer = (request: ExchangeRequest): ExchangeAnswer => ({ status: 200, body: bodyOf(plan, request) });
  const spoken = plan.exchange === 'echo' ? undefined : protocolOf(alpn);
  if (spoken === undefined) return createEchoServer({ alpn, emit });
  const exchange = spoken === 'h3' ? createH3Server({ answer, emit }) : createHqServer({ answer, emit });
  return plan.endless ? withoutEnd(exchange) : exchange;
}

/** What this application protocol is, as far as anything is known of it. */
export function protocolOf(alpn: string): 'h3' | 'hq' | undefined {
  if (/^h3(?:-|$)/u.test(alpn)) return 'h3';
  return /^hq(?:-|$)/u.test(alpn) ? 'hq' : undefined;
}

/** Who answers, and how this connection is going to end. */
function bodyOf(
  { name, says, bodyBytes }: QuicServePlan,
  { method, bodyBytes: got }: ExchangeRequest,
): Uint8Array {
  const text = [
    `This is ${name}, served by sslshut.`,
    says,
    `The request was ${method} with ${got} bytes of body.`,
    'This line is the last one.',
    '',
  ].join('\n');
  return ascii(text.padStart(bodyBytes, FILLER));
}

function withoutEnd(exchange: Exchange): Exchange {
  return { ...exchange, take: (event) => exchange.take(event).filter((action) => action.do !== 'conclude') };
}

const FILLER = `${'.'.repeat(79)}\n`;
