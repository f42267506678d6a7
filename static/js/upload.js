// The upload page: choose, hash, announce or resume, send, confirm what was recognised, publish.

import { Problem, api } from "./api.js";
import { fromDrop, fromInput } from "./picking.js";
import { resumable, transfer } from "./transfer.js";

const page = document.getElementById("upload");
const $ = (id) => document.getElementById(id);
const partBytes = Number(page?.dataset.partBytes);
const call = page && api(page.dataset.api, () => page.querySelector("[name=csrfmiddlewaretoken]").value);
let upload = null;
let run = 0;

const UNITS = ["B", "KB", "MB", "GB"];
function size(bytes) {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power ? 1 : 0)} ${UNITS[power]}`;
}

function step(name) {
  for (const item of document.querySelectorAll("#steps > li")) {
    if (item.dataset.step === name) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
  $("choose").hidden = name !== "choose";
  $("send").hidden = name === "choose";
  $("confirm").hidden = name !== "confirm";
}

function complain(error) {
  const known = error instanceof Problem;
  if (!known) console.error(error);
  $("problem-text").textContent = known ? error.message : "This page met an unexpected error. Reload it and choose the same files again.";
  $("problem").hidden = false;
  $("problem").focus();
}

function rows(files) {
  $("transfers").replaceChildren(...files.map((item) => {
    const row = $("transfer").content.firstElementChild.cloneNode(true);
    row.querySelector(".path").textContent = item.path;
    const bar = row.querySelector("progress");
    bar.max = Math.max(item.file.size, 1);
    bar.setAttribute("aria-label", `Progress of ${item.path}`);
    item.bar = bar;
    item.label = row.querySelector(".state");
    item.label.textContent = size(item.file.size);
    item.sent = 0;
    return row;
  }));
}

// Hashes files one after the other in a worker; resolves when each has its digest.
function hashed(files, current) {
  const worker = new Worker(page.dataset.worker, { type: "module" });
  return new Promise((resolve, reject) => {
    let index = 0;
    const next = () => {
      if (current !== run || index === files.length) {
        worker.terminate();
        resolve();
        return;
      }
      files[index].label.textContent = "Reading";
      worker.postMessage({ id: index, file: files[index].file, partBytes });
    };
    worker.addEventListener("error", (event) => reject(new Error(event.message)));
    worker.addEventListener("message", ({ data }) => {
      const item = files[data.id];
      if (data.failed) {
        worker.terminate();
        reject(new Problem(0, "unreadable", `“${item.path}” cannot be read. It may have changed since you chose it: choose the files again.`));
      } else if (data.digest) {
        Object.assign(item, { digest: data.digest, parts: data.parts });
        item.bar.value = 0;
        item.label.textContent = "Waiting";
        index += 1;
        next();
      } else {
        item.bar.value = data.done;
      }
    });
    next();
  });
}

function progress(files) {
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  let sent = 0;
  const show = () => {
    $("overall").value = total ? sent / total : 1;
    $("total").textContent = `${size(sent)} of ${size(total)} in ${files.length} file${files.length === 1 ? "" : "s"}`;
  };
  show();
  return (item, bytes) => {
    sent += bytes;
    item.sent += bytes;
    item.bar.value = item.file.size ? item.sent : 1;
    item.label.textContent = item.sent === item.file.size ? "Sent" : `${size(item.sent)} sent`;
    item.label.classList.toggle("is-pass", item.sent === item.file.size);
    show();
  };
}

async function start(files) {
  const current = ++run;
  $("problem").hidden = true;
  if (!files.length) throw new Problem(0, "empty", "There are no files in that folder. Choose one that holds your package.");
  if (files.length > Number(page.dataset.maxFiles)) {
    throw new Problem(0, "too-many", `${files.length} files are too many: a version holds ${page.dataset.maxFiles} at the most. Pack them into one archive.`);
  }
  step("send");
  rows(files);
  $("total").textContent = "Computing digests";
  await hashed(files, current);
  if (current !== run) return;
  const announced = files.map(({ path, file, digest }) => ({ path, size: file.size, digest }));
  upload = await resumable(call, announced) || await call("POST", "uploads/", { json: { files: announced } });
  // The server normalises paths; look files up by its spelling.
  const known = new Map(files.map((item) => [item.path.normalize("NFC"), item]));
  await transfer(call, upload, known, { partBytes, onSent: progress(files) });
  if (current !== run) return;
  confirm(await call("POST", `uploads/${upload.id}/inspect`));
}

function fact(term, text) {
  const row = document.createElement("div");
  const dt = document.createElement("dt");
  const dd = document.createElement("dd");
  dt.textContent = term;
  dd.textContent = text;
  row.append(dt, dd);
  return row;
}

function confirm({ format, descriptor, problems }) {
  if (!descriptor || problems.length) {
    throw new Problem(400, "unrecognised", problems.join(" ") || "No known format was recognised. Add the manifest of its format, or an assay.toml that names it, then choose the files again.");
  }
  const permissions = Object.entries(descriptor.permissions || {})
    .filter(([, items]) => items.length)
    .map(([need, items]) => `${need}: ${items.join(", ")}`);
  const declared = descriptor.permissionsDeclared ?? descriptor.permissions_declared;
  $("recognised").replaceChildren(
    fact("Format", format),
    fact("Title", descriptor.title || descriptor.name || "Not stated"),
    fact("Summary", descriptor.summary || "Not stated"),
    fact("Licence", descriptor.licence || "Not stated"),
    fact("Permissions", permissions.join("; ") || (declared ? "None needed" : "None declared")),
    fact("Declared in", descriptor.source || "No manifest"),
  );
  const [namespace, name] = descriptor.name.includes("/") ? descriptor.name.split("/") : ["", descriptor.name];
  if (Array.from($("namespace").options, ({ value }) => value).includes(namespace)) $("namespace").value = namespace;
  $("name").value = name;
  $("version").value = descriptor.version;
  step("confirm");
  $("confirm-title").focus();
}

async function publish() {
  $("problem").hidden = true;
  const name = `${$("namespace").value}/${$("name").value.trim()}`;
  const version = await call("POST", `uploads/${upload.id}/publish`, { json: { name, version: $("version").value.trim() } });
  window.location.assign(`${page.dataset.portal}versions/${version.package}/${encodeURIComponent(version.version)}/`);
}

function reset() {
  run += 1;
  upload = null;
  $("files").value = "";
  $("folder").value = "";
  $("problem").hidden = true;
  step("choose");
}

// Runs one act; whatever goes wrong in it becomes a sentence on the page.
const guarded = (act) => async (event) => {
  try {
    await act(event);
  } catch (error) {
    complain(error);
  }
};

if (page) {
  $("pick-files").addEventListener("click", () => $("files").click());
  $("pick-folder").addEventListener("click", () => $("folder").click());
  for (const id of ["files", "folder"]) {
    $(id).addEventListener("change", guarded(() => start(fromInput($(id)))));
  }
  const drop = $("drop");
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", guarded(async (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    await start(await fromDrop(event.dataTransfer));
  }));
  $("again").addEventListener("click", reset);
  $("abort").addEventListener("click", guarded(async () => {
    await call("DELETE", `uploads/${upload.id}/`);
    reset();
  }));
  $("publish").addEventListener("submit", guarded(async (event) => {
    event.preventDefault();
    const button = event.submitter;
    button.disabled = true;
    try {
      await publish();
    } finally {
      button.disabled = false;
    }
  }));
}
