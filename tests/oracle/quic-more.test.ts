import { holdTo } from './many-cases.ts';

holdTo('quic-more.ndjson', ['quic'], {});
