// A worker: SHA-256 of a whole file and of each of its parts, in one pass and constant memory.
// WebCrypto cannot hash a stream, so the whole goes through @noble/hashes part by part.

import { sha256 } from "../vendor/noble-hashes/sha2.js";

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

async function partDigest(bytes) {
  // Absent on plain HTTP from another machine.
  if (!self.crypto.subtle) return sha256(bytes);
  return new Uint8Array(await self.crypto.subtle.digest("SHA-256", bytes));
}

self.addEventListener("message", async ({ data: { id, file, partBytes } }) => {
  try {
    const whole = sha256.create();
    const parts = [];
    for (let start = 0; start < file.size; start += partBytes) {
      const bytes = new Uint8Array(await file.slice(start, start + partBytes).arrayBuffer());
      whole.update(bytes);
      parts.push(`sha-256=:${base64(await partDigest(bytes))}:`);
      self.postMessage({ id, done: Math.min(start + partBytes, file.size) });
    }
    self.postMessage({ id, digest: `sha256:${hex(whole.digest())}`, parts });
  } catch {
    self.postMessage({ id, failed: true });
  }
});
