// The REST interface as this page uses it: the session cookie and the form's CSRF token.

export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

const OFFLINE = "The connection broke off. Check it, then choose the same files again: only what is missing is sent.";
const FALLBACKS = {
  401: "Your session has ended. Sign in again in another tab, then try once more.",
  403: "Your session has ended or you may not do this. Reload the page, then try once more.",
  413: "That is larger than this server accepts.",
  429: "Too many requests at once. Wait a minute, then try again.",
};

export function api(root, token) {
  return async function call(method, path, { json, body, headers = {} } = {}) {
    let response;
    try {
      response = await fetch(root + path, {
        method,
        credentials: "same-origin",
        headers: {
          Accept: "application/json",
          "X-CSRFToken": token(),
          ...(json === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        body: json === undefined ? body : JSON.stringify(json),
      });
    } catch {
      throw new Problem(0, "offline", OFFLINE);
    }
    if (response.ok) return response.status === 204 ? null : response.json();
    throw await problem(response);
  };
}

async function problem(response) {
  let told = {};
  try {
    told = await response.json();
  } catch {
    // Not a problem document: a proxy or an error page answered.
  }
  const code = (told.type || "").split(":").pop();
  const detail = FALLBACKS[response.status] && !told.type ? FALLBACKS[response.status] : told.detail;
  return new Problem(response.status, code, detail || `The server answered ${response.status}. Try again in a moment.`);
}
