import { hash } from "node:crypto";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f4f5f7, #0f1216);
  color: light-dark(#1a1e24, #e6e9ee); }
main { box-sizing: border-box; width: min(26rem, 100vw - 2rem); padding: 2rem; background: light-dark(#fff, #171b21);
  border: 1px solid light-dark(#d5d9e0, #2b313a); border-radius: 10px; }
h1 { margin: 0 0 .25rem; font-size: 1.25rem; }
p { margin: .25rem 0 1.25rem; color: light-dark(#545b66, #a3abb8); font-size: .9rem; }
label { display: block; font-weight: 600; font-size: .9rem; margin-bottom: .35rem; }
input, button { box-sizing: border-box; width: 100%; font: inherit; padding: .55rem .7rem; border-radius: 6px; }
input { border: 1px solid light-dark(#8a919c, #68717e); background: light-dark(#fff, #0f1216); color: inherit; }
form + form { margin-top: 1.5rem; padding-top: 1.5rem; border-top: 1px solid light-dark(#d5d9e0, #2b313a); }
label + input + label { margin-top: .9rem; }
button { margin-top: .9rem; border: 0; background: light-dark(#1a5fb4, #2b6cb8); color: #fff; font-weight: 600; cursor: pointer; }
form + form button { border: 1px solid light-dark(#8a919c, #68717e); background: none; color: inherit; }
button, input { outline-offset: 2px; }
.problem { color: light-dark(#b3261e, #ff8a80); font-weight: 600; }
code { font-size: .85em; }
`;

/** For the sign-in page: its one style by hash, and a form that goes nowhere else. */
export const SIGN_IN_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash("sha256", STYLE, "base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

export interface SignInPageOptions {
  /** There are users with passwords, or may be. */
  readonly users: boolean;
  /** Tokens of the home cluster let in. */
  readonly cluster: boolean;
  /** Our own words, never what somebody sent. */
  readonly problem?: string | undefined;
}

/** The page that takes name and password, or a token, by hand. */
export function signInPage({ users, cluster, problem }: SignInPageOptions): string {
  const told = problem === undefined ? "" : `<p class="problem" role="alert">${problem}</p>`;
  const lead = `<p>${leadOf(users, cluster)}</p>`;
  return page(
    "Sign in to Binnacle",
    `<h1>Binnacle</h1>\n${lead}\n${told}${users ? passwordForm() : ""}${tokenForm(!users)}`,
  );
}

function leadOf(users: boolean, cluster: boolean): string {
  const ofCluster = "a token of the cluster, such as <code>kubectl create token</code> prints";
  if (users && cluster) return `Sign in with the name and password that you were given, or with ${ofCluster}.`;
  if (users) return "Sign in with the name and password, or the token, that you were given.";
  if (cluster) return `Sign in with ${ofCluster}, or with the appliance's own.`;
  return "Open the sign-in link that <code>binnacle up</code> printed, or give the token: the file <code>token</code> in the state directory.";
}

/**
 * Without an action a form goes to the page's own address, and what stands there behind # to the page that follows (Fetch, HTTP-redirect
 * fetch, step 6): who opened a link to a filter, or was signed out with one, is led there.
 */
function passwordForm(): string {
  return `<form method="post">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" required autofocus spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button>
</form>
`;
}

function tokenForm(first: boolean): string {
  return `<form method="post">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="${first ? "current-password" : "off"}" required${first ? " autofocus" : ""} spellcheck="false">
<button>Sign in${first ? "" : " with a token"}</button>
</form>`;
}

/** A page that goes on to `/` by itself: the second step is then ours, and a SameSite=Strict cookie goes with it. */
export function goOnPage(): string {
  return page(
    "Binnacle",
    `<p>Going on to <a href="/">the console</a>.</p>`,
    `<meta http-equiv="refresh" content="0; url=/">`,
  );
}

/** For a source tree whose console was not built. */
export function notBuiltPage(): string {
  return page(
    "Binnacle",
    `<h1>The console is not built</h1>
<p>The API works. Build the console with <code>npx vite build src/console</code>, or start by <code>npm run up</code>, which does it, then load this page again.</p>`,
  );
}

function page(title: string, body: string, head = ""): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>${head}<style>${STYLE}</style></head>
<body><main>${body}</main></body>
</html>
`;
}
