// Sends what an upload still lacks, a few parts at a time, and tries each again when it fails.

const AT_ONCE = 3;
const TRIES = 4;
const OCTETS = { "Content-Type": "application/octet-stream" };

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

export async function transfer(call, upload, files, { partBytes, onSent }) {
  const queue = [];
  for (const remote of upload.files) {
    const local = files.get(remote.path);
    const received = new Set(remote.received);
    for (let number = 1; number <= remote.parts; number += 1) {
      const start = (number - 1) * partBytes;
      const bytes = Math.min(partBytes, local.file.size - start);
      if (remote.complete || received.has(number)) onSent(local, bytes);
      else queue.push({ remote, local, number, start, bytes });
    }
    if (remote.parts === 0) onSent(local, 0);
  }
  let failed = null;
  async function work() {
    while (queue.length && !failed) {
      const part = queue.shift();
      try {
        await send(call, upload, part, partBytes);
        onSent(part.local, part.bytes);
      } catch (error) {
        failed = error;
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (failed) throw failed;
}

async function send(call, upload, { remote, local, number, start }, partBytes) {
  const path = `uploads/${upload.id}/files/${remote.id}/parts/${number}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await call("PUT", path, {
        body: local.file.slice(start, start + partBytes),
        headers: { ...OCTETS, "Content-Digest": local.parts[number - 1] },
      });
      return;
    } catch (error) {
      const passing = error.status === 0 || error.status >= 500 || error.status === 429;
      if (!passing || attempt === TRIES) throw error;
      await pause(500 * 2 ** attempt);
    }
  }
}

// The open upload of exactly these files, if there is one: that is how a broken transfer resumes.
export async function resumable(call, announced) {
  const wanted = fingerprint(announced);
  const { results } = await call("GET", "uploads/");
  for (const { id } of results.slice(0, 20)) {
    const upload = await call("GET", `uploads/${id}/`);
    if (upload.state === "open" && fingerprint(upload.files) === wanted) return upload;
  }
  return null;
}

const fingerprint = (files) => files
  .map(({ path, digest }) => `${digest} ${path.normalize("NFC")}`)
  .sort()
  .join("\n");
