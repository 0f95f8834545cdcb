import type { Socket } from 'node:net';

/**
 * Node destroys a socket as soon as a write fails, and with it whatever had arrived before the reset and was not read yet.
 * Here destruction by a failed write waits until nothing more comes: the connection is dead, so it ends soon.
 * `wanted`: is there still anybody who would read?
 */
export function readOutBeforeDestroy(socket: Socket, wanted: () => boolean): void {
  const destroy = socket.destroy.bind(socket);
  let readingOut = false;
  socket.destroy = (error?: NodeJS.ErrnoException): Socket => {
    if (error === undefined || error.syscall !== 'write' || readingOut || !wanted()) return destroy(error);
    readingOut = true;
    let quiet = 0;
    let seen = socket.bytesRead;
    const turn = (): void => {
      quiet = socket.bytesRead === seen ? quiet + 1 : 0;
      seen = socket.bytesRead;
      if (quiet < QUIET_TURNS && !socket.destroyed && wanted()) setImmediate(turn);
      else destroy(error);
    };
    setImmediate(turn);
    return socket;
  };
}

/** Each turn of the event loop polls once; after a read that did not fill its buffer, reading rests for a turn. */
const QUIET_TURNS = 3;
