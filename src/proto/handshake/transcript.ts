import type { CryptoProvider, HashName, RunningHash } from '../../crypto/provider.ts';
import type { Who } from '../../timeline/event.ts';
import { concat } from '../../wire/bytes.ts';
import { encodeHandshake, HANDSHAKE } from '../../wire/handshake.ts';
import type { Flavor } from './flavor.ts';

/** The handshake messages so far (RFC 9846 §4.1). The hash is known only after the ServerHello: till then they wait. */
export type Transcript = {
  /** `sequence`: the message_seq it came with, where messages have one; else the next of its sender. */
  add(by: Who, message: Uint8Array, sequence?: number): void;
  /** Forgets the messages, not their numbers: a HelloVerifyRequest and the ClientHello before it count for nothing (RFC 6347 §4.2.1). */
  forget(): void;
  /** A message that is in no transcript takes a number all the same. */
  skip(by: Who, sequence?: number): void;
  /** From now on `digest` answers. A second call (after a HelloRetryRequest) does nothing. */
  begin(hash: HashName, version: 0x0303 | 0x0304): void;
  /** Replaces the first ClientHello by its hash, before the HelloRetryRequest is added. `digest`: when there is no more of it. */
  retry(digest?: Uint8Array): void;
  digest(): Uint8Array;
  /** Over the messages so far and this beginning of one more, with any hash: for PSK binders. */
  digestWith(hash: HashName, partial: Uint8Array): Uint8Array;
  /** The messages themselves: what a TLS 1.2 CertificateVerify signs. */
  bytes(): Uint8Array;
};

export function createTranscript(provider: CryptoProvider, flavor: Flavor): Transcript {
  let messages: Uint8Array[] = [];
  let waiting: Numbered[] = [];
  let running: { hash: RunningHash; version: 0x0303 | 0x0304 } | undefined;
  const sequence = { local: 0, peer: 0 };

  const take = ({ message, number }: Numbered, version: 0x0303 | 0x0304): void => {
    const framed = flavor.frame(message, number, version);
    messages.push(framed);
    running?.hash.update(framed);
  };
  const restart = (hash: HashName, version: 0x0303 | 0x0304): void => {
    running = { hash: provider.hash(hash), version };
    for (const message of messages) running.hash.update(message);
  };
  let hashName: HashName = 'sha256';

  return {
    add(by, message, number = sequence[by]) {
      sequence[by] = number + 1;
      if (running === undefined) waiting.push({ message, number });
      else take({ message, number }, running.version);
    },
    forget() {
      waiting = [];
    },
    skip(by, number = sequence[by]) {
      sequence[by] = number + 1;
    },
    begin(hash, version) {
      if (running !== undefined) return;
      hashName = hash;
      for (const numbered of waiting) take(numbered, version);
      waiting = [];
      restart(hash, version);
    },
    retry(known) {
      const digest = known ?? this.digest();
      messages = [encodeHandshake(HANDSHAKE.message_hash, (writer) => writer.raw(digest))];
      if (running !== undefined) restart(hashName, running.version);
    },
    digest() {
      if (running === undefined) throw new Error('the transcript has no hash yet');
      return running.hash.digest();
    },
    digestWith(hash, partial) {
      const fresh = provider.hash(hash);
      for (const message of messages) fresh.update(message);
      for (const { message } of waiting) fresh.update(message);
      fresh.update(partial);
      return fresh.digest();
    },
    bytes: () => concat(...messages),
  };
}

type Numbered = { message: Uint8Array; number: number };
