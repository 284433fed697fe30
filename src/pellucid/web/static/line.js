// The line to the server this page came from: a session's name, addresses that carry it, what is posted there.

const LOST = "pellucid does not answer. Is it still running? Start it again, then reload this page.";

/** Return a name that nobody else draws. */
export const drawn = (bytes) => Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Return a function (path, query) that gives an address of a session. */
export const addresses = (session) => (path, query = {}) => `${path}?${new URLSearchParams({ session, ...query })}`;

/** Ask and return the answers; what went wrong is one of them, in words, with `lost` where nobody answered. */
export async function ask(address, options = {}) {
  try {
    const response = await fetch(address, options);
    return response.ok ? await response.json() : [{ kind: "error", text: await response.text() }];
  } catch {
    return [{ kind: "error", text: LOST, lost: true }];
  }
}

/** Post and return the answers. */
export const post = (address, body) => ask(address, { method: "POST", body });
