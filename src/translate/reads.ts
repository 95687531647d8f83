import { type ObjectRef, refKey } from "#resources/ref.ts";

/** What a unit can have read, each as one text: what marks its readers when it changes. */

export function objectRead(ref: ObjectRef): string {
  return `object ${refKey(ref)}`;
}

/** Of what is kept of an object. It changes only with the object, so that who reads this reads that, too. */
export function keptRead(ref: ObjectRef): string {
  return `kept ${refKey(ref)}`;
}

export function indexRead(index: string, key: string): string {
  return `index ${index} ${key}`;
}

export function nameRead(host: string): string {
  return `name ${host}`;
}

export function gatewayRead(backend: string): string {
  return `gateway ${backend}`;
}

export function factRead(topic: string): string {
  return `fact ${topic}`;
}
