import type { Running } from './process.ts';

export type Tls = '1.2' | '1.3';

/** A real server that can be started on a free loopback port. */
export type Peer = {
  /** Also the name of its file of expectations. */
  name: string;
  /** What it says about its version; undefined when it is not installed. */
  version(): string | undefined;
  /** How to get it, for the line that says why it was skipped. */
  from: string;
  /** Not installed by `.ci/run`, and not missed by it. */
  optional?: true;
  /** `folder`: empty, for its configuration; taken away afterwards. */
  start(tls: Tls, folder: string): Promise<Running>;
};
