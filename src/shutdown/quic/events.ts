import type { Millis } from '../../timeline/event.ts';
import { noteDifference } from '../notes.ts';
import { success } from '../results.ts';
import type { CallResult, Want } from '../types.ts';
import { beginClosing } from './close.ts';
import { connectionOf, isEnding, type QuicObject, type QuicSsl } from './connection.ts';
import { updateFlags } from './flags.ts';

/** SSL_handle_events: timers that ran out, datagrams that came, datagrams to send. */
export function quicHandleEvents(object: QuicObject): CallResult {
  tick(connectionOf(object));
  return success(1);
}

/** SSL_get_event_timeout: ms until SSL_handle_events should be called at the latest; undefined: no timer runs. */
export function quicEventTimeout(object: QuicObject): Millis | undefined {
  const ssl = connectionOf(object);
  const due = ssl.core.pollTimeout();
  return due === undefined ? undefined : Math.max(0, due - ssl.now());
}

/** Everything that can be done now. */
export function tick(ssl: QuicSsl): void {
  const { core } = ssl;
  ssl.ticks += 1;
  // Closing ends by the clock, whatever has come. Silence does not: what came in time counts, however late it is looked at.
  if (isEnding(ssl)) runTimer(ssl);
  while (core.ready()) stepOnce(ssl);
  runTimer(ssl);
  carryOn(ssl);
  ssl.stuck = !ssl.flush();
  updateFlags(ssl);
}

/** On the way of another call: not where the application said that it would see to events itself. */
export function tickUnlessExplicit(ssl: QuicSsl): void {
  if (!ssl.explicitEvents) tick(ssl);
}

/** The same for SSL_shutdown, of which the page says that it processes events. */
export function tickInShutdown(ssl: QuicSsl): void {
  if (ssl.explicitEvents) {
    noteDifference(ssl, 25, {
      manual: 'lets SSL_shutdown process events, explicit event handling or not',
      'openssl-3.5': 'sends nothing in SSL_shutdown where events are handled explicitly',
    });
    if (!ssl.choices.shutdownHandlesEvents) return;
  }
  tick(ssl);
}

/** Waits until something has happened: input, the core's timer, or somebody else handled events. */
export function awaitEvent(ssl: QuicSsl, otherwise: CallResult): Want {
  const { ticks } = ssl;
  return {
    for: 'readable',
    ready: () => somethingToDo(ssl) || ssl.ticks !== ticks,
    otherwise,
    until: ssl.core.pollTimeout(),
  };
}

/** Has something come, or has the transport got room again? Timers aside. */
export function somethingToDo(ssl: QuicSsl): boolean {
  return ssl.core.ready() || (ssl.stuck && ssl.writable());
}

function runTimer({ core, now }: QuicSsl): void {
  const due = core.pollTimeout();
  if (due !== undefined && due <= now()) core.handleTimeout(now());
}

/** 33: what has changed between two calls, or would have. */
export function noteStandstill(ssl: QuicSsl): void {
  noteDifference(ssl, 33, {
    manual: 'goes on between the calls, whoever makes them',
    'openssl-3.5': 'stands still between the calls, thread assisted or not',
  });
}

/** What can be told of a connection that nobody asks. */
export function situation({ core }: QuicSsl): string {
  const { received, acknowledged } = core.streams.counts();
  return [core.phase(), core.closesSent(), core.closeReceived(), received, acknowledged].join();
}

/** Something waits to be handled. */
export function isOverdue(ssl: QuicSsl): boolean {
  return somethingToDo(ssl) || (ssl.core.pollTimeout() ?? Number.POSITIVE_INFINITY) <= ssl.now();
}

function stepOnce(ssl: QuicSsl): void {
  const before = ssl.core.phase();
  ssl.core.step(ssl.now());
  if (before !== 'draining' && ssl.core.phase() === 'draining' && before !== 'closing') {
    noteDifference(ssl, 'close-answer', {
      manual: 'answers the CONNECTION_CLOSE of the peer with one of its own',
      'openssl-3.5': 'says nothing when the peer closes',
    });
  }
  if (before !== 'closing' || ssl.core.closeReceived()) return;
  noteDifference(ssl, 18, {
    manual: 'answers packets that come while closing with CONNECTION_CLOSE again: the 1st, 2nd, 4th, 8th',
    'openssl-3.5': 'sends CONNECTION_CLOSE once, whatever comes while closing',
  });
}

/** A shutdown that was under way goes on when everything has been acknowledged. */
function carryOn(ssl: QuicSsl): void {
  if (!ssl.owesClose) return;
  if (isEnding(ssl)) {
    ssl.owesClose = false;
    return;
  }
  if (!ssl.core.streams.flushed()) return;
  noteDifference(ssl, 24, {
    manual: 'sends CONNECTION_CLOSE from SSL_handle_events once everything is flushed',
    'openssl-3.5': 'leaves CONNECTION_CLOSE to the next call of SSL_shutdown',
  });
  if (ssl.choices.eventsClose && ssl.firstArgs !== undefined) beginClosing(ssl, ssl.firstArgs);
}
