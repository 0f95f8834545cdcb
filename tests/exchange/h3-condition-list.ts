import { fromHex } from '../../src/wire/bytes.ts';
import { H3_FRAME } from '../../src/wire/h3-frames.ts';
import { CONTROL, DATA, data, frame, GET, give, HEADERS, headers, type Side, settings } from './h3-tools.ts';

// The server conditions of HTTP/3 and QPACK that h3spec checks, under the names it gives them. A client's streams: 0 is a
// request, 2 its control stream, 6 QPACK's encoder stream, 10 the decoder stream.
export const CONDITIONS: { name: string; clause: string; act: (server: Side) => void; verdict: string }[] = [
  {
    ...{ name: 'DATA is received before HEADERS', clause: 'RFC 9114 §4.1', verdict: 'close 0x105' },
    act: (server) => data(server, 0n, frame(DATA, new Uint8Array(3))),
  },
  {
    ...{ name: 'a pseudo-header is duplicated', clause: 'RFC 9114 §4.3', verdict: 'reset 0x10e' },
    act: (server) => data(server, 0n, headers(...GET, [':method', 'GET'])),
  },
  {
    ...{
      name: 'mandatory pseudo-header fields are absent',
      clause: 'RFC 9114 §4.3.1',
      verdict: 'reset 0x10e',
    },
    act: (server) => data(server, 0n, headers([':method', 'GET'], [':authority', 'example.org'])),
  },
  {
    ...{
      name: 'prohibited pseudo-header fields are present',
      clause: 'RFC 9114 §4.3',
      verdict: 'reset 0x10e',
    },
    act: (server) => data(server, 0n, headers(...GET, [':status', '200'])),
  },
  {
    ...{ name: 'pseudo-header fields exist after fields', clause: 'RFC 9114 §4.3', verdict: 'reset 0x10e' },
    act: (server) => data(server, 0n, headers(...GET.slice(0, 3), ['x', 'y'], [':path', '/'])),
  },
  {
    ...{ name: 'the first control frame is not SETTINGS', clause: 'RFC 9114 §6.2.1', verdict: 'close 0x10a' },
    act: (server) => data(server, 2n, Uint8Array.of(0), frame(H3_FRAME.MAX_PUSH_ID, Uint8Array.of(0))),
  },
  {
    ...{
      name: 'a DATA frame is received on a control stream',
      clause: 'RFC 9114 §7.2.1',
      verdict: 'close 0x105',
    },
    act: (server) => data(server, 2n, CONTROL, frame(DATA, new Uint8Array(0))),
  },
  {
    ...{
      name: 'a HEADERS frame is received on a control stream',
      clause: 'RFC 9114 §7.2.2',
      verdict: 'close 0x105',
    },
    act: (server) => data(server, 2n, CONTROL, frame(HEADERS, new Uint8Array(0))),
  },
  {
    ...{ name: 'a second SETTINGS frame is received', clause: 'RFC 9114 §7.2.4', verdict: 'close 0x105' },
    act: (server) => data(server, 2n, CONTROL, settings()),
  },
  {
    ...{ name: 'duplicate setting identifiers exist', clause: 'RFC 9114 §7.2.4', verdict: 'close 0x109' },
    act: (server) => data(server, 2n, Uint8Array.of(0), settings([6n, 1n], [6n, 1n])),
  },
  {
    ...{ name: 'HTTP/2 settings are included', clause: 'RFC 9114 §7.2.4.1', verdict: 'close 0x109' },
    act: (server) => data(server, 2n, Uint8Array.of(0), settings([2n, 0n])),
  },
  {
    ...{
      name: 'CANCEL_PUSH is received in a request stream',
      clause: 'RFC 9114 §7.2.3',
      verdict: 'close 0x105',
    },
    act: (server) => data(server, 0n, frame(H3_FRAME.CANCEL_PUSH, Uint8Array.of(0))),
  },
  {
    name: 'an invalid static table index exists in a field line representation',
    ...{ clause: 'RFC 9204 §3.1', verdict: 'close 0x200' },
    act: (server) => data(server, 0n, frame(HEADERS, fromHex('0000ff24'))),
  },
  {
    name: 'a new dynamic table capacity value exceeds the limit',
    ...{ clause: 'RFC 9204 §4.1.3', verdict: 'close 0x201' },
    act: (server) => data(server, 6n, fromHex('023fe11f')),
  },
  {
    ...{ name: 'a control stream is closed', clause: 'RFC 9114 §6.2.1', verdict: 'close 0x104' },
    act(server) {
      data(server, 2n, CONTROL);
      give(server, { kind: 'fin', stream: 2n });
    },
  },
  {
    ...{ name: 'Insert Count Increment is 0', clause: 'RFC 9204 §4.4.3', verdict: 'close 0x202' },
    act: (server) => data(server, 10n, fromHex('0300')),
  },
];
