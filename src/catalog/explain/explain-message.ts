import { CAUSES } from '../causes/all-causes.ts';
import { type Explanation, ofCause, type Space } from './explanation.ts';
import { findBareCodes, isBare } from './find-bare.ts';
import { findCauses } from './find-causes.ts';
import { findCodes } from './find-codes.ts';
import { nearestCauses, nearestNames } from './nearest.ts';
import { type Meter, type Prepared, prepare } from './shape.ts';
import { tokensOf } from './tokens.ts';

/** `space`: only meanings of that space. `alpn`: what the connection spoke, for QUIC's application codes. */
export type ExplainOptions = { space?: Space; alpn?: string };

export type ExplainResult = {
  /** False: nothing fits, and `candidates` are merely near. */
  matched: boolean;
  /** The likeliest first; 20 at most. */
  candidates: readonly Explanation[];
  /** Registered names that the text is nearly, where nothing fits. */
  similarNames: readonly string[];
  /** The text was longer than INPUT_LIMIT, and its end was not read. */
  cut: boolean;
};

/** Characters that are looked at. */
export const INPUT_LIMIT = 1024 * 1024;

/**
 * What an error message, a log line, a stack trace or a code says about the end of a connection. Takes time linear in the length of the
 * text, whatever it is, counted in `meter`. Never throws.
 */
export function explainMessage(
  input: string,
  options: ExplainOptions = {},
  meter: Meter = { steps: 0 },
): ExplainResult {
  const cut = input.length > INPUT_LIMIT;
  const prepared = prepare(cut ? input.slice(0, INPUT_LIMIT) : input);
  const { text } = prepared;
  const found = unique([...byId(text), ...candidatesOf(prepared, options, meter)]).filter(
    ({ space }) => options.space === undefined || space === options.space,
  );
  if (found.length > 0) return { matched: true, candidates: found.slice(0, MOST), similarNames: [], cut };
  const fits = options.space === undefined || options.space === 'message';
  const near = fits ? nearestCauses(text, NEAR).map((cause) => ofCause(cause, '')) : [];
  return { matched: false, candidates: near, similarNames: nearestNames(text, NEAR), cut };
}

/** A message says more than the codes in it; where there are only codes, they come before what is known to go with them. */
function candidatesOf(prepared: Prepared, options: ExplainOptions, meter: Meter): Explanation[] {
  const { text } = prepared;
  const tokens = tokensOf(text);
  const bare = isBare(tokens);
  const hits = findCauses(prepared, meter);
  const messages = hits.filter(({ cause }) => !bare || cause.kind === undefined);
  const symptoms = hits.filter(({ cause }) => bare && cause.kind === 'symptom');
  const codes = bare ? findBareCodes(text, tokens, options) : findCodes(text, tokens, options, meter);
  const ofHit = ({ cause, from, to }: (typeof hits)[number]): Explanation =>
    ofCause(cause, text.slice(from, Math.min(to, from + EXCERPT)));
  return [
    ...messages.map(ofHit),
    ...codes.sort((a, b) => b.weight - a.weight).map(({ meaning }) => meaning),
    ...symptoms.map(ofHit),
  ];
}

/** An entry can be asked for by its id. */
function byId(text: string): Explanation[] {
  const cause = CAUSES.find(({ id }) => id === text);
  return cause === undefined ? [] : [ofCause(cause, text)];
}

function unique(all: readonly Explanation[]): Explanation[] {
  const seen = new Set<string>();
  return all.filter(({ id }) => !seen.has(id) && seen.add(id) !== undefined);
}

const MOST = 20;
const NEAR = 3;
const EXCERPT = 160;
