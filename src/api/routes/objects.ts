import { type RequestHandler, Router } from "express";
import { KINDS, type Kind } from "#resources/ref.ts";
import type { ObjectAnswer, ObjectsAnswer } from "../answers.ts";
import { ApiProblem } from "../api-problem.ts";
import { mayReadObject } from "../auth/principal.ts";
import type { ObjectsView } from "../ports/objects.ts";
import { redactObject } from "../redact.ts";
import { oneOf } from "./query.ts";
import { principalOf } from "./request-principal.ts";

/**
 * GET /objects?kind=&namespace=&problems=: the objects with their status.
 * GET /objects/KIND/NAMESPACE/NAME: one of them whole, without secrets; `-` stands for no namespace.
 */
export function objectsRoutes(objects: ObjectsView): RequestHandler {
  const router = Router();

  router.get("/objects", (request, response) => {
    const principal = principalOf(request);
    const kind = oneOf(request.query, "kind");
    const namespace = oneOf(request.query, "namespace");
    const onlyProblems = oneOf(request.query, "problems") === "true";
    const answer: ObjectsAnswer = {
      objects: objects
        .list(kind === undefined ? undefined : knownKind(kind))
        .filter(({ ref }) => mayReadObject(principal, ref))
        .filter(({ ref }) => namespace === undefined || ref.namespace === namespace)
        .filter(({ problems }) => !onlyProblems || problems.length > 0),
    };
    response.json(answer);
  });

  router.get("/objects/:kind/:namespace/:name", (request, response) => {
    const { kind, namespace, name } = request.params;
    const ref = { kind: knownKind(kind), namespace: namespace === "-" ? "" : namespace, name };
    // What somebody may not see is not there: the answer tells nothing about other teams' names.
    const found = mayReadObject(principalOf(request), ref) ? objects.get(ref) : undefined;
    if (found === undefined) {
      throw new ApiProblem(404, "No such object", `there is no ${kind} of this name`, "list them with `binnacle get`");
    }
    const answer: ObjectAnswer = { ...found, object: redactObject(found.object) };
    response.json(answer);
  });

  return router;
}

function knownKind(text: string): Kind {
  const kind = KINDS.find((known) => known.toLowerCase() === text.toLowerCase());
  if (kind !== undefined) return kind;
  throw new ApiProblem(400, "Unknown kind", "the kind is none that Binnacle reads", `use one of ${KINDS.join(", ")}`);
}
