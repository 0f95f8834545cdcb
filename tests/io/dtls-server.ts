import { createSocket, type Socket } from 'node:dgram';
import { afterEach, expect } from 'vitest';
import { toServePlan } from '../../src/catalog/behaviour.ts';
import { findBehaviour } from '../../src/catalog/behaviours/find.ts';
import { createDatagramCores } from '../../src/driver/serve/datagram-core.ts';
import { createNativeProvider } from '../../src/io/native-crypto.ts';
import { createRandom } from '../../src/io/random.ts';
import { createDatagramServer } from '../../src/io/serve-udp.ts';
import type { Server } from '../../src/io/server-life.ts';
import type { RecordCore } from '../../src/proto/core.ts';
import { createSimIdentity, createSimTrust } from '../../src/sim/identity.ts';
import { createRandom as createDice } from '../../src/sim/random.ts';
import type { TimelineEvent } from '../../src/timeline/event.ts';
import { ascii, fromAscii } from '../../src/wire/bytes.ts';
import { dtlsEnd } from '../proto/dtls-pair.ts';

const provider = createNativeProvider();
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const server of servers.splice(0)) await server.close();
});

export async function start() {
  const identity = createSimIdentity(provider, createDice(1, 'identity'), 'localhost');
  const deps = { random: createRandom(), provider, peerAuth: createSimTrust(provider) };
  const behaviour = findBehaviour('well-behaved', 'dtls');
  if (behaviour === undefined) throw new Error('no such behaviour');
  const events: TimelineEvent[] = [];
  const server = await createDatagramServer({
    plan: toServePlan(behaviour),
    cores: createDatagramCores({ identity, deps, connectionIds: true }),
    onEvent: (event) => events.push(event),
  });
  servers.push(server);
  return { server, events };
}

export type Place = { socket: Socket; address: string; got: Uint8Array[] };

/** One of the client's addresses. */
export async function place(server: Server): Promise<Place> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.connect(server.port, '127.0.0.1', resolve));
  const got: Uint8Array[] = [];
  socket.on('message', (data) => got.push(data));
  return { socket, address: `127.0.0.1:${socket.address().port}`, got };
}

export function unitsOf(core: RecordCore): Uint8Array[] {
  const units: Uint8Array[] = [];
  for (let unit = core.peekTransmit(); unit !== undefined; unit = core.peekTransmit()) {
    units.push(unit.slice());
    core.transmitted();
  }
  return units;
}

export async function until(ready: () => boolean): Promise<void> {
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Takes what came to that place; gives the texts in it. */
export function read(core: RecordCore, at: Place): string[] {
  const texts: string[] = [];
  for (const data of at.got.splice(0)) core.receive(0, { kind: 'bytes', data });
  for (let step = core.step(0); step.kind !== 'idle'; step = core.step(0))
    if (step.kind === 'data') texts.push(fromAscii(step.data));
  return texts;
}

/** A client with a connection ID that has shaken hands from there. */
export async function shaken(server: Server, both: object, at?: Place, seed?: number) {
  const home = at ?? (await place(server));
  const { core } = dtlsEnd('client', {
    both: { ...both, connectionId: { own: new Uint8Array(0) } },
    seed: seed ?? home.socket.address().port,
  });
  core.start(0);
  while (core.phase() === 'handshake') {
    for (const unit of unitsOf(core)) home.socket.send(unit);
    await until(() => home.got.length > 0);
    read(core, home);
  }
  for (const unit of unitsOf(core)) home.socket.send(unit);
  return { core, home };
}

/** Sends that text from there, and waits for it to come back there. */
export async function echo(core: RecordCore, at: Place, text: string): Promise<void> {
  at.socket.send(sealed(core, text));
  const texts: string[] = [];
  await until(() => {
    texts.push(...read(core, at));
    return texts.length > 0;
  });
  expect(texts).toEqual([text]);
}

/** A record with that text, sealed and not sent. */
export function sealed(core: RecordCore, text: string): Uint8Array {
  core.sendData(ascii(text));
  const [unit] = unitsOf(core).slice(-1);
  if (unit === undefined) throw new Error('nothing to send');
  return unit;
}
