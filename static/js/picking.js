// What was dropped or chosen, as a list of {path, file} with paths relative to the package root.

const SKIPPED = /(^|\/)(\.git|\.hg|\.svn|\.venv|node_modules|__pycache__|\.DS_Store)(\/|$)/;

export function fromInput(input) {
  return trimmed(Array.from(input.files, (file) => ({ path: file.webkitRelativePath || file.name, file })));
}

export async function fromDrop(transfer) {
  // Entries must be taken before the first await: the list is emptied after the event.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter(Boolean);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return trimmed(found);
}

async function walk(entry, found) {
  const path = entry.fullPath.replace(/^\//, "");
  if (SKIPPED.test(path)) return;
  if (entry.isFile) {
    found.push({ path, file: await new Promise((resolve, reject) => { entry.file(resolve, reject); }) });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives at most a hundred entries a call.
    const batch = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!batch.length) return;
    for (const child of batch) await walk(child, found);
  }
}

function trimmed(found) {
  const kept = found.filter(({ path }) => !SKIPPED.test(path));
  const tops = new Set(kept.map(({ path }) => (path.includes("/") ? path.split("/")[0] : "")));
  const [top] = tops;
  if (tops.size !== 1 || !top) return kept;
  return kept.map(({ path, file }) => ({ path: path.slice(top.length + 1), file }));
}
