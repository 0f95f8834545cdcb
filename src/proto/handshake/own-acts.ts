import type { Millis } from '../../timeline/event.ts';
import { begin, type Connection, isOpenServer, type Occasion } from './connection.ts';
import type { HandshakeAction } from './machine.ts';

/** What a record layer lends for it. */
export type OwnActsLayer<C extends Connection> = {
  /** See `Failures`. */
  attempt(connection: C, act: () => unknown): boolean;
  carryOut(connection: C, actions: readonly HandshakeAction[], occasion: Occasion): void;
};

export type OwnActs<C extends Connection> = {
  start(connection: C, now: Millis): void;
  /** Server, 1.3: one NewSessionTicket. False: not possible. */
  sendTicket(connection: C, now: Millis): boolean;
};

/** What our own side does with the handshake, over whatever records. */
export function createOwnActs<C extends Connection>({ attempt, carryOut }: OwnActsLayer<C>): OwnActs<C> {
  return {
    start(connection, now) {
      if (!begin(connection, now)) return;
      attempt(connection, () => carryOut(connection, connection.machine.start(now), 'own'));
    },
    sendTicket(connection, now) {
      if (!isOpenServer(connection, 0x0304)) return false;
      connection.clock.now = now;
      return attempt(connection, () => {
        const actions = connection.machine.ticket(now);
        carryOut(connection, actions, 'own');
        return actions.length > 0;
      });
    },
  };
}
