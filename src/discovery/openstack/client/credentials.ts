/** A project or user's domain; `Default` in most clouds. */
export type Domain = { readonly id: string } | { readonly name: string };

export type Credentials =
  | {
      readonly type: "password";
      readonly username: string;
      readonly userDomain: Domain;
      readonly password: string;
    }
  /** Holds in the one project that it was made for. */
  | { readonly type: "applicationCredential"; readonly id: string; readonly secret: string }
  | { readonly type: "token"; readonly token: string };

/** For what a token is asked: for a project by its id, or for whatever the credentials mean by themselves. */
export type Scope = { readonly projectId: string } | undefined;

/** The body of POST /v3/auth/tokens. */
export function v3Request(credentials: Credentials, scope: Scope): object {
  const identity = v3Identity(credentials);
  // What an application credential is for cannot be said again.
  if (credentials.type === "applicationCredential") return { auth: { identity } };
  // Said expressly: a user may have a project by default.
  return { auth: { identity, scope: scope === undefined ? "unscoped" : { project: { id: scope.projectId } } } };
}

function v3Identity(credentials: Credentials): object {
  switch (credentials.type) {
    case "password": {
      const { username, userDomain, password } = credentials;
      return { methods: ["password"], password: { user: { name: username, domain: userDomain, password } } };
    }
    case "applicationCredential": {
      const { id, secret } = credentials;
      return { methods: ["application_credential"], application_credential: { id, secret } };
    }
    case "token":
      return { methods: ["token"], token: { id: credentials.token } };
  }
}

/** The body of POST /v2.0/tokens, of clouds of Mitaka's age; undefined for what they do not know. */
export function v2Request(credentials: Credentials, scope: Scope): object | undefined {
  const tenant = scope === undefined ? {} : { tenantId: scope.projectId };
  switch (credentials.type) {
    case "password": {
      const { username, password } = credentials;
      return { auth: { passwordCredentials: { username, password }, ...tenant } };
    }
    case "applicationCredential":
      return undefined;
    case "token":
      return { auth: { token: { id: credentials.token }, ...tenant } };
  }
}
