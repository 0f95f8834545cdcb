// A server as people write it with Node's tls module: answer the first request and end. Prints "port N" once it listens;
// goes on until its standard input ends.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';

const [cert, key, tls] = process.argv.slice(2);
const version = `TLSv${tls}`;
const server = createServer(
  { cert: readFileSync(cert), key: readFileSync(key), minVersion: version, maxVersion: version },
  (socket) => {
    socket.on('error', (error) => console.error('error', error.message));
    socket.once('data', () =>
      socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello from Node\n'),
    );
  },
);
server.listen(0, '127.0.0.1', () => console.log('port', server.address().port));
process.stdin.on('end', () => process.exit()).resume();
