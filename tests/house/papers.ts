/** What the papers must say, given what is in the tree. Pure functions over names and texts. */

/** Folders of src/ that the map does not name as `src/x/` or `x/`. */
export function unmappedFolders(folders: readonly string[], map: string): string[] {
  return folders.filter((folder) => !new RegExp(`(^|[\\s\`(/])${folder}/`, 'm').test(map));
}

/** Man pages that package.json lists and nobody wrote, and those written and not listed. */
export function manPageProblems(listed: readonly string[], written: readonly string[]): string[] {
  return [
    ...listed.filter((page) => !written.includes(page)).map((page) => `${page} is listed but missing`),
    ...written.filter((page) => !listed.includes(page)).map((page) => `${page} is not listed`),
  ];
}

/** Targets of `exports` and `bin` that neither are in the tree nor come out of the build from a source that is. */
export function targetProblems(targets: readonly string[], tree: readonly string[]): string[] {
  return targets.filter((target) => !tree.includes(sourceOf(target.replace(/^\.\//, ''))));
}

function sourceOf(target: string): string {
  return target.replace(/^dist\/lib\/(.*?)(\.d\.ts|\.js)$/, 'src/$1.ts');
}

/** Words of the place where this was written, in a file of the project. */
export function foreignWords(path: string, text: string): string[] {
  return FOREIGN.filter((word) => word.test(text)).map((word) => `${path}: ${word.source}`);
}

/** Texts that occur twice in a list. */
export function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

// Taken apart, so that this file passes its own check.
const FOREIGN = [
  ['/wo', 'rk/'],
  ['\\.lib', 'rary/'],
  ['\\.\\./sha', 'red/'],
  ['issues sh', 'ow'],
  ['/ro', 'ot/'],
  ['/ho', 'me/\\w'],
  ['/opt/', 'py'],
  ['artif', 'actory'],
  ['Clau', 'de'],
  ['Anthr', 'opic'],
].map((parts) => new RegExp(parts.join(''), 'i'));
