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
  | { readonly type: "token"; readonly token: string }
  /** Rackspace's, of its identity 2.0; holds in the account that the user belongs to. */
  | { readonly type: "apiKey"; readonly username: string; readonly apiKey: string };

/** For what a token is asked: for a project by its id, or for whatever the credentials mean by themselves. */
export type Scope = { readonly projectId: string } | undefined;

/** Whether credentials are for one project by themselves. */
export function areOfOneProject({ type }: Credentials): boolean {
  return type === "applicationCredential" || type === "apiKey";
}

/** The body of POST /v3/auth/tokens; undefined for what it does not know. */
export function v3Request(credentials: Credentials, scope: Scope): object | undefined {
  const identity = v3Identity(credentials);
  if (identity === undefined) return undefined;
  // What an application credential is for cannot be said again.
  if (credentials.type === "applicationCredential") return { auth: { identity } };
  // Said expressly: a user may have a project by default.
  return { auth: { identity, scope: scope === undefined ? "unscoped" : { project: { id: scope.projectId } } } };
}

function v3Identity(credentials: Credentials): object | undefined {
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
    case "apiKey":
      return undefined;
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
    case "apiKey": {
      const { username, apiKey } = credentials;
      return { auth: { "RAX-KSKEY:apiKeyCredentials": { username, apiKey }, ...tenant } };
    }
  }
}
