// Type-checks the whole and, separately, every pure folder of src/ (whose own tsconfig takes Node's types away).
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, 'src', entry.name, 'tsconfig.json')))
  .map((entry) => `src/${entry.name}/tsconfig.json`);
const projects = ['tsconfig.json', ...folders];

const check = (project) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { cwd: root });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('close', (code) => resolve({ project, code, output }));
  });

const results = [];
const queue = [...projects];
const worker = async () => {
  for (let project = queue.shift(); project !== undefined; project = queue.shift()) {
    results.push(await check(project));
  }
};
await Promise.all([worker(), worker()]);

// A folder without any file of its own yet is no fault (TS18003).
const failed = results.filter(({ code, output }) => code !== 0 && !output.includes('TS18003'));
for (const { project, output } of failed) console.error(`${project}\n${output}`);
console.log(`types: ${projects.length - failed.length} of ${projects.length} projects pass`);
process.exitCode = failed.length === 0 ? 0 : 1;
