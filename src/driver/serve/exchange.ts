import { createH2Reader, type H2Request, h2Answer, looksLikeH2 } from '../../exchange/h2-server.ts';
import {
  CONTINUE,
  createRequestReader,
  type HttpRequest,
  httpAnswer,
  looksLikeHttp,
  type RequestReader,
} from '../../exchange/http-server.ts';
import { concat } from '../../wire/bytes.ts';
import { type Task, until } from '../task.ts';
import { takeHeard } from './hear.ts';
import { drained, playStep, type Serving } from './steps.ts';

/**
 * `answered`: a request has come · `early`: the head of one · `closing`: the client closed first · `idle`: it said nothing for as long as
 * the plan waits · `nothing`: it is gone.
 */
export type ExchangeEnd = 'answered' | 'early' | 'closing' | 'idle' | 'nothing';

/** What is said before the end. When a request is to be the last, its answer waits in `serving.answer`. */
export function* exchange(serving: Serving): Task<ExchangeEnd> {
  const { plan } = serving;
  let kind = plan.exchange;
  let first: Uint8Array = NOTHING;
  const speak = { http: createHttp(serving), h2: createH2(serving) };
  for (let known = false; ; ) {
    const more = yield* nextData(serving);
    if (typeof more === 'string') return more;
    let data = more;
    if (!known && (kind === 'auto' || kind === 'h2')) {
      first = concat(first, data);
      const found = spokenIn(first);
      if (found === 'maybe') continue;
      kind = found;
      known = true;
      data = first;
    }
    if (kind === 'echo') yield* say(serving, data);
    if (kind !== 'http' && kind !== 'h2') continue;
    const end = yield* speak[kind](data);
    if (end !== undefined) return end;
  }
}

function spokenIn(first: Uint8Array): 'http' | 'h2' | 'echo' | 'maybe' {
  const [h2, http] = [looksLikeH2(first), looksLikeHttp(first)];
  if (h2 === 'yes') return 'h2';
  if (http === 'yes') return 'http';
  return h2 === 'maybe' || http === 'maybe' ? 'maybe' : 'echo';
}

/** Takes what comes; says so when a request came that is to be the last. */
function createHttp(serving: Serving): (data: Uint8Array) => Task<'answered' | 'early' | undefined> {
  const { plan } = serving;
  let reader: RequestReader = createRequestReader();
  let answered = 0;
  return function* (data) {
    const result = reader.feed(data);
    const pending = reader.pending();
    if (plan.early !== undefined && pending !== undefined) {
      serving.answer = answerTo(serving, pending, false, plan.earlyStatus);
      return 'early';
    }
    if (result.kind === 'continue') yield* say(serving, CONTINUE);
    if (result.kind !== 'request') return undefined;
    const stays = answered < (plan.keepAlive ?? 0);
    serving.answer = answerTo(serving, result.request, stays);
    if (!stays) return 'answered';
    answered += 1;
    reader = createRequestReader();
    yield* playStep(serving, { peer: 'respond' });
    return undefined;
  };
}

/** The same in HTTP/2. An answer that is early or the last one comes with GOAWAY. */
function createH2(serving: Serving): (data: Uint8Array) => Task<ExchangeEnd | undefined> {
  const { plan } = serving;
  const reader = createH2Reader();
  let answered = 0;
  const answer = (request: H2Request, stays: boolean, status = '200 OK'): void => {
    const made = h2Answer({ ...plan, stays, status }, request);
    serving.answer = made.bytes;
    reader.sent(made.body);
  };
  return function* (data) {
    for (let heard = reader.feed(data); ; heard = reader.feed(NOTHING)) {
      if (heard.say.length > 0) yield* say(serving, heard.say);
      if (heard.broken) return 'nothing';
      const { request } = heard;
      const pending = reader.pending();
      if (plan.early !== undefined && request === undefined && pending !== undefined) {
        answer(pending, false, plan.earlyStatus);
        return 'early';
      }
      if (request === undefined) return undefined;
      const stays = answered < (plan.keepAlive ?? 0);
      answer(request, stays);
      if (!stays) return 'answered';
      answered += 1;
      yield* playStep(serving, { peer: 'respond' });
    }
  };
}

function answerTo({ plan }: Serving, request: HttpRequest, stays: boolean, status = '200 OK'): Uint8Array {
  // An answer after which the connection stays has to say its length.
  const framing = stays && plan.framing === 'close' ? 'length' : plan.framing;
  return httpAnswer({ ...plan, framing, stays, status }, request);
}

function* nextData(serving: Serving): Task<Uint8Array | 'closing' | 'idle' | 'nothing'> {
  const { heard, seen, plan, peer } = serving;
  const { clock } = peer.channel.scheduler;
  const any = (): boolean =>
    heard.waitingBytes > 0 || heard.closeNotify || heard.over || seen.peerReset !== undefined;
  const came = yield* until('the client', any, clock.now() + plan.limits.idle);
  if (heard.waitingBytes > 0) return takeHeard(heard);
  if (!came) {
    if (plan.idle !== undefined) return 'idle';
    peer.channel.emit({ kind: 'limit', phase: 'exchange', ms: plan.limits.idle });
  }
  return heard.closeNotify || heard.fin ? 'closing' : 'nothing';
}

function* say(serving: Serving, data: Uint8Array): Task<void> {
  // Whose behaviour was to close first has nothing more to say.
  if (serving.seen.ourClose !== undefined) return;
  serving.peer.channel.core.sendData(data);
  yield* drained(serving);
}

const NOTHING = new Uint8Array(0);
