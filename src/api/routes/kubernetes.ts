import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from "express";
import { answerForm, type AnswerForm } from "#kube-api/accept.ts";
import {
  aggregatedDiscovery,
  apiGroup,
  coreVersions,
  groupList,
  resourceList,
  rootPaths,
  versionInfo,
} from "#kube-api/discovery.ts";
import { type KubeQuery, kubeQuery } from "#kube-api/kube-query.ts";
import { kubeRequest, type KubeRequest, noSuchPath } from "#kube-api/kube-request.ts";
import { apiVersionOf, type KubeResource } from "#kube-api/kube-resource.ts";
import { KubeFailure, kubeStatus, type KubeStatus, reasonOf } from "#kube-api/kube-status.ts";
import { listText } from "#kube-api/list-text.ts";
import { ListPages } from "#kube-api/list-pages.ts";
import { openapiDocument, openapiIndex } from "#kube-api/openapi.ts";
import { kubeTable, partialMetadata, tableHead, tableRows } from "#kube-api/table.ts";
import type { ServedObject } from "#kube-api/served-object.ts";
import { wireObject } from "#kube-api/wire-object.ts";
import { errorMessage } from "#lib/error-message.ts";
import type { Logger } from "#lib/log.ts";
import { formatRef } from "#resources/ref.ts";
import { unreachable } from "#lib/unreachable.ts";
import { ApiProblem } from "../api-problem.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { mayReadNamespace, mayReadObject, namesOfScope, type Principal } from "../auth/principal.ts";
import type { KubeWatches } from "../kube-watches.ts";
import type { ApiObserver } from "../ports/api-observer.ts";
import type { KubeView } from "../ports/kube.ts";
import { sendPieces } from "../send-pieces.ts";
import { principalOf, signedInOf } from "./request-principal.ts";

export interface KubeRoutesOptions {
  readonly kube: KubeView;
  readonly watches: KubeWatches;
  readonly authenticator: Authenticator;
  readonly version: string;
  readonly now: () => number;
}

/** The objects in Kubernetes' own form, to read: what kubectl asks for. Mounted at KUBE_PREFIX. */
export function kubeRoutes({ kube, watches, authenticator, version, now }: KubeRoutesOptions): RequestHandler {
  const pages = new ListPages();
  const router = Router();

  router.all("{*path}", (request, response) => {
    const asked = kubeRequest(request.path);
    if (request.method !== "GET" && request.method !== "HEAD") throw readOnly(asked, principalOf(request), kube);
    const form = answerForm(request.headers.accept);
    switch (asked.type) {
      case "root":
        return send(response, rootPaths());
      case "version":
        return send(response, versionInfo(version));
      case "health":
        return void response.type("text").send("ok");
      case "coreVersions":
        return send(
          response,
          form.form === "aggregated" ? aggregatedDiscovery("core", form.version) : coreVersions(),
          form,
        );
      case "groups":
        return send(
          response,
          form.form === "aggregated" ? aggregatedDiscovery("groups", form.version) : groupList(),
          form,
        );
      case "group":
        return send(response, apiGroup(asked.group));
      case "resources":
        return send(response, resourceList(asked.group, asked.version));
      case "openapiIndex":
        return send(response, openapiIndex(request.baseUrl));
      case "openapi":
        return send(response, openapiDocument(asked.group, asked.version));
      case "get":
        return get(asked, form, request, response);
      case "list":
        return list(asked, form, request, response);
      default:
        return unreachable(asked);
    }
  });

  function get(
    { resource, namespace, name }: Extract<KubeRequest, { type: "get" }>,
    form: AnswerForm,
    request: Request,
    response: Response,
  ): void {
    const principal = principalOf(request);
    const ref = { kind: resource.kind, namespace, name };
    if (!mayReadObject(principal, ref)) throw forbidden(principal, "get", resource, namespace || name);
    const found = kube.get(ref);
    if (found === undefined) throw notFound(resource, name);
    const { includeObject } = kubeQuery(queryOf(request), resource.kind);
    switch (form.form) {
      case "table": {
        const metadata = { resourceVersion: String(found.version) };
        const options = { kind: resource.kind, version: form.version, includeObject, now: now() };
        return send(response, kubeTable([found], metadata, options));
      }
      case "metadata":
        return send(response, partialMetadata(found, form.version));
      case "json":
      case "aggregated":
        return send(response, wireObject(found));
    }
  }

  function list(
    { resource, namespace }: Extract<KubeRequest, { type: "list" }>,
    form: AnswerForm,
    request: Request,
    response: Response,
  ): void | Promise<void> {
    const principal = principalOf(request);
    const query = kubeQuery(queryOf(request), resource.kind);
    if (namespace !== undefined && !mayReadNamespace(principal, namespace)) {
      throw forbidden(principal, query.watch ? "watch" : "list", resource, namespace);
    }
    const isShown = (served: ServedObject): boolean =>
      served.ref.kind === resource.kind &&
      (namespace === undefined || served.ref.namespace === namespace) &&
      mayReadObject(principal, served.ref) &&
      query.matches(served);
    if (query.watch) {
      const signedIn = signedInOf(request);
      const mayStay = () => authenticator.mayStay(signedIn);
      const owner = signedIn.grounds.type === "token" ? undefined : principal.name;
      return watches.begin(response, { kind: resource.kind, form, query, isShown, owner, mayStay });
    }
    const scope = namesOfScope(principal.namespaces);
    const question = JSON.stringify([resource.kind, namespace, query.selectors, principal.name, scope]);
    const page =
      query.continueToken === undefined
        ? pages.begin(question, {
            objects: kube.list(resource.kind).filter(isShown),
            version: versionOf(query, kube),
            owner: principal.name,
            limit: query.limit,
          })
        : pages.next(question, query.continueToken, query.limit);
    const metadata = {
      resourceVersion: String(page.version),
      ...(page.next === undefined
        ? {}
        : { continue: page.next.continueToken, remainingItemCount: page.next.remaining }),
    };
    const { kind } = resource;
    switch (form.form) {
      case "table": {
        const options = { kind, version: form.version, includeObject: query.includeObject, now: now() };
        return sendPieces(response, listText(tableHead(metadata, options), "rows", tableRows(page.objects, options)));
      }
      case "metadata": {
        const head = { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${form.version}`, metadata };
        const items = page.objects.values().map((served) => partialMetadata(served, form.version));
        return sendPieces(response, listText(head, "items", items));
      }
      case "json":
      case "aggregated": {
        const head = { kind: `${kind}List`, apiVersion: apiVersionOf(resource), metadata };
        return sendPieces(response, listText(head, "items", page.objects.values().map(wireObject)));
      }
    }
  }

  return router;
}

/** The last word on a request below KUBE_PREFIX that failed, in a Kubernetes API's form. */
export function kubeProblems(log: Logger, observer: ApiObserver): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const status = statusOf(error);
    if (status.code >= 500) {
      log.error("request failed", { method: request.method, path: request.path, error: errorMessage(error) });
    }
    if (status.code === 403) observer.authFailed("forbidden");
    if (status.code === 401) response.set("WWW-Authenticate", 'Bearer realm="binnacle"');
    if (status.code === 405) response.set("Allow", "GET, HEAD");
    response.status(status.code).json(status);
  };
}

function statusOf(error: unknown): KubeStatus {
  if (error instanceof KubeFailure) return error.status;
  if (error instanceof ApiProblem) {
    const status = kubeStatus(reasonOf(error.status), `${error.title}: ${error.detail}; ${error.fix}`);
    return { ...status, code: error.status };
  }
  return kubeStatus("InternalError", "the request could not be handled; look into Binnacle's log");
}

/** `body` undefined: there is nothing at this path. */
function send(response: Response, body: object | undefined, form?: AnswerForm): void {
  if (body === undefined) throw noSuchPath();
  if (form?.form === "aggregated") {
    // client-go looks at the answer's type to tell it from the older form.
    const type = `application/json;g=apidiscovery.k8s.io;v=${form.version};as=APIGroupDiscoveryList`;
    response.setHeader("Content-Type", type);
    response.end(JSON.stringify(body));
  } else response.json(body);
}

/** Express's simple parser keeps bad escapes as they are, this one as kubectl means them. */
function queryOf(request: Request): URLSearchParams {
  return new URL(request.url, "http://own.invalid").searchParams;
}

/** The version of what is listed now. Throws Expired where exactly another is asked for: only what there is now is kept. */
function versionOf({ resourceVersion, isExact }: KubeQuery, kube: KubeView): number {
  const version = kube.version();
  if (!isExact || resourceVersion === version) return version;
  throw new KubeFailure("Expired", `resource version ${resourceVersion} is not kept; the present one is ${version}`);
}

function notFound({ group, plural }: KubeResource, name: string): KubeFailure {
  return new KubeFailure("NotFound", `${wordOf({ group, plural })} ${JSON.stringify(name)} not found`, {
    name,
    group,
    kind: plural,
  });
}

/** Says nothing about whether there is such an object. */
function forbidden(principal: Principal, verb: string, resource: KubeResource, namespace: string): KubeFailure {
  const who = `User ${JSON.stringify(principal.name)} cannot ${verb} resource ${JSON.stringify(resource.plural)}`;
  const where = `in API group ${JSON.stringify(resource.group)} in the namespace ${JSON.stringify(namespace)}`;
  return new KubeFailure("Forbidden", `${wordOf(resource)} is forbidden: ${who} ${where}`, {
    group: resource.group,
    kind: resource.plural,
  });
}

/** Every write. Of an object that the caller may see it says where it is written. */
function readOnly(asked: KubeRequest, principal: Principal, kube: KubeView): KubeFailure {
  const words = `this API is read-only: objects come from ${kube.home}; change them there`;
  if (asked.type !== "get") return new KubeFailure("MethodNotAllowed", words);
  const ref = { kind: asked.resource.kind, namespace: asked.namespace, name: asked.name };
  const found = mayReadObject(principal, ref) ? kube.get(ref) : undefined;
  const where = found === undefined || found.origin === "" ? "" : ` (${formatRef(ref)} stands in ${found.origin})`;
  const details = { name: asked.name, group: asked.resource.group, kind: asked.resource.plural };
  return new KubeFailure("MethodNotAllowed", `${words}${where}`, details);
}

/** `ingresses.networking.k8s.io`, `services`. */
function wordOf({ group, plural }: Pick<KubeResource, "group" | "plural">): string {
  return group === "" ? plural : `${plural}.${group}`;
}
